package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Numbers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes replies as RESP2 or RESP3 into a byte array that grows. The answers of many commands may follow each other. */
public final class RespReply extends Reply {
    private static final byte[] OK = ascii("+OK\r\n");
    private static final byte[] NIL_2 = ascii("$-1\r\n");
    private static final byte[] NIL_ARRAY_2 = ascii("*-1\r\n");
    private static final byte[] NIL_3 = ascii("_\r\n");

    /** Room for a type byte, a number and a line end. */
    private static final int HEAD_BYTES = Numbers.MAX_DIGITS + 3;

    private static final int MAX_BYTES = Integer.MAX_VALUE - 64;

    /** The least that an element of an aggregate takes. */
    private static final int LEAST_ELEMENT_BYTES = 4;

    private static final long MANY_ELEMENTS = 1 << 20;

    private byte[] bytes;
    private int size;
    private int maxBytes = MAX_BYTES;
    private boolean resp3;

    public RespReply(int initialBytes) {
        bytes = new byte[initialBytes];
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void setResp3(boolean resp3) {
        this.resp3 = resp3;
    }

    @Override
    public boolean resp3() {
        return resp3;
    }

    /** What has been written, from index 0 to {@link #size()}. Valid until the next write. */
    public byte[] array() {
        return bytes;
    }

    public int size() {
        return size;
    }

    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /** Forgets everything, and an array longer than {@code keepBytes} with it. */
    public void clear(int keepBytes) {
        size = 0;
        if (bytes.length > keepBytes) {
            bytes = new byte[keepBytes];
        }
    }

    /** How long the replies may become before {@link ReplyTooLongException}; looked at only when they need more room. */
    public void setMaxBytes(long bytes) {
        maxBytes = (int) Math.min(MAX_BYTES, bytes);
    }

    private void reserve(int more) {
        if (bytes.length - size < more) {
            grow(more);
        }
    }

    private void grow(int more) {
        long needed = (long) size + more;
        long length = Math.min(MAX_BYTES, Math.max(needed, bytes.length * 2L));
        if (needed > maxBytes || !HeapRoom.has(length)) {
            throw new ReplyTooLongException();
        }
        bytes = Arrays.copyOf(bytes, (int) length);
    }

    /** Writes how many elements follow, unless so many will never fit. */
    private void announce(char type, long elements) {
        if (elements > MANY_ELEMENTS
                && (elements > maxBytes / LEAST_ELEMENT_BYTES || !HeapRoom.has(elements * LEAST_ELEMENT_BYTES))) {
            throw new ReplyTooLongException();
        }
        head(type, elements);
    }

    /** Appends bytes that are already in the form of the protocol. */
    public void raw(byte[] encoded) {
        raw(encoded, 0, encoded.length);
    }

    public void raw(byte[] encoded, int offset, int length) {
        reserve(length);
        System.arraycopy(encoded, offset, bytes, size, length);
        size += length;
    }

    private void head(char type, long value) {
        reserve(HEAD_BYTES);
        byte[] b = bytes;
        int at = size;
        b[at++] = (byte) type;
        if (value >= 0 && value < 10) {
            b[at++] = (byte) ('0' + value);
        } else {
            at = Numbers.write(value, b, at);
        }
        b[at] = '\r';
        b[at + 1] = '\n';
        size = at + 2;
    }

    private void line(char type, String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        reserve(encoded.length + 3);
        bytes[size++] = (byte) type;
        for (byte b : encoded) {
            bytes[size++] = b == '\r' || b == '\n' ? (byte) ' ' : b;
        }
        lineEnd();
    }

    private void lineEnd() {
        bytes[size++] = '\r';
        bytes[size++] = '\n';
    }

    @Override
    public void ok() {
        raw(OK);
    }

    @Override
    public void simple(String text) {
        line('+', text);
    }

    @Override
    public void error(String message) {
        line('-', message);
    }

    @Override
    public void integer(long value) {
        head(':', value);
    }

    @Override
    public void bulk(byte[] array, int offset, int length) {
        reserve(HEAD_BYTES + 2 + length);
        head('$', length);
        System.arraycopy(array, offset, bytes, size, length);
        size += length;
        lineEnd();
    }

    @Override
    public void bulk(long value) {
        int digits = Numbers.digits(value);
        reserve(HEAD_BYTES + 2 + digits);
        head('$', digits);
        size = Numbers.write(value, bytes, size);
        lineEnd();
    }

    @Override
    public void bulk(long first, char between, long second) {
        int length = Numbers.digits(first) + 1 + Numbers.digits(second);
        reserve(HEAD_BYTES + 2 + length);
        head('$', length);
        size = Numbers.write(first, bytes, size);
        bytes[size++] = (byte) between;
        size = Numbers.write(second, bytes, size);
        lineEnd();
    }

    @Override
    public void nil() {
        raw(resp3 ? NIL_3 : NIL_2);
    }

    @Override
    public void nilArray() {
        raw(resp3 ? NIL_3 : NIL_ARRAY_2);
    }

    @Override
    public void array(long length) {
        announce('*', length);
    }

    @Override
    public void map(long pairs) {
        announce(resp3 ? '%' : '*', resp3 ? pairs : pairs * 2);
    }

    @Override
    public void set(long length) {
        announce(resp3 ? '~' : '*', length);
    }

    @Override
    public void push(long length) {
        head(resp3 ? '>' : '*', length);
    }

    @Override
    public void real(double value, String digits) {
        if (resp3) {
            line(',', digits);
        } else {
            bulk(digits);
        }
    }

    @Override
    public void real(double value) {
        if (resp3) {
            reserve(Doubles.MAX_LENGTH + 3);
            bytes[size++] = ',';
            size = Doubles.write(value, bytes, size);
            lineEnd();
        } else {
            bulk(Doubles.toBytes(value));
        }
    }

    @Override
    public void bool(boolean value) {
        if (resp3) {
            line('#', value ? "t" : "f");
        } else {
            integer(value);
        }
    }

    @Override
    public void verbatim(String format, byte[] text) {
        if (resp3) {
            reserve(HEAD_BYTES + text.length + 6);
            head('=', text.length + 4L);
            raw(ascii(format));
            bytes[size++] = ':';
            raw(text);
            reserve(2);
            lineEnd();
        } else {
            bulk(text);
        }
    }

    @Override
    public void bigNumber(String decimal) {
        if (resp3) {
            line('(', decimal);
        } else {
            bulk(decimal);
        }
    }

    @Override
    public void attribute(long pairs) {
        head('|', pairs);
    }

    @Override
    public int beginArray() {
        return size;
    }

    @Override
    public void endArray(int mark, long length) {
        insertHead(mark, '*', length);
    }

    @Override
    public void endMap(int mark, long pairs) {
        insertHead(mark, resp3 ? '%' : '*', resp3 ? pairs : pairs * 2);
    }

    @Override
    public void endSet(int mark, long length) {
        insertHead(mark, resp3 ? '~' : '*', length);
    }

    private void insertHead(int mark, char type, long length) {
        int headBytes = Numbers.digits(length) + 3;
        reserve(headBytes);
        System.arraycopy(bytes, mark, bytes, mark + headBytes, size - mark);
        int end = size + headBytes;
        size = mark;
        head(type, length);
        size = end;
    }

    @Override
    public int mark() {
        return size;
    }

    @Override
    public void truncate(int mark) {
        size = mark;
    }
}
