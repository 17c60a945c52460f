package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Writes the elements of the RDB format: bytes, lengths, strings. They gather in a buffer, which a sink takes from time to time. */
public final class RdbOutput {
    /** Takes what has been written. */
    @FunctionalInterface
    public interface Sink {
        void write(byte[] bytes, int offset, int length) throws IOException;
    }

    private static final int BUFFER_BYTES = 128 * 1024;
    private static final int LONGEST_INTEGER = 11;

    /** Shorter strings are not worth compressing. */
    private static final int SHORTEST_COMPRESSED = 21;

    private static final int LZF_SAVES_AT_LEAST = 4;
    private static final int LENGTH_BYTES = 9;

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final @Nullable Sink sink;
    private final boolean checksum;
    private final @Nullable Lzf lzf;
    private byte[] buffer;
    private int at;
    private long taken;
    private long crc;

    /**
     * Writes to a sink.
     *
     * @param compress whether long strings are compressed
     * @param checksum whether to compute {@link #checksum}
     */
    public RdbOutput(Sink sink, boolean compress, boolean checksum) {
        this.sink = sink;
        this.lzf = compress ? new Lzf() : null;
        this.checksum = checksum;
        this.buffer = new byte[BUFFER_BYTES];
    }

    /** Keeps everything, for {@link #toBytes}. */
    public RdbOutput(boolean compress) {
        this.sink = null;
        this.lzf = compress ? new Lzf() : null;
        this.checksum = false;
        this.buffer = new byte[64];
    }

    /** How many bytes have been written. */
    public long written() {
        return taken + at;
    }

    /** Everything that was written, where there is no sink. */
    public byte[] toBytes() {
        return Arrays.copyOf(buffer, at);
    }

    /** Appends everything to another output, where there is no sink, and begins again. */
    void moveTo(RdbOutput other) throws IOException {
        other.writeBytes(buffer, 0, at);
        at = 0;
    }

    /** The checksum of everything that was written; 0 unless it is wanted. */
    public long checksum() {
        return sink == null || checksum ? Crc64.update(crc, buffer, 0, at) : 0;
    }

    /** Gives everything to the sink. */
    public void flush() throws IOException {
        if (sink != null && at > 0) {
            pass(sink, buffer, 0, at);
            at = 0;
        }
    }

    private void pass(Sink target, byte[] bytes, int offset, int length) throws IOException {
        if (checksum) {
            crc = Crc64.update(crc, bytes, offset, length);
        }
        taken += length;
        target.write(bytes, offset, length);
    }

    private void ensure(int bytes) throws IOException {
        if (buffer.length - at >= bytes) {
            return;
        }
        flush();
        if (buffer.length - at < bytes) {
            long wanted = Math.max((long) at + bytes, 2L * buffer.length);
            if ((long) at + bytes > Integer.MAX_VALUE - 64) {
                throw new IOException("more than 2 GB in one piece");
            }
            buffer = Arrays.copyOf(buffer, (int) Math.min(wanted, Integer.MAX_VALUE - 64));
        }
    }

    public void writeByte(int value) throws IOException {
        ensure(1);
        buffer[at++] = (byte) value;
    }

    public void writeBytes(byte[] bytes, int offset, int length) throws IOException {
        if (sink != null && length > buffer.length - at) {
            flush();
            if (length > buffer.length) {
                pass(sink, bytes, offset, length);
                return;
            }
        }
        ensure(length);
        System.arraycopy(bytes, offset, buffer, at, length);
        at += length;
    }

    /** Eight bytes, little endian. */
    public void writeLong(long value) throws IOException {
        ensure(Long.BYTES);
        LONGS.set(buffer, at, Long.reverseBytes(value));
        at += Long.BYTES;
    }

    /** Eight bytes, big endian, as in the ids of streams. */
    public void writeLongBigEndian(long value) throws IOException {
        writeLong(Long.reverseBytes(value));
    }

    /** A length, or another unsigned number that is mostly small. */
    public void writeLength(long value) throws IOException {
        ensure(LENGTH_BYTES);
        at = putLength(value, buffer, at);
    }

    private static int putLength(long value, byte[] target, int position) {
        if (value >= 0 && value < 1 << 6) {
            target[position] = (byte) value;
            return position + 1;
        }
        if (value >= 0 && value < 1 << 14) {
            target[position] = (byte) (value >> 8 | 0x40);
            target[position + 1] = (byte) value;
            return position + 2;
        }
        if (value >>> 32 == 0) {
            target[position] = (byte) 0x80;
            INTS.set(target, position + 1, (int) value);
            return position + 5;
        }
        target[position] = (byte) 0x81;
        LONGS.set(target, position + 1, value);
        return position + 9;
    }

    public void writeString(Slice value) throws IOException {
        writeString(value.array(), value.offset(), value.length());
    }

    public void writeString(byte[] bytes) throws IOException {
        writeString(bytes, 0, bytes.length);
    }

    /** A string: as an integer where it is one of up to 32 bits, compressed where that makes it shorter, else as it is. */
    public void writeString(byte[] bytes, int offset, int length) throws IOException {
        if (length <= LONGEST_INTEGER && writeInteger(bytes, offset, length)) {
            return;
        }
        if (lzf != null && length >= SHORTEST_COMPRESSED && writeCompressed(lzf, bytes, offset, length)) {
            return;
        }
        writeLength(length);
        writeBytes(bytes, offset, length);
    }

    private boolean writeInteger(byte[] bytes, int offset, int length) throws IOException {
        if (!Numbers.isLong(bytes, offset, length)) {
            return false;
        }
        long value = Numbers.toLong(bytes, offset, length);
        ensure(5);
        if (value == (byte) value) {
            buffer[at++] = (byte) (RdbFormat.ENCODED | RdbFormat.INT8);
            buffer[at++] = (byte) value;
        } else if (value == (short) value) {
            buffer[at++] = (byte) (RdbFormat.ENCODED | RdbFormat.INT16);
            buffer[at++] = (byte) value;
            buffer[at++] = (byte) (value >> 8);
        } else if (value == (int) value) {
            buffer[at++] = (byte) (RdbFormat.ENCODED | RdbFormat.INT32);
            INTS.set(buffer, at, Integer.reverseBytes((int) value));
            at += Integer.BYTES;
        } else {
            return false;
        }
        return true;
    }

    /** Compresses into the buffer, behind room for the two lengths, and closes the gap that they leave. */
    private boolean writeCompressed(Lzf compressor, byte[] bytes, int offset, int length) throws IOException {
        int head = 1 + 2 * LENGTH_BYTES;
        ensure(Math.addExact(head, length));
        int limit = length - LZF_SAVES_AT_LEAST;
        int compressed = compressor.compress(bytes, offset, length, buffer, at + head, limit);
        if (compressed == 0) {
            return false;
        }
        int from = at + head;
        buffer[at++] = (byte) (RdbFormat.ENCODED | RdbFormat.LZF);
        at = putLength(compressed, buffer, at);
        at = putLength(length, buffer, at);
        System.arraycopy(buffer, from, buffer, at, compressed);
        at += compressed;
        return true;
    }
}
