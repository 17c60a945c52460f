package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodecTest {
    /** The check value that Redis's own test has, and that of lengths around the eight bytes of a step and of long arrays. */
    @Test
    void theChecksumIsThatOfJones() {
        byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
        assertEquals(0xe9c6d914c4b8d9caL, Crc64.update(0, digits, 0, 9));
        byte[] bytes = new byte[100_003];
        new Random(1).nextBytes(bytes);
        for (int length = 0; length <= bytes.length; length += length < 64 ? 1 : length) {
            long whole = Crc64.update(0, bytes, 0, length);
            long parts = 0;
            for (int i = 0; i < length; i++) {
                parts = Crc64.update(parts, bytes, i, 1);
            }
            assertEquals(parts, whole, "length " + length);
        }
    }

    @Test
    void whatIsCompressedExpandsToTheSame() {
        Random random = new Random(2);
        Lzf lzf = new Lzf();
        int compressedOnes = 0;
        for (int round = 0; round < 5000; round++) {
            byte[] source = new byte[random.nextInt(round % 50 == 0 ? 40_000 : 300)];
            int letters = 1 + random.nextInt(20);
            int at = 0;
            while (at < source.length) {
                if (at > 8 && random.nextInt(3) == 0) {
                    int from = random.nextInt(at);
                    int count = Math.min(random.nextInt(600), source.length - at);
                    for (int i = 0; i < count; i++) {
                        source[at++] = source[from++];
                    }
                } else {
                    source[at++] = (byte) random.nextInt(letters);
                }
            }
            byte[] compressed = new byte[source.length + 8];
            int length = lzf.compress(source, 0, source.length, compressed, 3, Math.max(0, source.length - 4));
            if (length > 0) {
                compressedOnes++;
                byte[] expanded = new byte[source.length + 2];
                assertTrue(Lzf.expand(compressed, 3, length, expanded, 1, source.length), "round " + round);
                assertArrayEquals(source, Arrays.copyOfRange(expanded, 1, 1 + source.length), "round " + round);
                assertFalse(Lzf.expand(compressed, 3, length, expanded, 1, source.length - 1), "round " + round);
                assertFalse(Lzf.expand(compressed, 3, length - 1, expanded, 1, source.length), "round " + round);
            }
        }
        assertTrue(compressedOnes > 2000, "only " + compressedOnes);
    }

    @Test
    void expandingRubbishFailsOrFillsTheTarget() {
        Random random = new Random(3);
        for (int round = 0; round < 20_000; round++) {
            byte[] rubbish = new byte[random.nextInt(40)];
            random.nextBytes(rubbish);
            byte[] target = new byte[random.nextInt(100)];
            Lzf.expand(rubbish, 0, rubbish.length, target, 0, target.length);
        }
    }
}
