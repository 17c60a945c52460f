package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads the elements of the RDB format, from an array or through one from a source.
 *
 * <p>Nothing is believed: a length greater than what is left to read is an error before anything is allocated for it. Slices
 * that come out are views, valid until the next element is read.
 */
final class RdbInput {
    /** No byte of compressed data stands for more bytes than this. */
    private static final int MOST_EXPANSION = 264;

    private static final int MOST_ARRAY = Integer.MAX_VALUE - 64;

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] buffer;
    private int at;
    private int end;
    private final @Nullable RdbSource source;

    /** How many bytes the source still has beyond the buffer, as far as it is known. */
    private long behind;

    /** Whether to throw {@link RdbException.Incomplete} rather than to ask the source. */
    private boolean withinBuffer;

    private boolean checksummed;
    private long crc;
    private int crcAt;
    private long shifted;

    private final byte[] digits = new byte[Numbers.MAX_DIGITS];
    private byte[] scratch = new byte[0];
    private final Slice compressed = new Slice();

    /** Set when a length turned out to be the mark of a special encoding. */
    private int encoding;

    /** Reads from an array; {@link #reset} gives it another one. */
    RdbInput(byte[] bytes, int from, int to) {
        this.buffer = bytes;
        this.at = from;
        this.end = to;
        this.source = null;
    }

    /**
     * Reads from a source.
     *
     * @param total how many bytes it has at the most; {@code Long.MAX_VALUE} if unknown
     */
    RdbInput(RdbSource source, long total, int bufferBytes, boolean checksummed) {
        this.buffer = new byte[bufferBytes];
        this.source = source;
        this.behind = Math.min(total, Long.MAX_VALUE / 2);
        this.checksummed = checksummed;
    }

    void reset(byte[] bytes, int from, int to) {
        buffer = bytes;
        at = from;
        end = to;
    }

    /** The position in the array. */
    int position() {
        return at;
    }

    /** Goes back to an earlier position in the array. */
    void rewind(int position) {
        at = position;
    }

    int arrayLength() {
        return buffer.length;
    }

    /** Whether everything up to the end of the array has been read. */
    boolean isAtEnd() {
        return at == end;
    }

    /** How many bytes have been read from the source and passed. */
    long passed() {
        return shifted + at;
    }

    /** Sets whether reading is confined to what is in the buffer. */
    void setWithinBuffer(boolean confined) {
        withinBuffer = confined;
    }

    /** The checksum of everything that has been passed. */
    long checksum() {
        sum(at);
        return crc;
    }

    private void sum(int to) {
        if (checksummed && to > crcAt) {
            crc = Crc64.update(crc, buffer, crcAt, to - crcAt);
        }
        crcAt = to;
    }

    private void shift() {
        sum(at);
        System.arraycopy(buffer, at, buffer, 0, end - at);
        shifted += at;
        end -= at;
        at = 0;
        crcAt = 0;
    }

    /** Fills the buffer, of which the part before the position is dropped. Returns false if nothing could be added. */
    boolean fillUp() throws IOException {
        if (source == null) {
            return false;
        }
        shift();
        int before = end;
        int count = 0;
        while (end < buffer.length && count >= 0) {
            count = source.read(buffer, end, buffer.length - end);
            if (count > 0) {
                end += count;
                behind = Math.max(0, behind - count);
                if (source.isLive()) {
                    break;
                }
            }
        }
        return end > before;
    }

    /** Gives the array away; what is behind the position moves to another one, which takes its place. */
    byte[] exchange(byte[] replacement) {
        sum(at);
        byte[] given = buffer;
        System.arraycopy(buffer, at, replacement, 0, end - at);
        buffer = replacement;
        shifted += at;
        end -= at;
        at = 0;
        crcAt = 0;
        return given;
    }

    /** How many bytes there still may be. */
    long left() {
        return end - at + behind;
    }

    /** Whether so many bytes can be read without moving those read before. */
    boolean isSteady(int bytes) {
        return end - at >= bytes;
    }

    private static RdbException truncated() {
        return new RdbException("Unexpected EOF reading RDB file");
    }

    private void need(int bytes) throws IOException {
        if (end - at < bytes) {
            fill(bytes);
        }
    }

    /** Brings at least so many bytes into the buffer. They fit. */
    private void fill(int bytes) throws IOException {
        if (withinBuffer) {
            throw new RdbException.Incomplete();
        }
        if (source == null || bytes > left()) {
            throw truncated();
        }
        shift();
        while (end < bytes) {
            int count = source.read(buffer, end, buffer.length - end);
            if (count < 0) {
                throw truncated();
            }
            end += count;
            behind = Math.max(0, behind - count);
        }
    }

    int readByte() throws IOException {
        need(1);
        return buffer[at++] & 0xFF;
    }

    /** Four bytes, little endian, signed. */
    int readInt() throws IOException {
        need(Integer.BYTES);
        int value = Integer.reverseBytes((int) INTS.get(buffer, at));
        at += Integer.BYTES;
        return value;
    }

    /** Eight bytes, little endian. */
    long readLong() throws IOException {
        need(Long.BYTES);
        long value = (long) LONGS.get(buffer, at);
        at += Long.BYTES;
        return value;
    }

    long readLongBigEndian() throws IOException {
        return Long.reverseBytes(readLong());
    }

    /** A length, or another unsigned number. */
    long readLength() throws IOException {
        long length = lengthOrEncoding();
        if (encoding >= 0) {
            throw new RdbException("a special encoding where a length was expected");
        }
        return length;
    }

    /** How many elements follow, each of at least so many bytes. */
    long readCount(int leastBytes) throws IOException {
        long count = readLength();
        if (count < 0 || count > left() / leastBytes) {
            throw new RdbException("more elements announced than there are bytes left");
        }
        return count;
    }

    private long lengthOrEncoding() throws IOException {
        encoding = -1;
        int first = readByte();
        if (first < 1 << 6) {
            return first;
        }
        if (first < 2 << 6) {
            int value = (first & 0x3F) << 8 | readByte();
            return value;
        }
        if (first == 0x80) {
            return Integer.reverseBytes(readInt()) & 0xFFFFFFFFL;
        }
        if (first == 0x81) {
            return readLongBigEndian();
        }
        if (first < 3 << 6) {
            throw new RdbException("Unknown length encoding %d in rdbLoadLen()".formatted(first));
        }
        encoding = first & 0x3F;
        return 0;
    }

    /** A string, its special encodings undone. */
    Slice readString(Slice into) throws IOException {
        long length = lengthOrEncoding();
        return switch (encoding) {
            case -1 -> raw(length, into);
            case RdbFormat.INT8 -> integer((byte) readByte(), into);
            case RdbFormat.INT16 -> integer((short) (readByte() | readByte() << 8), into);
            case RdbFormat.INT32 -> integer(readInt(), into);
            case RdbFormat.LZF -> expanded(into);
            default -> throw new RdbException("Unknown RDB string encoding type %d".formatted(encoding));
        };
    }

    /** So many bytes as they are. */
    Slice raw(long length, Slice into) throws IOException {
        if (length < 0 || length > left() || length > MOST_ARRAY) {
            throw truncated();
        }
        int bytes = (int) length;
        if (bytes <= buffer.length) {
            need(bytes);
            into.set(buffer, at, bytes);
            at += bytes;
            return into;
        }
        return large(bytes, into);
    }

    /** A string longer than the buffer gets an array, which grows with what has really come. */
    private Slice large(int bytes, Slice into) throws IOException {
        if (withinBuffer) {
            throw new RdbException.Incomplete();
        }
        if (source == null) {
            throw truncated();
        }
        byte[] array = new byte[Math.min(bytes, 16 << 20)];
        int have = Math.min(end - at, array.length);
        int fromBuffer = have;
        System.arraycopy(buffer, at, array, 0, have);
        at += have;
        shift();
        while (have < bytes) {
            if (have == array.length) {
                array = Arrays.copyOf(array, (int) Math.min(bytes, 2L * array.length));
            }
            int count = source.read(array, have, array.length - have);
            if (count < 0) {
                throw truncated();
            }
            have += count;
            behind = Math.max(0, behind - count);
        }
        if (checksummed) {
            crc = Crc64.update(crc, array, fromBuffer, bytes - fromBuffer);
        }
        shifted += bytes - fromBuffer;
        return into.set(array, 0, bytes);
    }

    private Slice integer(int value, Slice into) {
        return into.set(digits, 0, Numbers.write(value, digits, 0));
    }

    private Slice expanded(Slice into) throws IOException {
        long from = readLength();
        long to = readLength();
        if (from < 0 || from > left() || to < 0 || to > MOST_ARRAY || to > from * MOST_EXPANSION) {
            throw new RdbException("Invalid LZF compressed string");
        }
        raw(from, compressed);
        if (scratch.length < to || scratch.length > 1 << 20 && to < 1 << 16) {
            scratch = new byte[(int) Math.max(to, 256)];
        }
        if (!Lzf.expand(compressed.array(), compressed.offset(), compressed.length(), scratch, 0, (int) to)) {
            throw new RdbException("Invalid LZF compressed string");
        }
        return into.set(scratch, 0, (int) to);
    }

    /** Passes a string over without undoing anything. */
    void skipString() throws IOException {
        long length = lengthOrEncoding();
        switch (encoding) {
            case -1 -> skip(length);
            case RdbFormat.INT8 -> skip(1);
            case RdbFormat.INT16 -> skip(2);
            case RdbFormat.INT32 -> skip(4);
            case RdbFormat.LZF -> {
                long bytes = readLength();
                readLength();
                skip(bytes);
            }
            default -> throw new RdbException("Unknown RDB string encoding type %d".formatted(encoding));
        }
    }

    /** Passes so many bytes over. */
    void skip(long bytes) throws IOException {
        if (bytes < 0 || bytes > left()) {
            throw truncated();
        }
        long rest = bytes;
        while (rest > end - at) {
            if (withinBuffer) {
                throw new RdbException.Incomplete();
            }
            rest -= end - at;
            at = end;
            fill(1);
        }
        at += (int) rest;
    }
}
