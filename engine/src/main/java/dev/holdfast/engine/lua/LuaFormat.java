package dev.holdfast.engine.lua;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** What C's {@code printf} makes of a number or a string. */
final class LuaFormat {
    private static final String FLAGS = "-+ #0";

    private final String flags;
    private final int width;
    private final int precision;

    /**
     * A conversion.
     *
     * @param flags any of {@code -+ #0}
     * @param width the least number of characters
     * @param precision the number after the point, or -1 for none
     */
    LuaFormat(String flags, int width, int precision) {
        this.flags = flags;
        this.width = width;
        this.precision = precision;
    }

    static boolean isFlag(int c) {
        return FLAGS.indexOf(c) >= 0;
    }

    boolean hasPrecision() {
        return precision >= 0;
    }

    private boolean has(char flag) {
        return flags.indexOf(flag) >= 0;
    }

    /** Pads a number: with zeros behind its sign and prefix, or with spaces. */
    private String padNumber(String sign, String digits, boolean zeros) {
        int missing = width - sign.length() - digits.length();
        if (missing <= 0) {
            return sign + digits;
        }
        if (has('-')) {
            return sign + digits + " ".repeat(missing);
        }
        return zeros && has('0') ? sign + "0".repeat(missing) + digits : " ".repeat(missing) + sign + digits;
    }

    private String sign(boolean negative) {
        return negative ? "-" : has('+') ? "+" : has(' ') ? " " : "";
    }

    private String withPrecision(String digits) {
        if (precision == 0 && digits.equals("0")) {
            return "";
        }
        return digits.length() < precision ? "0".repeat(precision - digits.length()) + digits : digits;
    }

    String decimal(long value) {
        String digits = value < 0 ? Long.toString(value).substring(1) : Long.toString(value);
        return padNumber(sign(value < 0), withPrecision(digits), precision < 0);
    }

    String unsigned(long value, char conversion) {
        String digits = withPrecision(
                switch (conversion) {
                    case 'o' -> Long.toOctalString(value);
                    case 'x' -> Long.toHexString(value);
                    case 'X' -> Long.toHexString(value).toUpperCase(java.util.Locale.ROOT);
                    default -> Long.toUnsignedString(value);
                });
        String prefix = "";
        if (has('#') && value != 0) {
            prefix = conversion == 'o' ? digits.startsWith("0") ? "" : "0" : conversion == 'u' ? "" : "0" + conversion;
        }
        return padNumber(prefix, digits, precision < 0);
    }

    byte[] text(byte[] bytes) {
        int length = precision >= 0 ? Math.min(precision, bytes.length) : bytes.length;
        int padding = Math.max(0, width - length);
        byte[] result = new byte[length + padding];
        java.util.Arrays.fill(result, (byte) ' ');
        System.arraycopy(bytes, 0, result, has('-') ? 0 : padding, length);
        return result;
    }

    String real(double value, char conversion) {
        boolean negative = Double.doubleToRawLongBits(value) < 0;
        boolean capital = conversion < 'a';
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            String word = Double.isNaN(value) ? "nan" : "inf";
            return padNumber(sign(negative), capital ? word.toUpperCase(java.util.Locale.ROOT) : word, false);
        }
        double magnitude = Math.abs(value);
        int digits = precision < 0 ? 6 : precision;
        String text = switch (conversion) {
            case 'e', 'E' -> exponent(magnitude, digits, has('#'));
            case 'f' -> fixed(magnitude, digits, has('#'));
            default -> unsignedGeneral(magnitude, Math.max(1, digits), has('#'));
        };
        return padNumber(sign(negative), capital ? text.toUpperCase(java.util.Locale.ROOT) : text, true);
    }

    /** {@code %.<digits>g}. */
    static String general(double value, int digits, boolean alternative) {
        boolean negative = Double.doubleToRawLongBits(value) < 0;
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return (negative ? "-" : "") + (Double.isNaN(value) ? "nan" : "inf");
        }
        return (negative ? "-" : "") + unsignedGeneral(Math.abs(value), digits, alternative);
    }

    private static String fixed(double magnitude, int digits, boolean point) {
        String text = new BigDecimal(magnitude)
                .setScale(digits, RoundingMode.HALF_EVEN)
                .toPlainString();
        return point && digits == 0 ? text + "." : text;
    }

    private static String exponent(double magnitude, int digits, boolean point) {
        if (magnitude == 0) {
            return "0" + (digits > 0 ? "." + "0".repeat(digits) : point ? "." : "") + "e+00";
        }
        BigDecimal rounded = LuaNumbers.rounded(magnitude, digits + 1);
        int power = rounded.precision() - rounded.scale() - 1;
        String all = rounded.unscaledValue().toString();
        String padded = all.length() < digits + 1 ? all + "0".repeat(digits + 1 - all.length()) : all;
        String mantissa = padded.charAt(0) + (digits > 0 ? "." + padded.substring(1, digits + 1) : point ? "." : "");
        return mantissa + (power < 0 ? "e-" : "e+") + (Math.abs(power) < 10 ? "0" : "") + Math.abs(power);
    }

    private static String unsignedGeneral(double magnitude, int digits, boolean alternative) {
        if (magnitude == 0) {
            return alternative && digits > 1 ? "0." + "0".repeat(digits - 1) : "0";
        }
        BigDecimal rounded = LuaNumbers.rounded(magnitude, digits);
        int power = rounded.precision() - rounded.scale() - 1;
        if (power < -4 || power >= digits) {
            String text = exponent(magnitude, digits - 1, alternative);
            int e = text.indexOf('e');
            return alternative ? text : stripZeros(text.substring(0, e)) + text.substring(e);
        }
        String text = rounded.setScale(Math.max(0, digits - 1 - power), RoundingMode.HALF_EVEN)
                .toPlainString();
        return alternative ? text : stripZeros(text);
    }

    private static String stripZeros(String number) {
        if (number.indexOf('.') < 0) {
            return number;
        }
        int end = number.length();
        while (number.charAt(end - 1) == '0') {
            end--;
        }
        return number.substring(0, number.charAt(end - 1) == '.' ? end - 1 : end);
    }
}
