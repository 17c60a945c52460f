package dev.holdfast.engine.base;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Doubles in decimal as Valkey reads and writes them: sorted-set scores, RESP3 doubles, their RESP2 strings.
 *
 * <p><b>Writing.</b> Whole numbers up to 2^62 are written as integers, everything else by Grisu2 (Florian Loitsch, "Printing
 * Floating-Point Numbers Quickly and Accurately with Integers", 2010). Grisu2 finds digits that read back as the same double,
 * and nearly always the shortest ones: for about one double in a thousand it settles for a digit more, or for another choice
 * of the last digit, than {@link Double#toString} would. Replies have to agree byte for byte with Valkey's, which writes with
 * Grisu2, so this class follows the same steps in the same precision.
 *
 * <p><b>Reading.</b> A sign, digits with an optional point, an optional exponent; or {@code inf} or {@code infinity} in any
 * case. No spaces, no hexadecimal, and nothing may follow. What is not such a number reads as NaN, which no valid input does.
 */
public final class Doubles {
    /** The longest written form: a sign, 18 digits and seven zeros. */
    public static final int MAX_LENGTH = 26;

    /** The most digits that Grisu2 comes to. */
    private static final int MAX_DIGITS = 18;

    private static final byte[] NAN = "nan".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] INFINITY = "inf".getBytes(StandardCharsets.US_ASCII);

    /** Up to half the largest long, whole doubles are written as integers. */
    private static final double LARGEST_WHOLE = 0x1p62;

    private static final int FRACTION_BITS = 52;
    private static final long HIDDEN_BIT = 1L << FRACTION_BITS;
    private static final int EXPONENT_BIAS = 1023 + FRACTION_BITS;

    /** The powers of ten that a double holds exactly. */
    private static final double[] EXACT_POWERS = new double[23];

    static {
        EXACT_POWERS[0] = 1;
        for (int i = 1; i < EXACT_POWERS.length; i++) {
            EXACT_POWERS[i] = EXACT_POWERS[i - 1] * 10;
        }
    }

    private Doubles() {}

    /** Writes {@code value} at {@code position}, which has room for {@link #MAX_LENGTH} bytes, and returns the position after it. */
    public static int write(double value, byte[] target, int position) {
        int at = position;
        if (Double.isNaN(value)) {
            System.arraycopy(NAN, 0, target, at, 3);
            return at + 3;
        }
        if (value == 0) {
            if (1 / value < 0) {
                target[at++] = '-';
            }
            target[at++] = '0';
            return at;
        }
        if (value >= -LARGEST_WHOLE && value <= LARGEST_WHOLE && (long) value == value) {
            return Numbers.write((long) value, target, at);
        }
        return writeDigits(value, target, at);
    }

    /** As {@link #toBytes}, but whole numbers with many zeros get an exponent like all others: {@code 5e+9}. */
    public static byte[] toShortestBytes(double value) {
        if (value == 0 || Double.isNaN(value)) {
            return toBytes(value);
        }
        byte[] room = new byte[MAX_LENGTH];
        return Arrays.copyOf(room, writeDigits(value, room, 0));
    }

    private static int writeDigits(double value, byte[] target, int position) {
        int at = position;
        double magnitude = value;
        if (value < 0) {
            target[at++] = '-';
            magnitude = -value;
        }
        if (magnitude == Double.POSITIVE_INFINITY) {
            System.arraycopy(INFINITY, 0, target, at, 3);
            return at + 3;
        }
        byte[] digits = new byte[MAX_DIGITS];
        long result = Grisu.shortest(magnitude, digits);
        return layOut(digits, (int) (result >>> 32), (int) result, value < 0, target, at);
    }

    public static byte[] toBytes(double value) {
        byte[] room = new byte[MAX_LENGTH];
        int length = write(value, room, 0);
        byte[] bytes = new byte[length];
        System.arraycopy(room, 0, bytes, 0, length);
        return bytes;
    }

    /** The number with 17 digits, as C's {@code %.17g} writes it. ZSCAN shows the scores of large sorted sets so. */
    public static byte[] toBytesOf17Digits(double value) {
        if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
            return toBytes(value);
        }
        BigDecimal rounded = new BigDecimal(Math.abs(value)).round(new MathContext(17, RoundingMode.HALF_EVEN));
        int exponent = rounded.precision() - rounded.scale() - 1;
        BigDecimal shortest = rounded.stripTrailingZeros();
        String text;
        if (exponent < -4 || exponent >= 17) {
            String digits = shortest.unscaledValue().toString();
            String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
            text = mantissa + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        } else {
            text = shortest.toPlainString();
        }
        return (value < 0 ? "-" + text : text).getBytes(StandardCharsets.US_ASCII);
    }

    /** The number that all of the slice spells, or NaN. Too large or too small for a double is not a number either. */
    public static double parse(Slice slice) {
        return parse(slice.array(), slice.offset(), slice.length());
    }

    /** As {@link #parse(Slice)}. */
    public static double parse(byte[] array, int offset, int length) {
        if (length == 0) {
            return Double.NaN;
        }
        int end = offset + length;
        int last = endOfNumber(array, offset, end);
        if (last < 0) {
            return endOfInfinity(array, offset, end) == end ? infinity(array[offset]) : Double.NaN;
        }
        if (last != end) {
            return Double.NaN;
        }
        double value = valueOf(array, offset, end);
        if (Double.isInfinite(value) || (value == 0 && hasNonZeroDigit(array, offset, end))) {
            return Double.NaN;
        }
        return value;
    }

    /**
     * The score that a range bound such as {@code 1.5} or {@code -inf} spells from {@code offset}, or NaN. More lenient than
     * {@link #parse}, as Valkey is here: nothing at all is zero, too large a number is infinite, and what follows a zero byte
     * is not looked at.
     */
    public static double parseBound(byte[] array, int offset, int length) {
        int end = offset + length;
        if (length == 0) {
            return 0;
        }
        double value;
        int last = endOfNumber(array, offset, end);
        if (last >= 0) {
            value = valueOf(array, offset, last);
        } else {
            last = endOfInfinity(array, offset, end);
            value = last == offset ? 0 : infinity(array[offset]);
        }
        return last == end || array[last] == 0 ? value : Double.NaN;
    }

    private static double infinity(byte first) {
        return first == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    /** Where the decimal number from {@code offset} ends, or -1 if there is none. */
    private static int endOfNumber(byte[] array, int offset, int end) {
        int at = offset;
        if (array[at] == '-' || array[at] == '+') {
            at++;
        }
        int digits = at;
        at = endOfDigits(array, at, end);
        int count = at - digits;
        if (at < end && array[at] == '.') {
            int fraction = at + 1;
            at = endOfDigits(array, fraction, end);
            count += at - fraction;
        }
        if (count == 0) {
            return -1;
        }
        if (at < end && (array[at] | 0x20) == 'e') {
            int exponent = at + 1;
            if (exponent < end && (array[exponent] == '-' || array[exponent] == '+')) {
                exponent++;
            }
            int exponentEnd = endOfDigits(array, exponent, end);
            if (exponentEnd > exponent) {
                at = exponentEnd;
            }
        }
        return at;
    }

    private static int endOfDigits(byte[] array, int from, int end) {
        int at = from;
        while (at < end && array[at] >= '0' && array[at] <= '9') {
            at++;
        }
        return at;
    }

    /** Where {@code inf} or {@code infinity} from {@code offset} ends; {@code offset} itself if neither is there. */
    private static int endOfInfinity(byte[] array, int offset, int end) {
        int at = offset;
        if (array[at] == '-' || array[at] == '+') {
            at++;
        }
        if (!spells("infinity", 3, array, at, end)) {
            return offset;
        }
        return spells("infinity", 8, array, at, end) ? at + 8 : at + 3;
    }

    private static boolean spells(String word, int length, byte[] array, int offset, int end) {
        if (end - offset < length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if ((array[offset + i] | 0x20) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasNonZeroDigit(byte[] array, int offset, int end) {
        for (int i = offset; i < end && (array[i] | 0x20) != 'e'; i++) {
            if (array[i] >= '1' && array[i] <= '9') {
                return true;
            }
        }
        return false;
    }

    /**
     * The value of a well-formed number. Up to 2^53 the digits are exact in a double, and so are powers of ten up to 10^22: then
     * one multiplication or division rounds correctly (Clinger's fast path), and the text need not become a String.
     */
    private static double valueOf(byte[] array, int offset, int end) {
        int at = offset;
        boolean negative = array[at] == '-';
        if (negative || array[at] == '+') {
            at++;
        }
        long digits = 0;
        int count = 0;
        int scale = 0;
        boolean point = false;
        for (; at < end; at++) {
            int b = array[at];
            if (b == '.') {
                point = true;
                continue;
            }
            if (b < '0' || b > '9') {
                break;
            }
            if (digits != 0 || b != '0') {
                count++;
            }
            if (count > 18) {
                return slowValueOf(array, offset, end);
            }
            digits = digits * 10 + (b - '0');
            if (point) {
                scale--;
            }
        }
        if (at < end) {
            boolean negativeExponent = array[++at] == '-';
            if (negativeExponent || array[at] == '+') {
                at++;
            }
            int exponent = 0;
            for (; at < end && exponent < 10_000; at++) {
                exponent = exponent * 10 + (array[at] - '0');
            }
            scale += negativeExponent ? -exponent : exponent;
        }
        double value;
        if (scale == 0) {
            value = (double) digits;
        } else if (digits > HIDDEN_BIT << 1 || scale < -22 || scale > 22) {
            return slowValueOf(array, offset, end);
        } else {
            value = scale < 0 ? digits / EXACT_POWERS[-scale] : digits * EXACT_POWERS[scale];
        }
        return negative ? -value : value;
    }

    private static double slowValueOf(byte[] array, int offset, int end) {
        return Double.parseDouble(new String(array, offset, end - offset, StandardCharsets.ISO_8859_1));
    }

    /**
     * Writes {@code digits × 10^power}: as a plain number where that stays short, else with an exponent. In the latter form
     * Valkey leaves off the eighteenth digit of a negative number.
     */
    private static int layOut(byte[] digits, int count, int power, boolean negative, byte[] target, int position) {
        int at = position;
        int exponent = power + count - 1;
        if (power >= 0 && power <= 7) {
            System.arraycopy(digits, 0, target, at, count);
            at += count;
            for (int i = 0; i < power; i++) {
                target[at++] = '0';
            }
            return at;
        }
        if (power < 0 && (power > -7 || Math.abs(exponent) < 4)) {
            int whole = count + power;
            if (whole <= 0) {
                target[at++] = '0';
                target[at++] = '.';
                for (int i = whole; i < 0; i++) {
                    target[at++] = '0';
                }
                System.arraycopy(digits, 0, target, at, count);
                return at + count;
            }
            System.arraycopy(digits, 0, target, at, whole);
            at += whole;
            target[at++] = '.';
            System.arraycopy(digits, whole, target, at, count - whole);
            return at + count - whole;
        }
        int written = negative ? Math.min(count, MAX_DIGITS - 1) : count;
        target[at++] = digits[0];
        if (written > 1) {
            target[at++] = '.';
            System.arraycopy(digits, 1, target, at, written - 1);
            at += written - 1;
        }
        target[at++] = 'e';
        target[at++] = (byte) (exponent < 0 ? '-' : '+');
        return Numbers.write(Math.abs(exponent), target, at);
    }

    /**
     * Grisu2. The value, and the bounds half-way to its neighbours, are scaled by a power of ten from a table so that the
     * integer part fits 32 bits; then digits are taken from the upper bound until what is left is inside the bounds, and the
     * last digit is walked down towards the value. All of it in 64-bit integers; the bounds are drawn in by one unit to make up
     * for the rounding of the table.
     */
    private static final class Grisu {
        private static final int FIRST_POWER = -348;
        private static final int POWER_STEP = 8;
        private static final int POWERS = 87;
        private static final int LOWEST_EXPONENT = -60;
        private static final int HIGHEST_EXPONENT = -32;
        private static final double LOG10_OF_2 = 0.30102999566398114;

        /** Powers of ten, as 64 bits with the highest one set and a binary exponent. */
        private static final long[] POWER_BITS = new long[POWERS];

        private static final int[] POWER_EXPONENTS = new int[POWERS];

        private static final long[] TENS = new long[19];

        static {
            for (int i = 0; i < POWERS; i++) {
                int power = FIRST_POWER + i * POWER_STEP;
                BigInteger magnitude = BigInteger.TEN.pow(Math.abs(power));
                int exponent = 0;
                if (power < 0) {
                    exponent = -(magnitude.bitLength() + 128);
                    magnitude = BigInteger.ONE.shiftLeft(-exponent).divide(magnitude);
                }
                int excess = magnitude.bitLength() - 65;
                magnitude = excess < 0 ? magnitude.shiftLeft(-excess) : magnitude.shiftRight(excess);
                magnitude = magnitude.add(BigInteger.ONE).shiftRight(1);
                POWER_BITS[i] = magnitude.longValue();
                POWER_EXPONENTS[i] = exponent + excess + 1;
            }
            TENS[0] = 1;
            for (int i = 1; i < TENS.length; i++) {
                TENS[i] = TENS[i - 1] * 10;
            }
        }

        /** Puts the digits into {@code digits}; returns their number in the upper half, the power of ten in the lower. */
        static long shortest(double value, byte[] digits) {
            long bits = Double.doubleToRawLongBits(value);
            long fraction = bits & (HIDDEN_BIT - 1);
            int exponent = (int) (bits >>> FRACTION_BITS);
            if (exponent != 0) {
                fraction += HIDDEN_BIT;
                exponent -= EXPONENT_BIAS;
            } else {
                exponent = 1 - EXPONENT_BIAS;
            }

            int shift = Long.numberOfLeadingZeros((fraction << 1) + 1);
            long upper = ((fraction << 1) + 1) << shift;
            int upperExponent = exponent - 1 - shift;
            int lowerShift = fraction == HIDDEN_BIT ? 2 : 1;
            long lower = ((fraction << lowerShift) - 1) << (exponent - lowerShift - upperExponent);
            shift = Long.numberOfLeadingZeros(fraction);
            long middle = fraction << shift;

            int index = powerFor(upperExponent);
            long power = POWER_BITS[index];
            int scaledExponent = upperExponent + POWER_EXPONENTS[index] + 64;
            middle = multiply(middle, power);
            upper = multiply(upper, power) - 1;
            lower = multiply(lower, power) + 1;
            return generate(middle, upper, lower, scaledExponent, digits, -(FIRST_POWER + index * POWER_STEP));
        }

        private static int powerFor(int exponent) {
            int approximate = (int) (-(exponent + POWERS) * LOG10_OF_2);
            int index = (approximate - FIRST_POWER) / POWER_STEP;
            while (true) {
                int scaled = exponent + POWER_EXPONENTS[index] + 64;
                if (scaled < LOWEST_EXPONENT) {
                    index++;
                } else if (scaled > HIGHEST_EXPONENT) {
                    index--;
                } else {
                    return index;
                }
            }
        }

        /** The upper 64 bits of the product, rounded by the highest bit of the lower ones. */
        private static long multiply(long a, long b) {
            return Math.unsignedMultiplyHigh(a, b) + ((a * b) >>> 63);
        }

        private static long generate(long middle, long upper, long lower, int exponent, byte[] digits, int power) {
            int shift = -exponent;
            long below = upper - middle;
            long width = upper - lower;
            long whole = upper >>> shift;
            long rest = upper & ((1L << shift) - 1);
            int count = 0;
            for (int place = 9; place >= 0; place--) {
                long unit = TENS[place];
                long digit = whole / unit;
                if (digit != 0 || count != 0) {
                    digits[count++] = (byte) ('0' + digit);
                }
                whole -= digit * unit;
                long left = (whole << shift) + rest;
                if (Long.compareUnsigned(left, width) <= 0) {
                    walkDown(digits, count, width, left, unit << shift, below);
                    return result(count, power + place);
                }
            }
            int place = 0;
            while (true) {
                rest *= 10;
                width *= 10;
                place--;
                long digit = rest >>> shift;
                if (digit != 0 || count != 0) {
                    digits[count++] = (byte) ('0' + digit);
                }
                rest &= (1L << shift) - 1;
                if (Long.compareUnsigned(rest, width) < 0) {
                    walkDown(digits, count, width, rest, 1L << shift, below * TENS[-place]);
                    return result(count, power + place);
                }
            }
        }

        private static void walkDown(byte[] digits, int count, long width, long left, long unit, long below) {
            long rest = left;
            while (Long.compareUnsigned(rest, below) < 0
                    && Long.compareUnsigned(width - rest, unit) >= 0
                    && (Long.compareUnsigned(rest + unit, below) < 0
                            || Long.compareUnsigned(below - rest, rest + unit - below) > 0)) {
                digits[count - 1]--;
                rest += unit;
            }
        }

        private static long result(int count, int power) {
            return (long) count << 32 | (power & 0xFFFFFFFFL);
        }
    }
}
