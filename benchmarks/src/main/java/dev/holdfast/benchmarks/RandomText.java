package dev.holdfast.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Printable text without a pattern that could be compressed, cut into values. The same in every run. */
final class RandomText {
    private static final int BYTES = 1 << 16;

    private final SplittableRandom random = new SplittableRandom(42);
    private final byte[] text = new byte[BYTES];

    RandomText() {
        for (int i = 0; i < BYTES; i++) {
            text[i] = (byte) random.nextInt('0', 'z');
        }
    }

    byte[] bytes() {
        return text;
    }

    /** Where a piece of this length may begin. */
    int place(int length) {
        return random.nextInt(BYTES - length);
    }

    String next(int length) {
        return new String(text, place(length), length, StandardCharsets.US_ASCII);
    }
}
