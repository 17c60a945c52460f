package dev.holdfast.engine.base;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A number of the x86 {@code long double} type: 64 bits of mantissa, a sign and a 15-bit exponent. INCRBYFLOAT and HINCRBYFLOAT
 * compute in it, and a sum has to come out as it does with Valkey, where {@code 10.50 + 0.1} is {@code 10.6}.
 *
 * <p>A value is {@code mantissa × 2^exponent} with a mantissa of at most 64 bits, rounded half to even; or one of the infinities.
 */
public final class LongDouble {
    public static final LongDouble ZERO = new LongDouble(BigInteger.ZERO, 0);

    private static final LongDouble POSITIVE_INFINITY = new LongDouble(BigInteger.ONE, Integer.MAX_VALUE);
    private static final LongDouble NEGATIVE_INFINITY = new LongDouble(BigInteger.ONE.negate(), Integer.MAX_VALUE);

    private static final int PRECISION = 64;
    private static final int LOWEST_EXPONENT = -16445;
    private static final int HIGHEST_EXPONENT = 16384 - PRECISION;
    private static final int LONGEST_TEXT = 5 * 1024 - 1;
    private static final int FRACTION_DIGITS = 17;
    private static final BigInteger FRACTION_SCALE = BigInteger.TEN.pow(FRACTION_DIGITS);

    private final BigInteger mantissa;
    private final int exponent;

    private LongDouble(BigInteger mantissa, int exponent) {
        this.mantissa = mantissa;
        this.exponent = exponent;
    }

    public static LongDouble of(long value) {
        return new LongDouble(BigInteger.valueOf(value), 0);
    }

    /**
     * The number that all of the slice spells, as C's {@code strtold} reads it: decimal or hexadecimal with an optional
     * exponent, or {@code inf} or {@code infinity}. Null for anything else, and for numbers out of range.
     */
    public static @Nullable LongDouble parse(Slice slice) {
        return parse(slice.array(), slice.offset(), slice.length());
    }

    /** As {@link #parse(Slice)}. */
    public static @Nullable LongDouble parse(byte[] array, int offset, int length) {
        if (length == 0 || length > LONGEST_TEXT) {
            return null;
        }
        String text = new String(array, offset, length, StandardCharsets.ISO_8859_1);
        boolean negative = text.charAt(0) == '-';
        String digits = negative || text.charAt(0) == '+' ? text.substring(1) : text;
        if (digits.equalsIgnoreCase("inf") || digits.equalsIgnoreCase("infinity")) {
            return negative ? NEGATIVE_INFINITY : POSITIVE_INFINITY;
        }
        boolean hexadecimal = digits.startsWith("0x") || digits.startsWith("0X");
        return hexadecimal ? parseDigits(digits, 2, 16, 'p', negative) : parseDigits(digits, 0, 10, 'e', negative);
    }

    private static @Nullable LongDouble parseDigits(String text, int from, int radix, char mark, boolean negative) {
        StringBuilder digits = new StringBuilder(text.length());
        int at = from;
        long scale = 0;
        boolean point = false;
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '.' && !point) {
                point = true;
            } else if (c < 128 && Character.digit(c, radix) >= 0) {
                digits.append(c);
                scale -= point ? 1 : 0;
            } else {
                break;
            }
        }
        if (digits.isEmpty()) {
            return null;
        }
        scale *= radix == 16 ? 4 : 1;
        if (at < text.length()) {
            if ((text.charAt(at) | 0x20) != mark) {
                return null;
            }
            boolean negativeExponent = ++at < text.length() && text.charAt(at) == '-';
            if (at < text.length() && (negativeExponent || text.charAt(at) == '+')) {
                at++;
            }
            if (at == text.length()) {
                return null;
            }
            long number = 0;
            for (; at < text.length(); at++) {
                int digit = text.charAt(at) - '0';
                if (digit < 0 || digit > 9) {
                    return null;
                }
                number = Math.min(number * 10 + digit, 1_000_000);
            }
            scale += negativeExponent ? -number : number;
        }
        BigInteger magnitude = new BigInteger(digits.toString(), radix);
        if (magnitude.signum() == 0) {
            return ZERO;
        }
        LongDouble value = radix == 16 ? round(magnitude, scale, false) : scaledByTen(magnitude, scale);
        if (value.isInfinite() || value.mantissa.signum() == 0) {
            return null;
        }
        return negative ? new LongDouble(value.mantissa.negate(), value.exponent) : value;
    }

    private static LongDouble scaledByTen(BigInteger magnitude, long power) {
        long largest = power + ((magnitude.bitLength() * 1233L) >> 12);
        if (largest > 5_000) {
            return POSITIVE_INFINITY;
        }
        if (largest < -5_100) {
            return ZERO;
        }
        if (power >= 0) {
            return round(magnitude.multiply(BigInteger.TEN.pow((int) power)), 0, false);
        }
        BigInteger divisor = BigInteger.TEN.pow((int) -power);
        int shift = Math.max(0, divisor.bitLength() - magnitude.bitLength() + PRECISION + 2);
        BigInteger[] parts = magnitude.shiftLeft(shift).divideAndRemainder(divisor);
        return round(parts[0], -shift, parts[1].signum() != 0);
    }

    /** {@code magnitude × 2^exponent}, and a little more if {@code inexact}, rounded to what the type can hold. */
    private static LongDouble round(BigInteger magnitude, long exponent, boolean inexact) {
        long lowest = Math.max(exponent + magnitude.bitLength() - PRECISION, LOWEST_EXPONENT);
        BigInteger rounded = magnitude;
        long scale = exponent;
        if (lowest > exponent) {
            if (lowest - exponent > magnitude.bitLength() + 1L) {
                return ZERO;
            }
            int excess = (int) (lowest - exponent);
            rounded = magnitude.shiftRight(excess);
            boolean half = magnitude.testBit(excess - 1);
            boolean more = inexact || magnitude.getLowestSetBit() < excess - 1;
            if (half && (more || rounded.testBit(0))) {
                rounded = rounded.add(BigInteger.ONE);
            }
            scale = lowest;
        }
        if (rounded.signum() != 0 && scale + rounded.bitLength() > HIGHEST_EXPONENT + PRECISION) {
            return POSITIVE_INFINITY;
        }
        return new LongDouble(rounded, (int) scale);
    }

    public boolean isInfinite() {
        return exponent == Integer.MAX_VALUE;
    }

    /** The nearest double. */
    public double toDouble() {
        if (isInfinite()) {
            return mantissa.signum() < 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        // Both are within a double's range: no long double has more than 64 bits.
        return exponent > Double.MAX_EXPONENT
                ? mantissa.signum() * Double.POSITIVE_INFINITY
                : Math.scalb(mantissa.doubleValue(), exponent);
    }

    /** The sum, or null where it would be infinite or not a number. */
    public @Nullable LongDouble plus(LongDouble other) {
        if (isInfinite() || other.isInfinite()) {
            return null;
        }
        int scale = Math.min(exponent, other.exponent);
        BigInteger sum = mantissa.shiftLeft(exponent - scale).add(other.mantissa.shiftLeft(other.exponent - scale));
        if (sum.signum() == 0) {
            return ZERO;
        }
        LongDouble value = round(sum.abs(), scale, false);
        if (value.isInfinite()) {
            return null;
        }
        return sum.signum() < 0 ? new LongDouble(value.mantissa.negate(), value.exponent) : value;
    }

    /** The decimal form for people: up to 17 digits after the point, without trailing zeros, never an exponent. */
    public byte[] toBytes() {
        return toString().getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        if (isInfinite()) {
            return mantissa.signum() < 0 ? "-inf" : "inf";
        }
        if (exponent >= 0) {
            return mantissa.shiftLeft(exponent).toString();
        }
        BigInteger scaled = mantissa.abs().multiply(FRACTION_SCALE);
        BigInteger units = scaled.shiftRight(-exponent);
        boolean half = scaled.testBit(-exponent - 1);
        if (half && (scaled.getLowestSetBit() < -exponent - 1 || units.testBit(0))) {
            units = units.add(BigInteger.ONE);
        }
        if (units.signum() == 0) {
            return "0";
        }
        StringBuilder text = new StringBuilder(units.toString());
        while (text.length() <= FRACTION_DIGITS) {
            text.insert(0, '0');
        }
        text.insert(text.length() - FRACTION_DIGITS, '.');
        int length = text.length();
        while (text.charAt(length - 1) == '0') {
            length--;
        }
        if (text.charAt(length - 1) == '.') {
            length--;
        }
        text.setLength(length);
        if (mantissa.signum() < 0) {
            text.insert(0, '-');
        }
        return text.toString();
    }
}
