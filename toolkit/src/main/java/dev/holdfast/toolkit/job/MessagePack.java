package dev.holdfast.toolkit.job;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
        ByteArrayOutputStream out = new ByteArrayOutputStream(160);
        write(out, value);
        return out.toByteArray();
    }

    private static void write(ByteArrayOutputStream out, @Nullable Object value) {
        switch (value) {
            case null -> out.write(0xc0);
            case Boolean flag -> out.write(flag ? 0xc3 : 0xc2);
            case Integer number -> write(out, number.longValue());
            case Long number -> write(out, number.longValue());
            case Double number -> write(out, number.doubleValue());
            case byte[] bytes -> write(out, bytes);
            case String text -> write(out, text.getBytes(StandardCharsets.ISO_8859_1));
            case List<?> list -> {
                head(out, list.size(), 0x90, 0xdc);
                list.forEach(element -> write(out, element));
            }
            case Map<?, ?> map -> {
                // An empty table is an array.
                head(out, map.size(), map.isEmpty() ? 0x90 : 0x80, 0xde);
                map.forEach((key, element) -> {
                    write(out, key);
                    write(out, element);
                });
            }
            default -> throw new IllegalArgumentException("not a value: " + value.getClass());
        }
    }

    private static void write(ByteArrayOutputStream out, double number) {
        long whole = (long) number;
        if (whole == number && whole != Long.MAX_VALUE) {
            write(out, whole);
        } else if (number == (float) number) {
            out.write(0xca);
            bigEndian(out, Float.floatToRawIntBits((float) number), 4);
        } else {
            out.write(0xcb);
            bigEndian(out, Double.doubleToRawLongBits(number), 8);
        }
    }

    private static void write(ByteArrayOutputStream out, long number) {
        if (number >= -32 && number <= 127) {
            out.write((int) number);
        } else if (number >= 0) {
            int size = number <= 0xFF ? 0 : number <= 0xFFFF ? 1 : number <= 0xFFFFFFFFL ? 2 : 3;
            out.write(0xcc + size);
            bigEndian(out, number, 1 << size);
        } else {
            int size =
                    number >= Byte.MIN_VALUE ? 0 : number >= Short.MIN_VALUE ? 1 : number >= Integer.MIN_VALUE ? 2 : 3;
            out.write(0xd0 + size);
            bigEndian(out, number, 1 << size);
        }
    }

    private static void write(ByteArrayOutputStream out, byte[] bytes) {
        int length = bytes.length;
        if (length < 32) {
            out.write(0xa0 | length);
        } else {
            int size = length <= 0xFF ? 0 : length <= 0xFFFF ? 1 : 2;
            out.write(0xd9 + size);
            bigEndian(out, length, 1 << size);
        }
        out.write(bytes, 0, length);
    }

    private static void head(ByteArrayOutputStream out, int count, int small, int large) {
        if (count <= 15) {
            out.write(small | count);
        } else {
            int size = count <= 0xFFFF ? 0 : 1;
            out.write(large + size);
            bigEndian(out, count, 2 << size);
        }
    }

    private static void bigEndian(ByteArrayOutputStream out, long value, int count) {
        for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
            out.write((int) (value >> shift));
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
        while (reader.at < bytes.length) {
            reader.value(0);
        }
        return first;
    }

    private static final class Reader {
        private static final int MOST_NESTED = 100;

        private final byte[] data;
        private int at;

        Reader(byte[] data) {
            this.data = data;
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
