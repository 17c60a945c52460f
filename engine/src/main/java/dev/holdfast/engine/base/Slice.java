package dev.holdfast.engine.base;

import java.util.Arrays;

/**
 * A run of bytes inside a larger array: an argument in a read buffer, a value inside a record.
 *
 * <p>Slices are views and are reused: one that a call hands out is valid only while that call runs. Code that keeps the bytes
 * takes a copy with {@link #toBytes()}, or the array itself where that was given with the slice ({@link #takeArray}). The hash is
 * computed once for each setting of the slice.
 */
public final class Slice implements Comparable<Slice> {
    private static final byte[] NOTHING = new byte[0];

    private byte[] array;
    private int offset;
    private int length;
    private long hash;
    private long placement;
    private boolean hashed;
    private boolean placed;
    private boolean given;

    /** An empty slice, to be {@link #set} later. */
    public Slice() {
        this(NOTHING);
    }

    /** All of {@code array}. */
    public Slice(byte[] array) {
        this(array, 0, array.length);
    }

    public Slice(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /** The bytes of a {@link Text}. */
    public static Slice of(String text) {
        return new Slice(Text.encode(text));
    }

    /** Points this slice elsewhere. */
    public Slice set(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
        this.hashed = false;
        this.placed = false;
        this.given = false;
        return this;
    }

    /** Points this slice to where another points, and knows what that has found out about the bytes. */
    public Slice set(Slice other) {
        set(other.array, other.offset, other.length);
        this.hash = other.hash;
        this.placement = other.placement;
        this.hashed = other.hashed;
        this.placed = other.placed;
        return this;
    }

    /** Points this slice to the beginning of an array that may be kept together with the bytes. */
    public Slice give(byte[] array, int length) {
        set(array, 0, length);
        given = true;
        return this;
    }

    /** Whether {@link #takeArray} copies nothing. */
    public boolean isGiven() {
        return given;
    }

    public byte[] array() {
        return array;
    }

    public int offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    public boolean isEmpty() {
        return length == 0;
    }

    public byte at(int index) {
        return array[offset + index];
    }

    /** The seeded 64-bit hash of the bytes; see {@link Hash}. */
    public long hash() {
        if (!hashed) {
            hash = Hash.of(array, offset, length);
            hashed = true;
        }
        return hash;
    }

    /**
     * The hash whose highest bits say to which shard the bytes belong as a key: that of their hash tag, so that keys which
     * share one are in one shard, or else of all of them.
     */
    public long placement() {
        if (!placed) {
            int tag = HashTag.begin(array, offset, length);
            placement = tag < 0 ? hash() : Hash.of(array, tag, HashTag.end(array, tag, offset + length) - tag);
            placed = true;
        }
        return placement;
    }

    /** A copy of the bytes, exactly as long as the slice. */
    public byte[] toBytes() {
        return Arrays.copyOfRange(array, offset, offset + length);
    }

    /**
     * An array that begins with the bytes and is the caller's: the slice's own if that was given and not yet taken, else a copy. Only one
     * that was given may be longer than the slice; what follows then is of no meaning.
     */
    public byte[] takeArray() {
        if (given) {
            given = false;
            return array;
        }
        return toBytes();
    }

    public void copyTo(byte[] target, int position) {
        System.arraycopy(array, offset, target, position, length);
    }

    public boolean contentEquals(byte[] other, int otherOffset, int otherLength) {
        return length == otherLength
                && Arrays.equals(array, offset, offset + length, other, otherOffset, otherOffset + otherLength);
    }

    public boolean contentEquals(byte[] other) {
        return contentEquals(other, 0, other.length);
    }

    /** Whether the bytes are {@code word}, letters compared without case. {@code word} is upper-case ASCII. */
    public boolean isWord(String word) {
        if (word.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            int b = array[offset + i];
            if (b >= 'a' && b <= 'z') {
                b -= 32;
            }
            if (b != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The order of unsigned bytes, as {@code memcmp} has it; a prefix comes before what it begins. */
    public int compareTo(byte[] other, int otherOffset, int otherLength) {
        return Arrays.compareUnsigned(array, offset, offset + length, other, otherOffset, otherOffset + otherLength);
    }

    @Override
    public int compareTo(Slice other) {
        return compareTo(other.array, other.offset, other.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Slice slice && contentEquals(slice.array, slice.offset, slice.length);
    }

    @Override
    public int hashCode() {
        return (int) hash();
    }

    /** What an error shows of the bytes: as with a format of C, they end at the first zero. */
    public String shown() {
        int end = 0;
        while (end < length && array[offset + end] != 0) {
            end++;
        }
        return Text.decode(array, offset, end);
    }

    /** The bytes as {@link Text}; for messages and names, never on the hot path. */
    @Override
    public String toString() {
        return Text.decode(array, offset, length);
    }
}
