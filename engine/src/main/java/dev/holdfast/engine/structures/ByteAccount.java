package dev.holdfast.engine.structures;

/** A running sum of the heap bytes of structures that make up one value, so that asking for it costs nothing. */
public final class ByteAccount {
    private static final int ARRAY_HEADER_BYTES = 12;

    private long bytes;

    public long bytes() {
        return bytes;
    }

    public void add(long change) {
        bytes += change;
    }

    /** What an array with this many bytes of content takes on the heap. */
    static long arrayBytes(long content) {
        return (ARRAY_HEADER_BYTES + content + 7) & ~7L;
    }
}
