package dev.holdfast.engine.config;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import java.util.List;
import java.util.Locale;

/** A whole number, a size in bytes with units such as {@code 64mb}, or a percentage. */
public final class NumberParameter extends Parameter {
    /** How the text is to be read. */
    public enum Unit {
        NONE,
        /** Bytes: the text may end in b, k, kb, m, mb, g or gb. */
        BYTES,
        /** As BYTES, or a negative number. */
        SIGNED_BYTES,
        /** As BYTES, up to 2⁶⁴ − 1: what is beyond 2⁶³ − 1 is shown as it was given, and stands for no end. */
        UNSIGNED_BYTES,
        /** As BYTES, but {@code n%} stands for a percentage and is kept as a negative number. */
        BYTES_OR_PERCENT,
        /** Written in base eight, as file modes are. */
        OCTAL
    }

    private final long defaultValue;
    private final long min;
    private final long max;
    private final Unit unit;
    private long lowest = Long.MIN_VALUE;
    private long highest = Long.MAX_VALUE;
    private volatile long value;

    NumberParameter(String name, long defaultValue, long min, long max, Unit unit) {
        super(name);
        this.defaultValue = defaultValue;
        this.min = min;
        this.max = max;
        this.unit = unit;
        this.value = defaultValue;
    }

    /** Keeps values that are accepted but lie beyond these as the nearer of the two. */
    NumberParameter clampedTo(long lowest, long highest) {
        this.lowest = lowest;
        this.highest = highest;
        return this;
    }

    public long get() {
        long bits = value;
        return unit == Unit.UNSIGNED_BYTES && bits < 0 ? Long.MAX_VALUE : bits;
    }

    public int getInt() {
        return (int) value;
    }

    public void set(long value) {
        this.value = value;
        changed();
    }

    @Override
    public String text() {
        return show(value);
    }

    @Override
    public String defaultText() {
        return show(defaultValue);
    }

    private String show(long number) {
        if (unit == Unit.OCTAL) {
            return Long.toOctalString(number);
        }
        if (unit == Unit.UNSIGNED_BYTES) {
            return Long.toUnsignedString(number);
        }
        return unit == Unit.BYTES_OR_PERCENT && number < 0 ? -number + "%" : Long.toString(number);
    }

    @Override
    public void parse(String text) throws ConfigException {
        long parsed = switch (unit) {
            case NONE -> number(text, 10, "argument couldn't be parsed into an integer");
            case OCTAL -> number(text, 8, "argument couldn't be parsed as an octal number");
            case SIGNED_BYTES ->
                text.startsWith("-")
                        ? number(text, 10, "argument must be a memory value")
                        : bytes(text, "argument must be a memory value");
            case BYTES, UNSIGNED_BYTES -> bytes(text, "argument must be a memory value");
            case BYTES_OR_PERCENT ->
                text.endsWith("%")
                        ? -number(
                                text.substring(0, text.length() - 1), 10, "argument must be a memory or percent value")
                        : Math.max(0, bytes(text, "argument must be a memory or percent value"));
        };
        if (unit == Unit.UNSIGNED_BYTES) {
            value = parsed;
            return;
        }
        if (unit == Unit.BYTES_OR_PERCENT && parsed < 0) {
            if (parsed < min) {
                throw new ConfigException("percentage argument must be less or equal to " + -min);
            }
        } else if (parsed < min || parsed > max) {
            throw new ConfigException(
                    unit == Unit.OCTAL
                            ? "argument must be between " + Long.toOctalString(min) + " and " + Long.toOctalString(max)
                                    + " inclusive"
                            : "argument must be between " + min + " and " + max + " inclusive");
        }
        value = Math.clamp(parsed, lowest, highest);
    }

    /** Sizes in the largest unit that divides them. */
    @Override
    List<String> lines() {
        long bytes = value;
        boolean isSize = unit != Unit.NONE && unit != Unit.OCTAL && bytes >= 0;
        return isSize ? List.of(size(bytes)) : super.lines();
    }

    /** A size such as {@code 64mb}, in the largest unit that divides it. */
    static String size(long bytes) {
        if (bytes != 0 && bytes % (1L << 30) == 0) {
            return (bytes >> 30) + "gb";
        }
        if (bytes != 0 && bytes % (1L << 20) == 0) {
            return (bytes >> 20) + "mb";
        }
        return bytes != 0 && bytes % (1L << 10) == 0 ? (bytes >> 10) + "kb" : Long.toString(bytes);
    }

    private static long number(String text, int radix, String message) throws ConfigException {
        if (radix == 10) {
            Slice digits = Slice.of(text);
            if (!Numbers.isLong(digits)) {
                throw new ConfigException(message);
            }
            return Numbers.toLong(digits);
        }
        try {
            return Long.parseLong(text, radix);
        } catch (NumberFormatException e) {
            throw new ConfigException(message);
        }
    }

    /**
     * Reads a size such as {@code 1gb} (2³⁰) or {@code 1g} (10⁹), as Valkey does: a number without a sign, whose product with the
     * unit is cut to 64 bits. No digits are 0.
     *
     * @return 64 bits, negative from 2⁶³ on
     */
    public static long bytes(String text, String message) throws ConfigException {
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        long factor = switch (text.substring(digits).toLowerCase(Locale.ROOT)) {
            case "", "b" -> 1L;
            case "k" -> 1_000L;
            case "kb" -> 1L << 10;
            case "m" -> 1_000_000L;
            case "mb" -> 1L << 20;
            case "g" -> 1_000_000_000L;
            case "gb" -> 1L << 30;
            default -> throw new ConfigException(message);
        };
        try {
            return digits == 0 ? 0 : Long.parseUnsignedLong(text.substring(0, digits)) * factor;
        } catch (NumberFormatException e) {
            throw new ConfigException(message);
        }
    }
}
