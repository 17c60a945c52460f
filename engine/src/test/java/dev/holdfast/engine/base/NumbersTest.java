package dev.holdfast.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NumbersTest {
    private static Slice slice(String text) {
        return new Slice(text.getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 9, 10, 99, 100, 12345, Long.MAX_VALUE, Long.MIN_VALUE, -1, -10, Long.MIN_VALUE + 1})
    void writesWhatItReads(long value) {
        byte[] bytes = Numbers.toBytes(value);
        assertEquals(Long.toString(value), new String(bytes, StandardCharsets.US_ASCII));
        assertTrue(Numbers.isLong(new Slice(bytes)));
        assertEquals(value, Numbers.toLong(new Slice(bytes)));
    }

    @Test
    void agreesWithTheLibraryOnRandomNumbers() {
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            long value = random.nextLong() >> random.nextInt(64);
            assertEquals(Long.toString(value), new String(Numbers.toBytes(value), StandardCharsets.US_ASCII));
            assertEquals(value, Numbers.toLong(slice(Long.toString(value))));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "+1",
                "01",
                "-0",
                "00",
                " 1",
                "1 ",
                "1.0",
                "1e3",
                "0x1",
                "9223372036854775808",
                "-9223372036854775809",
                "99999999999999999999",
                "18446744073709551616",
                "a"
            })
    void refusesOtherForms(String text) {
        assertFalse(Numbers.isLong(slice(text)));
    }
}
