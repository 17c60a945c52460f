package dev.holdfast.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The expected strings are what a real Valkey 9.1 answers. */
class DoublesTest {
    @ParameterizedTest
    @CsvSource({
        "3, 3",
        "3.5, 3.5",
        "-0.0, -0",
        "1e20, 1e+20",
        "-1e20, -1e+20",
        "Infinity, inf",
        "-Infinity, -inf",
        "NaN, nan",
        "1.7976931348623157e308, 1.7976931348623157e+308",
        "4.9e-324, 5e-324",
        "0.1, 0.1",
        "1e-6, 0.000001",
        "1e-7, 1e-7",
        "0.0001, 0.0001",
        "0.00001234, 1.234e-5",
        "123456.789, 123456.789",
        "1e21, 1e+21",
        "12345678901234567890, 12345678901234567000",
        "4611686018427387904, 4611686018427387904",
        "46116860184273879050, 46116860184273880000",
        "2.2250738585072014e-308, 2.2250738585072014e-308",
    })
    void writesAsValkeyDoes(String value, String expected) {
        assertEquals(expected, text(Double.parseDouble(value)));
    }

    @ParameterizedTest
    @CsvSource({
        "100000000000000000000000, 99999999999999990000000",
        "-601287986682408440000000, -601287986682408440000000",
        "-4.8309546722318224e-79, -4.8309546722318223e-79",
    })
    void keepsTheChoicesOfGrisu(String value, String expected) {
        assertEquals(expected, text(Double.parseDouble(value)));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "-0.1, -0.10000000000000001",
        "3.5, 3.5",
        "100000, 100000",
        "1e16, 10000000000000000",
        "1e17, 1e+17",
        "123456789012345678, 1.2345678901234568e+17",
        "0.0001, 0.0001",
        "0.00001, 1.0000000000000001e-05",
        "1e-300, 1e-300",
        "Infinity, inf",
        "-0.0, -0",
    })
    void writes17DigitsAsPrintfDoes(String value, String expected) {
        assertEquals(
                expected, new String(Doubles.toBytesOf17Digits(Double.parseDouble(value)), StandardCharsets.US_ASCII));
    }

    @Test
    void whatIsWrittenReadsBackAsTheSameDouble() {
        long seed = 20_240_917;
        Random random = new Random(seed);
        for (int i = 0; i < 200_000; i++) {
            double value = switch (i & 3) {
                case 0 -> Double.longBitsToDouble(random.nextLong());
                case 1 -> random.nextInt(2_000_000) / 100.0 - 10_000;
                case 2 -> random.nextDouble();
                default -> random.nextLong() >> random.nextInt(64);
            };
            if (Double.isFinite(value)) {
                byte[] text = Doubles.toBytes(value);
                assertTrue(text.length <= Doubles.MAX_LENGTH);
                double read = Doubles.parse(new Slice(text));
                assertEquals(
                        Double.doubleToRawLongBits(value),
                        Double.doubleToRawLongBits(read),
                        () -> "seed " + seed + ": " + value + " written as " + text(value));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3, 3",
        "+3, 3",
        "-3.25, -3.25",
        "007, 7",
        ".5, 0.5",
        "5., 5",
        "1e3, 1000",
        "1E-2, 0.01",
        "123456789012345678901234567890, 1.2345678901234568e29",
        "0.1000000000000000055511151231257827, 0.1",
        "1e-320, 1e-320",
        "0e999999999999, 0",
        "inf, Infinity",
        "+INF, Infinity",
        "-Infinity, -Infinity",
    })
    void readsWhatValkeyReads(String text, double expected) {
        assertEquals(expected, Doubles.parse(Slice.of(text)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " 1",
                "1 ",
                "1e",
                "1e+",
                ".",
                "-",
                "+",
                "--1",
                "nan",
                "-nan",
                "nan(1)",
                "0x10",
                "1_0",
                "1f",
                "1d",
                "in",
                "infi",
                "infinityy",
                "1e400",
                "-1e400",
                "1e-400",
                "1,5",
                "1\0"
            })
    void refusesTheRest(String text) {
        assertEquals(Double.NaN, Doubles.parse(Slice.of(text)));
    }

    @Test
    void boundsAreReadLeniently() {
        assertEquals(0, bound(""));
        assertEquals(1.5, bound("1.5"));
        assertEquals(1, bound("1\0rest"));
        assertEquals(Double.POSITIVE_INFINITY, bound("1e400"));
        assertEquals(0, bound("1e-400"));
        assertEquals(Double.NEGATIVE_INFINITY, bound("-inf"));
        assertEquals(Double.NaN, bound("1x"));
        assertEquals(Double.NaN, bound("x"));
        assertEquals(Double.NaN, bound("nan"));
        assertEquals(Double.NaN, bound(" 1"));
    }

    private static double bound(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Doubles.parseBound(bytes, 0, bytes.length);
    }

    private static String text(double value) {
        return new String(Doubles.toBytes(value), StandardCharsets.US_ASCII);
    }
}
