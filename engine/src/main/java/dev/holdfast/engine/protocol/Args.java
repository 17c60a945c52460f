package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.Slice;
import java.util.Arrays;

/**
 * The words of one command, its name first. The slices are kept and pointed elsewhere for the next command, so reading a
 * command allocates nothing.
 */
public final class Args {
    /** Commands with more words than this do not leave their slices behind. */
    private static final int KEEP = 1024;

    /** What a place for a word takes: a reference and a slice. */
    private static final int SLICE_BYTES = 32;

    private Slice[] slices;
    private int count;

    public Args() {
        slices = new Slice[0];
        count = 0;
        ensure(8);
    }

    private Args(Slice[] slices) {
        this.slices = slices;
        this.count = slices.length;
    }

    /** Arguments over the given words. */
    public static Args of(byte[]... words) {
        Slice[] slices = new Slice[words.length];
        for (int i = 0; i < words.length; i++) {
            slices[i] = new Slice(words[i]);
        }
        return new Args(slices);
    }

    public static Args of(String... words) {
        Slice[] slices = new Slice[words.length];
        for (int i = 0; i < words.length; i++) {
            slices[i] = Slice.of(words[i]);
        }
        return new Args(slices);
    }

    public int count() {
        return count;
    }

    public Slice get(int index) {
        return slices[index];
    }

    /** Whether the next word needs more room, of {@link #growthBytes}; the first few places do not count. */
    boolean isFull() {
        return count == slices.length && count >= KEEP;
    }

    long growthBytes() {
        return (long) slices.length * SLICE_BYTES;
    }

    /** What the places for words take beyond those that are always there. */
    long spareBytes() {
        return slices.length > KEEP ? (long) (slices.length - KEEP) * SLICE_BYTES : 0;
    }

    /** Adds a word. */
    public void add(byte[] array, int offset, int length) {
        if (count == slices.length) {
            ensure(Math.max(8, count * 2));
        }
        slices[count++].set(array, offset, length);
    }

    /** Adds a word that a slice points to. */
    public void add(Slice word) {
        if (count == slices.length) {
            ensure(Math.max(8, count * 2));
        }
        slices[count++].set(word);
    }

    /** Adds a word whose array is given with it. */
    void give(byte[] array, int length) {
        add(array, 0, length);
        slices[count - 1].give(array, length);
    }

    public void add(byte[] word) {
        add(word, 0, word.length);
    }

    public void clear() {
        if (slices.length > KEEP) {
            slices = Arrays.copyOf(slices, KEEP);
        }
        count = 0;
    }

    /** Where the first word that lies in this array begins, or {@code otherwise} if none does. */
    int startIn(byte[] array, int otherwise) {
        for (int i = 0; i < count; i++) {
            if (slices[i].array() == array) {
                return slices[i].offset();
            }
        }
        return otherwise;
    }

    /** Follows the words in {@code source} when its bytes have been copied into {@code target}, {@code shift} bytes further on. */
    void rebase(byte[] source, byte[] target, int shift) {
        for (int i = 0; i < count; i++) {
            Slice slice = slices[i];
            if (slice.array() == source) {
                slice.set(target, slice.offset() + shift, slice.length());
            }
        }
    }

    private void ensure(int capacity) {
        int from = slices.length;
        slices = Arrays.copyOf(slices, capacity);
        for (int i = from; i < capacity; i++) {
            slices[i] = new Slice();
        }
    }

    /** A copy of the words in an array of their own. */
    public Args copy() {
        long total = 0;
        for (int i = 0; i < count; i++) {
            total += slices[i].length();
        }
        if (total <= 1 << 20) {
            return copyTo(new byte[(int) total], 0);
        }
        Slice[] copies = new Slice[count];
        for (int i = 0; i < count; i++) {
            copies[i] = new Slice(slices[i].toBytes());
        }
        return new Args(copies);
    }

    /** A copy whose words stand one behind the other in an array that has room for them, from a position on. */
    public Args copyTo(byte[] target, int position) {
        Slice[] copies = new Slice[count];
        int at = position;
        for (int i = 0; i < count; i++) {
            Slice slice = slices[i];
            slice.copyTo(target, at);
            copies[i] = new Slice(target, at, slice.length());
            at += slice.length();
        }
        return new Args(copies);
    }

    /** What a {@link #copy} takes. */
    public long copyBytes() {
        return sizeBytes() + placeBytes();
    }

    /** What the places for the words of a copy take. */
    public long placeBytes() {
        return (long) count * SLICE_BYTES;
    }

    /** The words' bytes taken together. */
    public long sizeBytes() {
        long total = 0;
        for (int i = 0; i < count; i++) {
            total += slices[i].length();
        }
        return total;
    }
}
