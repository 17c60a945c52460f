package dev.holdfast.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The expected sums are what INCRBYFLOAT of a real Valkey 9.1 answers on x86. */
class LongDoubleTest {
    @ParameterizedTest
    @CsvSource({
        "3.0, 1.1, 4.1",
        "5.0e3, 200, 5200",
        "10.50, 0.1, 10.6",
        "0.1, 0.2, 0.3",
        "1e17, 0.5, 100000000000000000.5",
        "-1, 0.00000000000000001, -0.99999999999999999",
        "3, -3, 0",
        "-0.1, 0.1, 0",
        "1234567.125, 1e-17, 1234567.125",
        "0, -1e-18, 0",
        "18446744073709551617, 0, 18446744073709551616",
        "0x1ffffffffffffffffp0, 0, 36893488147419103232",
        "0x1.8p1, 1, 4",
        "-0x283648d11ba2ccee.2c73p-18, -123.18, -11053403752291.88012790679931641",
        "833102758071, 219098520893960189.19509625992, 219099353996718260.1875",
    })
    void addsAsValkeyDoes(String left, String right, String expected) {
        LongDouble sum = parse(left).plus(parse(right));
        assertNotNull(sum);
        assertEquals(expected, sum.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " 1", "1 ", "1e", "0x", "0x.", "0x1p", "nan", "--1", "1e4933", "1e-4952", "0x1p16384", "1\0"
            })
    void refusesWhatIsNotANumber(String text) {
        assertNull(LongDouble.parse(Slice.of(text)));
    }

    @Test
    void infinityIsReadButNotAdded() {
        assertTrue(parse("-INFINITY").isInfinite());
        assertNull(parse("inf").plus(parse("1")));
        assertNull(parse("1e4932").plus(parse("1e4932")));
    }

    private static LongDouble parse(String text) {
        LongDouble value = LongDouble.parse(Slice.of(text));
        assertNotNull(value);
        return value;
    }
}
