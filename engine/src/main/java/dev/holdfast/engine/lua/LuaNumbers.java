package dev.holdfast.engine.lua;

import dev.holdfast.engine.base.Numbers;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Numbers, which are all doubles: from and to strings as C does it. */
public final class LuaNumbers {
    /** Whole numbers of so many digits are exact. */
    private static final int EXACT_DIGITS = 15;

    private static final int LEAST_CACHED = -128;
    private static final int MOST_CACHED = 1023;
    private static final Double[] CACHE = new Double[MOST_CACHED - LEAST_CACHED + 1];
    private static final double MOST_PLAIN = 1e14;
    private static final int SHOWN_DIGITS = 14;

    static {
        for (int i = 0; i < CACHE.length; i++) {
            CACHE[i] = (double) (i + LEAST_CACHED);
        }
    }

    private LuaNumbers() {}

    /** The number as an object; small whole ones are not made anew. */
    public static Double box(double value) {
        int whole = (int) value;
        if (whole == value && whole >= LEAST_CACHED && whole <= MOST_CACHED && (whole != 0 || 1 / value > 0)) {
            return CACHE[whole - LEAST_CACHED];
        }
        return value;
    }

    public static Double box(int value) {
        return value >= LEAST_CACHED && value <= MOST_CACHED ? CACHE[value - LEAST_CACHED] : (double) value;
    }

    /** The value as a number if it is one or a string that spells one; else null. */
    public static @Nullable Double of(@Nullable Object value) {
        if (value instanceof Double number) {
            return number;
        }
        return value instanceof LuaString string ? parse(string.bytes()) : null;
    }

    /** The number as {@code %.14g} writes it. */
    public static byte[] toBytes(double value) {
        long whole = (long) value;
        if (whole == value && value > -MOST_PLAIN && value < MOST_PLAIN && (whole != 0 || 1 / value > 0)) {
            return Numbers.toBytes(whole);
        }
        return general(value, SHOWN_DIGITS).getBytes(StandardCharsets.US_ASCII);
    }

    public static LuaString toLuaString(double value) {
        return new LuaString(toBytes(value));
    }

    /** The number as {@code %.<digits>g} writes it. */
    public static String general(double value, int digits) {
        return LuaFormat.general(value, Math.max(1, digits), false);
    }

    public static @Nullable Double parse(byte[] bytes) {
        if (bytes.length <= EXACT_DIGITS && Numbers.isLong(bytes, 0, bytes.length)) {
            return box((double) Numbers.toLong(bytes, 0, bytes.length));
        }
        int start = 0;
        int end = bytes.length;
        while (start < end && isSpace(bytes[start])) {
            start++;
        }
        int[] stop = new int[1];
        double value = parsePrefix(bytes, start, end, stop);
        int at = stop[0];
        if (at == start) {
            return null;
        }
        while (at < end && isSpace(bytes[at])) {
            at++;
        }
        return at == end ? box(value) : null;
    }

    static boolean isSpace(int b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }

    /**
     * The number that a run of bytes begins with, as {@code strtod} reads it: decimal or hexadecimal, {@code inf} and
     * {@code nan}.
     *
     * @param stop receives where it ends, or {@code from} if there is none
     */
    public static double parsePrefix(byte[] bytes, int from, int end, int[] stop) {
        int at = from;
        boolean negative = false;
        if (at < end && (bytes[at] == '-' || bytes[at] == '+')) {
            negative = bytes[at] == '-';
            at++;
        }
        stop[0] = from;
        double sign = negative ? -1 : 1;
        if (hasWord(bytes, at, end, "inf")) {
            stop[0] = at + (hasWord(bytes, at, end, "infinity") ? 8 : 3);
            return sign * Double.POSITIVE_INFINITY;
        }
        if (hasWord(bytes, at, end, "nan")) {
            stop[0] = at + 3;
            return Double.NaN;
        }
        if (at + 2 < end && bytes[at] == '0' && (bytes[at + 1] | 0x20) == 'x' && isHexStart(bytes, at + 2, end)) {
            return sign * parseHex(bytes, at + 2, end, stop);
        }
        return sign * parseDecimal(bytes, at, end, stop);
    }

    private static boolean isHexStart(byte[] bytes, int at, int end) {
        return digit(bytes[at]) < 16 || bytes[at] == '.' && at + 1 < end && digit(bytes[at + 1]) < 16;
    }

    private static boolean hasWord(byte[] bytes, int from, int end, String word) {
        if (end - from < word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if ((bytes[from + i] | 0x20) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static double parseHex(byte[] bytes, int from, int end, int[] stop) {
        BigInteger mantissa = BigInteger.ZERO;
        int at = from;
        int exponent = 0;
        while (at < end && digit(bytes[at]) < 16) {
            mantissa = mantissa.shiftLeft(4).or(BigInteger.valueOf(digit(bytes[at++])));
        }
        if (at < end && bytes[at] == '.') {
            at++;
            while (at < end && digit(bytes[at]) < 16) {
                mantissa = mantissa.shiftLeft(4).or(BigInteger.valueOf(digit(bytes[at++])));
                exponent -= 4;
            }
        }
        stop[0] = at;
        if (at < end && (bytes[at] | 0x20) == 'p') {
            int next = at + 1;
            boolean down = next < end && bytes[next] == '-';
            if (next < end && (bytes[next] == '-' || bytes[next] == '+')) {
                next++;
            }
            int power = 0;
            int first = next;
            while (next < end && bytes[next] >= '0' && bytes[next] <= '9') {
                power = Math.min(100_000, power * 10 + bytes[next++] - '0');
            }
            if (next > first) {
                exponent += down ? -power : power;
                stop[0] = next;
            }
        }
        return Math.scalb(mantissa.doubleValue(), exponent);
    }

    private static double parseDecimal(byte[] bytes, int from, int end, int[] stop) {
        int at = from;
        int digits = 0;
        long whole = 0;
        while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
            if (digits < 16) {
                whole = whole * 10 + bytes[at] - '0';
            }
            digits++;
            at++;
        }
        boolean simple = digits < 16;
        if (at < end && bytes[at] == '.') {
            int point = at++;
            while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
                digits++;
                at++;
            }
            simple &= at == point + 1;
        }
        if (digits == 0) {
            return 0;
        }
        if (at < end && (bytes[at] | 0x20) == 'e') {
            int next = at + 1;
            if (next < end && (bytes[next] == '-' || bytes[next] == '+')) {
                next++;
            }
            if (next < end && bytes[next] >= '0' && bytes[next] <= '9') {
                while (next < end && bytes[next] >= '0' && bytes[next] <= '9') {
                    next++;
                }
                at = next;
                simple = false;
            }
        }
        stop[0] = at;
        return simple ? whole : Double.parseDouble(new String(bytes, from, at - from, StandardCharsets.US_ASCII));
    }

    /** The value of a digit in any base up to 36, or 99. */
    static int digit(int b) {
        if (b >= '0' && b <= '9') {
            return b - '0';
        }
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
    }

    /** As C casts a double to an unsigned long on the machines that matter. */
    static long toUnsigned(double value) {
        if (value < 0x1p63) {
            return (long) value;
        }
        return value < 0x1p64 ? (long) (value - 0x1p63) + Long.MIN_VALUE : Long.MIN_VALUE;
    }

    /** An unsigned long as a double. */
    static double fromUnsigned(long value) {
        return value >= 0 ? value : new BigDecimal(Long.toUnsignedString(value)).doubleValue();
    }

    static BigDecimal rounded(double magnitude, int digits) {
        return new BigDecimal(magnitude).round(new MathContext(digits, RoundingMode.HALF_EVEN));
    }
}
