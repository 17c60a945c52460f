package dev.holdfast.toolkit.job;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values as {@code cmsgpack} writes and reads them: {@code Long}, {@code Double}, {@code Boolean}, text of one character for each byte,
 * {@code List} and {@code Map} of these.
 */
final class MessagePack {
    private MessagePack() {}

    /** Bytes that are no value. */
    static final class FormatException extends RuntimeException {
        private static final long serialVersionUID = 1;

        FormatException() {
            super("not MessagePack", null, false, false);
        }
    }

    // ---- writing ----

    static byte[] pack(@Nullable Object value) {
        Writer out = new Writer();
        out.value(value);
        return out.toBytes();
    }

    /** Bytes that grow. */
    static final class Writer {
        private byte[] bytes = new byte[160];
        private int length;

        byte[] toBytes() {
            return Arrays.copyOf(bytes, length);
        }

        private void ensure(int more) {
            if (bytes.length - length < more) {
                bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, Math.addExact(length, more)));
            }
        }

        private void write(int one) {
            ensure(1);
            bytes[length++] = (byte) one;
        }

        /** What is packed already. */
        void raw(byte[] packed) {
            ensure(packed.length);
            System.arraycopy(packed, 0, bytes, length, packed.length);
            length += packed.length;
        }

        void value(@Nullable Object value) {
            switch (value) {
                case null -> write(0xc0);
                case Boolean flag -> write(flag ? 0xc3 : 0xc2);
                case Integer number -> number(number);
                case Long number -> number(number);
                case Double number -> real(number);
                case byte[] text -> text(text);
                case String text -> text(text.getBytes(StandardCharsets.ISO_8859_1));
                case List<?> list -> {
                    head(list.size(), 0x90, 0xdc);
                    list.forEach(this::value);
                }
                case Map<?, ?> map -> {
                    beginMap(map.size());
                    map.forEach((key, element) -> {
                        value(key);
                        value(element);
                    });
                }
                default -> throw new IllegalArgumentException("not a value: " + value.getClass());
            }
        }

        /** Begins a map of so many pairs. An empty table is an array. */
        void beginMap(int size) {
            head(size, size == 0 ? 0x90 : 0x80, 0xde);
        }

        private void real(double number) {
            long whole = (long) number;
            if (whole == number && whole != Long.MAX_VALUE) {
                number(whole);
            } else if (number == (float) number) {
                write(0xca);
                bigEndian(Float.floatToRawIntBits((float) number), 4);
            } else {
                write(0xcb);
                bigEndian(Double.doubleToRawLongBits(number), 8);
            }
        }

        private void number(long number) {
            if (number >= -32 && number <= 127) {
                write((int) number);
            } else if (number >= 0) {
                int size = number <= 0xFF ? 0 : number <= 0xFFFF ? 1 : number <= 0xFFFFFFFFL ? 2 : 3;
                write(0xcc + size);
                bigEndian(number, 1 << size);
            } else {
                int size = number >= Byte.MIN_VALUE
                        ? 0
                        : number >= Short.MIN_VALUE ? 1 : number >= Integer.MIN_VALUE ? 2 : 3;
                write(0xd0 + size);
                bigEndian(number, 1 << size);
            }
        }

        private void text(byte[] text) {
            int size = text.length;
            if (size < 32) {
                write(0xa0 | size);
            } else {
                int width = size <= 0xFF ? 0 : size <= 0xFFFF ? 1 : 2;
                write(0xd9 + width);
                bigEndian(size, 1 << width);
            }
            raw(text);
        }

        private void head(int count, int small, int large) {
            if (count <= 15) {
                write(small | count);
            } else {
                int size = count <= 0xFFFF ? 0 : 1;
                write(large + size);
                bigEndian(count, 2 << size);
            }
        }

        private void bigEndian(long value, int count) {
            for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
                write((int) (value >> shift));
            }
        }
    }

    // ---- reading ----

    /**
     * The first of the values that the bytes are.
     *
     * @throws FormatException if they are none
     */
    static @Nullable Object unpack(byte[] bytes) {
        Reader reader = new Reader(bytes);
        Object first = reader.value(0);
        reader.end();
        return first;
    }

    static final class Reader {
        private static final int MOST_NESTED = 100;

        private final byte[] data;
        private int at;

        Reader(byte[] data) {
            this.data = data;
        }

        /** Reads to the end what may follow. */
        void end() {
            while (at < data.length) {
                value(0);
            }
        }

        /** The number of pairs of the map that begins here; -1, with nothing read, where none does. */
        int beginMap() {
            int type = data[at] & 0xFF;
            if ((type & 0xF0) == 0x80) {
                at++;
                return type & 0xF;
            }
            if (type == 0xde) {
                at++;
                return (int) bigEndian(2);
            }
            return -1;
        }

        /** The text of one letter that stands here; -1, with nothing read, where none does. */
        int letter() {
            if (data.length - at < 2 || (data[at] & 0xFF) != 0xa1) {
                return -1;
            }
            at += 2;
            return data[at - 1] & 0xFF;
        }

        private long bigEndian(int count) {
            if (data.length - at < count) {
                throw new FormatException();
            }
            long value = 0;
            for (int i = 0; i < count; i++) {
                value = value << 8 | data[at++] & 0xFF;
            }
            return value;
        }

        private long signed(int count) {
            int unused = 64 - count * 8;
            return bigEndian(count) << unused >> unused;
        }

        private String text(long length) {
            if (length > data.length - at) {
                throw new FormatException();
            }
            String text = new String(data, at, (int) length, StandardCharsets.ISO_8859_1);
            at += (int) length;
            return text;
        }

        private List<@Nullable Object> list(long length, int level) {
            List<@Nullable Object> list = new ArrayList<>();
            for (long i = 0; i < length; i++) {
                list.add(value(level + 1));
            }
            return list;
        }

        private Map<String, Object> map(long length, int level) {
            Map<String, Object> map = new LinkedHashMap<>();
            for (long i = 0; i < length; i++) {
                Object key = value(level + 1);
                Object value = value(level + 1);
                if (key instanceof String name && value != null) {
                    map.put(name, value);
                }
            }
            return map;
        }

        @Nullable
        Object value(int level) {
            if (level > MOST_NESTED) {
                throw new FormatException();
            }
            int type = (int) bigEndian(1);
            return switch (type) {
                case 0xcc -> bigEndian(1);
                case 0xcd -> bigEndian(2);
                case 0xce -> bigEndian(4);
                case 0xcf -> bigEndian(8);
                case 0xd0 -> signed(1);
                case 0xd1 -> signed(2);
                case 0xd2 -> signed(4);
                case 0xd3 -> signed(8);
                case 0xc0 -> null;
                case 0xc2 -> false;
                case 0xc3 -> true;
                case 0xca -> (double) Float.intBitsToFloat((int) bigEndian(4));
                case 0xcb -> Double.longBitsToDouble(bigEndian(8));
                case 0xd9 -> text(bigEndian(1));
                case 0xda -> text(bigEndian(2));
                case 0xdb -> text(bigEndian(4));
                case 0xdc -> list(bigEndian(2), level);
                case 0xdd -> list(bigEndian(4), level);
                case 0xde -> map(bigEndian(2), level);
                case 0xdf -> map(bigEndian(4), level);
                default -> small(type, level);
            };
        }

        /** A value that shares its byte with its type. */
        private Object small(int type, int level) {
            if (type < 0x80) {
                return (long) type;
            }
            return switch (type & 0xF0) {
                case 0x80 -> map(type & 0xF, level);
                case 0x90 -> list(type & 0xF, level);
                case 0xa0, 0xb0 -> text(type & 0x1F);
                case 0xe0, 0xf0 -> (long) (byte) type;
                default -> throw new FormatException();
            };
        }
    }
}
