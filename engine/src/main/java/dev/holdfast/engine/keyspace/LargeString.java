package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.SpareArrays;
import dev.holdfast.engine.structures.Loan;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A string too long to be copied whenever it changes: it grows by doubling and is written in place. */
public final class LargeString extends Entry {
    /** Values longer than this stand apart from their record. */
    public static final int THRESHOLD_BYTES = 1024;

    private static final int MAX_SPARE_BYTES = 1 << 20;

    private byte[] bytes;
    private int length;

    /** Set while a frozen string has the same array. */
    private @Nullable Loan loan;

    /** The same array as clients are sent it, if any has been; they may hold it still. */
    private @Nullable SharedBytes sent;

    /** Takes over {@code bytes} as the value. */
    public LargeString(byte[] record, byte[] bytes) {
        super(record);
        this.bytes = bytes;
        this.length = bytes.length;
    }

    /** Takes over the array of {@code value}, if it was given, or else copies it. */
    LargeString(byte[] record, Slice value) {
        super(record);
        this.bytes = value.takeArray();
        this.length = value.length();
        clearRest();
    }

    private void clearRest() {
        Arrays.fill(bytes, length, bytes.length, (byte) 0);
    }

    public int length() {
        return length;
    }

    /** How long the value may become without a new array. */
    public int capacity() {
        return bytes.length;
    }

    public Slice value(Slice into) {
        return into.set(bytes, 0, length);
    }

    /** The value, to be sent from where it is. What is held of it does not change. */
    public SharedBytes share() {
        SharedBytes value = sent;
        if (value == null || value.length() != length) {
            if (value != null && value.isHeld()) {
                own(bytes.length);
            }
            value = new SharedBytes(bytes, length);
            sent = value;
        }
        return value;
    }

    /** Whether bytes from {@code offset} on must not be overwritten where they are. */
    private boolean isSent(int offset) {
        SharedBytes value = sent;
        return value != null && offset < value.length() && value.isHeld();
    }

    /** Overwrites from {@code offset}; bytes between the old end and the offset become zero. */
    public void write(int offset, Slice data) {
        int end = offset + data.length();
        if (end > bytes.length) {
            long spare = Math.min(end, MAX_SPARE_BYTES);
            own((int) Math.min(Integer.MAX_VALUE - 64L, end + spare));
        } else if (loan != null || isSent(offset)) {
            own(bytes.length);
        }
        data.copyTo(bytes, offset);
        length = Math.max(length, end);
    }

    /**
     * Replaces the whole value. An array that is given with it takes the place of the present one.
     *
     * @param spares what gets the present one, if nothing else holds it
     */
    public void set(Slice data, SpareArrays spares) {
        if (data.isGiven() || data.length() > bytes.length || data.length() < bytes.length / 2) {
            byte[] before = bytes;
            boolean held = loan != null && !loan.isOver() || isSent(0);
            bytes = data.takeArray();
            length = data.length();
            clearRest();
            loan = null;
            sent = null;
            if (!held) {
                spares.add(before);
            }
        } else {
            if (loan != null || isSent(0)) {
                own(bytes.length);
            }
            data.copyTo(bytes, 0);
            Arrays.fill(bytes, data.length(), Math.max(length, data.length()), (byte) 0);
        }
        length = data.length();
    }

    /** The encodings of a string have one name for all that are neither short nor numbers. */
    @Override
    public String encoding() {
        return "raw";
    }

    @Override
    public boolean isEmpty() {
        return false;
    }

    @Override
    protected long formBytes() {
        return 24 + HeapRoom.arrayBytes(bytes.length);
    }

    /** Makes sure of an array of this capacity that is not on loan and that no client holds. */
    private void own(int capacity) {
        Loan present = loan;
        boolean lent = false;
        if (present != null && !present.isOver()) {
            present.retain(bytes.length);
            lent = true;
        }
        if (lent || capacity != bytes.length || isSent(0)) {
            bytes = Arrays.copyOf(bytes, capacity);
            sent = null;
        }
        loan = null;
    }

    @Override
    public Entry freeze(byte[] record, Loan newLoan) {
        loan = newLoan;
        LargeString frozen = new LargeString(record, bytes);
        frozen.length = length;
        return frozen;
    }

    @Override
    public Entry copyWith(byte[] record) {
        return new LargeString(record, Arrays.copyOf(bytes, length));
    }
}
