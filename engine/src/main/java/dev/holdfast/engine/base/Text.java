package dev.holdfast.engine.base;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Bytes as text and back, whatever they are. UTF-8 is read as such. A byte that belongs to no character becomes a lone surrogate, U+DC80
 * to U+DCFF, and that byte again when it is written: so two names that differ in such a byte remain two, and a message repeats what a
 * client has sent.
 */
public final class Text {
    private static final char FIRST = 0xDC80;
    private static final char LAST = 0xDCFF;

    /** What a byte is added to. */
    private static final int ESCAPE = 0xDC00;

    private static final char REPLACEMENT = 0xFFFD;

    private Text() {}

    public static String decode(byte[] bytes) {
        return decode(bytes, 0, bytes.length);
    }

    public static String decode(byte[] bytes, int offset, int length) {
        String text = new String(bytes, offset, length, StandardCharsets.UTF_8);
        return text.indexOf(REPLACEMENT) < 0 ? text : escaped(bytes, offset, length);
    }

    private static String escaped(byte[] bytes, int offset, int length) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
        CharBuffer out = CharBuffer.allocate(length);
        while (true) {
            CoderResult result = decoder.reset().decode(in, out, true);
            if (!result.isError()) {
                return out.flip().toString();
            }
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (ESCAPE | in.get() & 0xFF));
            }
        }
    }

    public static byte[] encode(String text) {
        int escaped = next(text, 0);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (escaped == text.length()) {
            return bytes;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes.length);
        int from = 0;
        while (escaped < text.length()) {
            out.put(text.substring(from, escaped).getBytes(StandardCharsets.UTF_8));
            out.put((byte) text.charAt(escaped));
            from = escaped + 1;
            escaped = next(text, from);
        }
        out.put(text.substring(from).getBytes(StandardCharsets.UTF_8));
        return out.array();
    }

    /** Where the next byte stands that belongs to no character; the text's length for nowhere. */
    private static int next(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= FIRST && c <= LAST && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)))) {
                return i;
            }
        }
        return text.length();
    }
}
