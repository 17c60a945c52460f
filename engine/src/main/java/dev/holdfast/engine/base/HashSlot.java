package dev.holdfast.engine.base;

import java.nio.charset.StandardCharsets;

/**
 * The slot of a key among the 16,384 into which a cluster divides all keys: its CRC-16 (XMODEM), cut to 14 bits. Where a key has
 * something between its first {@code {} and the next {@code }}, only that counts, so that keys with the same tag share a slot.
 */
public final class HashSlot {
    public static final int COUNT = 16384;

    private static final String TAG_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static final int POLYNOMIAL = 0x1021;
    private static final char[] TABLE = new char[256];

    static {
        for (int i = 0; i < TABLE.length; i++) {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? crc << 1 ^ POLYNOMIAL : crc << 1;
            }
            TABLE[i] = (char) crc;
        }
    }

    private HashSlot() {}

    /** The slot of a key. */
    public static int of(Slice key) {
        byte[] array = key.array();
        int end = key.offset() + key.length();
        int tag = HashTag.begin(array, key.offset(), key.length());
        return tag < 0 ? of(array, key.offset(), end) : of(array, tag, HashTag.end(array, tag, end));
    }

    /** The slot of all keys that match a pattern, or -1 where they may be in several. */
    public static int ofPattern(Slice pattern) {
        int open = -1;
        boolean hasTag = false;
        boolean emptyTag = false;
        int close = -1;
        for (int i = 0; i < pattern.length() && !hasTag; i++) {
            switch (pattern.at(i)) {
                case '*', '?', '[', '\\' -> {
                    return -1;
                }
                case '{' -> open = open < 0 && !emptyTag ? i : open;
                case '}' -> {
                    emptyTag |= open == i - 1 && i > 0;
                    hasTag = open >= 0 && !emptyTag;
                    close = i;
                }
                default -> {}
            }
        }
        int from = pattern.offset();
        return hasTag
                ? of(pattern.array(), from + open + 1, from + close)
                : of(pattern.array(), from, from + pattern.length());
    }

    private static int of(byte[] array, int from, int to) {
        int crc = 0;
        for (int i = from; i < to; i++) {
            crc = (crc << 8 & 0xFFFF) ^ TABLE[crc >> 8 ^ array[i] & 0xFF];
        }
        return crc & COUNT - 1;
    }

    /** A short word of the slot: the first among the words of one, two and three letters and digits. */
    public static String tag(int slot) {
        return Tags.WORDS[slot];
    }

    /** The words of all slots, made when one is first asked for. */
    private static final class Tags {
        static final String[] WORDS = new String[COUNT];

        static {
            for (int length = 1; length <= 3; length++) {
                fill("", length);
            }
        }

        private static void fill(String start, int more) {
            if (more == 0) {
                byte[] bytes = start.getBytes(StandardCharsets.US_ASCII);
                int slot = of(bytes, 0, bytes.length);
                if (WORDS[slot] == null) {
                    WORDS[slot] = start;
                }
                return;
            }
            for (int i = 0; i < TAG_LETTERS.length(); i++) {
                fill(start + TAG_LETTERS.charAt(i), more - 1);
            }
        }
    }
}
