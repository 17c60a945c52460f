package dev.holdfast.benchmarks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** GETs on the even connections and SETs on the odd ones, of random keys of 16 bytes with values of 64. */
final class ReadsAndWrites implements OpenLoop.Requests {
    private static final int DIGITS = 12;
    private static final int VALUE_BYTES = 64;
    private static final byte[] GET = bytes("*2\r\n$3\r\nGET\r\n$16\r\nkey:");
    private static final byte[] SET = bytes("*3\r\n$3\r\nSET\r\n$16\r\nkey:");
    private static final byte[] VALUE = bytes("\r\n$64\r\n");
    private static final byte[] END = bytes("\r\n");

    private final SplittableRandom random = new SplittableRandom(42);
    private final RandomText text = new RandomText();
    private final int keys;
    private int filled;

    ReadsAndWrites(int keys) {
        this.keys = keys;
    }

    static String key(int number) {
        return "key:" + DataSet.padded(number, DIGITS);
    }

    static String value(RandomText text) {
        return text.next(VALUE_BYTES);
    }

    @Override
    public void writeNew(ByteBuffer out) {
        writeSet(out, filled++);
    }

    @Override
    public void writeNext(ByteBuffer out, int connection) {
        int key = random.nextInt(keys);
        if (isReader(connection)) {
            out.put(GET);
            putDigits(out, key);
            out.put(END);
        } else {
            writeSet(out, key);
        }
    }

    @Override
    public int replyLines(int connection) {
        return isReader(connection) ? 2 : 1;
    }

    private static boolean isReader(int connection) {
        return connection % 2 == 0;
    }

    private void writeSet(ByteBuffer out, int key) {
        out.put(SET);
        putDigits(out, key);
        out.put(VALUE);
        out.put(text.bytes(), text.place(VALUE_BYTES), VALUE_BYTES);
        out.put(END);
    }

    private static void putDigits(ByteBuffer out, int number) {
        int end = out.position() + DIGITS;
        int rest = number;
        for (int i = end - 1; i >= end - DIGITS; i--) {
            out.put(i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        out.position(end);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
