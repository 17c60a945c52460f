package dev.holdfast.benchmarks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * The writes of the stall measurement, straight into a buffer: of ten, eight overwrite a random key with a value of 16 to
 * 256 bytes, one adds a new key, and one deletes the oldest, so that the number of keys stays and garbage of every age
 * and size arises.
 */
final class Churn implements OpenLoop.Requests {
    private static final int MIN_VALUE = 16;
    private static final int MAX_VALUE = 256;
    private static final int DIGITS = 12;
    /** The oldest keys are not overwritten: a delete under way on another connection could overtake. */
    private static final int MARGIN = 1_000;

    private static final byte[] SET = bytes("*3\r\n$3\r\nSET\r\n$16\r\nkey:");
    private static final byte[] DEL = bytes("*2\r\n$3\r\nDEL\r\n$16\r\nkey:");
    private static final byte[] END = bytes("\r\n");
    private static final byte[] FILL = bytes("v".repeat(MAX_VALUE));

    private final SplittableRandom random;
    private final int keys;
    private final byte[] digits = new byte[DIGITS];
    private long oldest;
    private long newest;

    Churn(int keys, long seed) {
        this.keys = keys;
        random = new SplittableRandom(seed);
    }

    /** Writes the command that adds the next key. The first {@code keys} of these fill the server. */
    @Override
    public void writeNew(ByteBuffer out) {
        writeSet(out, newest++);
    }

    @Override
    public void writeNext(ByteBuffer out, int connection) {
        int dice = random.nextInt(10);
        if (dice == 0) {
            writeNew(out);
        } else if (dice == 1 && newest - oldest > keys) {
            out.put(DEL);
            putKey(out, oldest++);
        } else {
            writeSet(out, random.nextLong(oldest + MARGIN, newest));
        }
    }

    private void writeSet(ByteBuffer out, long key) {
        int length = random.nextInt(MIN_VALUE, MAX_VALUE + 1);
        out.put(SET);
        putKey(out, key);
        out.put((byte) '$');
        if (length >= 100) {
            out.put((byte) ('0' + length / 100));
        }
        out.put((byte) ('0' + length / 10 % 10));
        out.put((byte) ('0' + length % 10));
        out.put(END);
        out.put(FILL, 0, length);
        out.put(END);
    }

    private void putKey(ByteBuffer out, long key) {
        long rest = key;
        for (int i = DIGITS - 1; i >= 0; i--) {
            digits[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        out.put(digits);
        out.put(END);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
