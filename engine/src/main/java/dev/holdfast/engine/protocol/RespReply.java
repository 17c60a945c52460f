package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Text;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes replies as RESP2 or RESP3 into a byte array that grows. The answers of many commands may follow each other.
 *
 * <p>Where the reply has an account, long values are not copied: they are remembered together with the place at which they
 * belong between the bytes of the array, and the array counts as its client's while it is long.
 */
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

    /** Values from this length on are not copied. */
    private static final int SHARED_BYTES = 32 * 1024;

    /** An array up to this length does not count: it is its owner's, who uses it for many clients. */
    private static final int FREE_BYTES = 512 * 1024;

    private static final SharedBytes[] NONE = new SharedBytes[0];
    private static final SharedBytes EMPTY = new SharedBytes(new byte[0]);

    private byte[] bytes;
    private int size;
    private int maxBytes = MAX_BYTES;
    private boolean resp3;

    private @Nullable Account account;
    private long charged;

    /** The values that are not copied, and where in the array each belongs. */
    private SharedBytes[] shared = NONE;

    private int[] sharedAt = new int[0];
    private int sharedCount;
    private long sharedBytes;

    public RespReply(int initialBytes) {
        this(new byte[initialBytes]);
    }

    /** @param bytes what is written into, as long as that is long enough */
    public RespReply(byte[] bytes) {
        this.bytes = bytes;
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

    /** Says whose the replies are from now on. Nothing has been written. */
    public void setAccount(Account account) {
        this.account = account;
    }

    /** All that has been written, values that were not copied included. */
    @Override
    public long length() {
        return size + sharedBytes;
    }

    /** How many values have not been copied. */
    public int sharedCount() {
        return sharedCount;
    }

    public SharedBytes shared(int index) {
        return shared[index];
    }

    /** Before which byte of the array such a value belongs. */
    public int sharedAt(int index) {
        return sharedAt[index];
    }

    /** Forgets everything, and an array longer than {@code keepBytes} with it. */
    public void clear(int keepBytes) {
        size = 0;
        forgetShared(0);
        if (charged > 0 && account != null) {
            account.give(charged);
            charged = 0;
        }
        if (bytes.length > keepBytes) {
            bytes = new byte[keepBytes];
        }
    }

    /** What the account has been charged for the array; the caller keeps the array and gives that back. */
    public long takeCharge() {
        long taken = charged;
        charged = 0;
        return taken;
    }

    private void forgetShared(int from) {
        while (sharedCount > from) {
            SharedBytes last = shared[--sharedCount];
            shared[sharedCount] = EMPTY;
            sharedBytes -= last.length();
            if (account != null) {
                account.give(last);
            }
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
        if (needed + sharedBytes > maxBytes || !HeapRoom.has(length)) {
            throw new ReplyTooLongException();
        }
        if (account == null || length <= FREE_BYTES) {
            bytes = Arrays.copyOf(bytes, (int) length);
            return;
        }
        account.take(length);
        long before = charged;
        charged += length;
        bytes = Arrays.copyOf(bytes, (int) length);
        charged -= before;
        account.give(before);
    }

    /** Writes how many elements follow, unless so many will never fit. */
    private void announce(char type, long elements) {
        if (elements > MANY_ELEMENTS
                && (elements > maxBytes / LEAST_ELEMENT_BYTES || !HeapRoom.has(elements * LEAST_ELEMENT_BYTES))) {
            throw new ReplyTooLongException();
        }
        head(type, elements);
    }

    @Override
    public boolean shares(int length) {
        return account != null && length >= SHARED_BYTES;
    }

    @Override
    public void bulk(SharedBytes value) {
        if (!shares(value.length())) {
            super.bulk(value);
            return;
        }
        reserve(HEAD_BYTES + 2);
        head('$', value.length());
        raw(value);
        reserve(2);
        lineEnd();
    }

    /** Appends bytes that are already in the form of the protocol, without copying them. */
    public void raw(SharedBytes encoded) {
        Account holder = account;
        if (holder == null || !shares(encoded.length())) {
            raw(encoded.array(), 0, encoded.length());
            return;
        }
        if (length() + encoded.length() > maxBytes) {
            throw new ReplyTooLongException();
        }
        if (sharedCount == shared.length) {
            int room = Math.max(8, sharedCount * 2);
            shared = Arrays.copyOf(shared, room);
            sharedAt = Arrays.copyOf(sharedAt, room);
        }
        holder.take(encoded);
        shared[sharedCount] = encoded;
        sharedAt[sharedCount++] = size;
        sharedBytes += encoded.length();
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
        byte[] encoded = Text.encode(text);
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
        for (int i = sharedCount - 1; i >= 0 && sharedAt[i] > mark; i--) {
            sharedAt[i] += headBytes;
        }
    }

    @Override
    public int mark() {
        return size;
    }

    @Override
    public void truncate(int mark) {
        size = mark;
        int kept = sharedCount;
        while (kept > 0 && sharedAt[kept - 1] > mark) {
            kept--;
        }
        forgetShared(kept);
    }
}
