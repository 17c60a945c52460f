package dev.holdfast.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GlobTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "* anything true",
                "a* abc true",
                "a*c abc true",
                "a*c abd false",
                "a?c abc true",
                "a?c ac false",
                "h[ae]llo hello true",
                "h[ae]llo hillo false",
                "h[^e]llo hallo true",
                "h[^e]llo hello false",
                "h[a-b]llo hbllo true",
                "h[b-a]llo hallo true",
                "h[a-b]llo hcllo false",
                "a\\*c a*c true",
                "a\\*c abc false",
                "[a\\]b] ] true",
                "[abc a true",
                "[abc d false",
                "[ a false",
                "a] a] true",
                "*a*b*c xaybzc true",
                "*a*b*c xaybz false",
                "a** a true",
                "** a true",
                "abc abcd false",
                "abcd abc false",
                "a\\ a\\ true",
            })
    void matches(String pattern, String text, boolean expected) {
        assertEquals(expected, Glob.matches(pattern, text, false));
    }

    @Test
    void caseMayBeIgnored() {
        assertEquals(true, Glob.matches("H[A-C]llo*", "hBLLOX", true));
        assertEquals(false, Glob.matches("H[A-C]llo*", "hBLLOX", false));
    }

    @Test
    void manyStarsTakeNoTime() {
        assertFalse(Glob.matches("a*".repeat(200) + "b", "a".repeat(5000), false));
    }
}
