package dev.holdfast.toolkit.pattern;

import java.time.Duration;
import java.time.Instant;

/** Times as numbers, whatever a program gives: what is longer than a thousand years is a thousand years. */
public final class Durations {
    private static final Duration LONGEST = Duration.ofDays(365_000);
    private static final Duration LEAST = LONGEST.negated();
    private static final Duration CENTURY = Duration.ofDays(36_500);
    private static final Instant LAST = Instant.EPOCH.plus(LONGEST);

    private Durations() {}

    /**
     * A duration that an application has chosen.
     *
     * @param what what it is, for the message: "a lease"
     * @throws IllegalArgumentException if it is shorter than {@code least}, or longer than a century
     */
    public static Duration checked(String what, Duration duration, Duration least) {
        if (duration.compareTo(least) < 0 || duration.compareTo(CENTURY) > 0) {
            throw new IllegalArgumentException(what + " lasts from " + least + " to " + CENTURY + ": " + duration);
        }
        return duration;
    }

    /** The milliseconds of a duration, begun ones included; negative for one that is. */
    public static long millis(Duration duration) {
        if (duration.compareTo(LONGEST) >= 0) {
            return LONGEST.toMillis();
        }
        if (duration.compareTo(LEAST) <= 0) {
            return -LONGEST.toMillis();
        }
        return duration.plusNanos(999_999).toMillis();
    }

    /** The nanoseconds of a duration, for waits by {@link System#nanoTime}: a century at most, and 0 for a negative one. */
    public static long nanos(Duration duration) {
        return duration.isNegative() ? 0 : duration.compareTo(CENTURY) > 0 ? CENTURY.toNanos() : duration.toNanos();
    }

    /** Milliseconds since 1970; at least 1, so that 0 can stand for none. */
    public static long epochMillis(Instant time) {
        return time.isAfter(LAST)
                ? LAST.toEpochMilli()
                : time.isBefore(Instant.ofEpochMilli(1)) ? 1 : time.toEpochMilli();
    }
}
