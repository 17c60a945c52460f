package dev.holdfast.toolkit.store;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Slots of a cluster. The slot of a key is the CRC16 of the part between its first brace and the next closing one, if that
 * part is not empty, and else of the whole key; see the Valkey Cluster specification.
 */
public final class HashTag {
    public static final int SLOTS = 16384;

    private static final int[] CRC16 = table();
    private static final Pattern LIKE_ESCAPED = Pattern.compile("%(?=7B|7D|25)");

    private HashTag() {}

    private static int[] table() {
        int[] table = new int[256];
        for (int i = 0; i < 256; i++) {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
            }
            table[i] = crc & 0xFFFF;
        }
        return table;
    }

    public static int slot(byte[] key) {
        int start = 0;
        int end = key.length;
        int open = indexOf(key, '{', 0);
        if (open >= 0) {
            int close = indexOf(key, '}', open + 1);
            if (close > open + 1) {
                start = open + 1;
                end = close;
            }
        }
        int crc = 0;
        for (int i = start; i < end; i++) {
            crc = (crc << 8 ^ CRC16[(crc >>> 8 ^ key[i]) & 0xFF]) & 0xFFFF;
        }
        return crc % SLOTS;
    }

    public static int slot(String key) {
        return slot(key.getBytes(StandardCharsets.UTF_8));
    }

    private static int indexOf(byte[] key, char wanted, int from) {
        for (int i = from; i < key.length; i++) {
            if (key[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /**
     * A name in braces, so that every key {@code of(name) + anything} lies in one slot: {@code jobs} gives <code>{jobs}</code>. A
     * name that holds braces itself is {@linkplain #escaped escaped}.
     *
     * @throws IllegalArgumentException if the name is empty
     */
    public static String of(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a name must not be empty");
        }
        return around(escaped(name));
    }

    /** A key that holds no braces, in braces: every key that begins so lies in that key's slot. */
    public static String around(String key) {
        return "{" + key + "}";
    }

    /**
     * Any text without braces: they become {@code %7B} and {@code %7D}. Texts that differ stay different, and one without braces stays
     * as it is unless it looks like an escaped one.
     */
    public static String escaped(String text) {
        if (text.indexOf('{') < 0 && text.indexOf('}') < 0 && text.indexOf('%') < 0) {
            return text;
        }
        return LIKE_ESCAPED.matcher(text).replaceAll("%25").replace("{", "%7B").replace("}", "%7D");
    }
}
