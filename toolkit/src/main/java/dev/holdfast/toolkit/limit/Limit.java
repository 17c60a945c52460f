package dev.holdfast.toolkit.limit;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import java.util.Optional;

/**
 * How much may happen in how long, and how that is counted.
 *
 * <table>
 * <caption>The algorithms</caption>
 * <tr><th></th><th>what it allows</th><th>what it keeps for each subject</th></tr>
 * <tr><td>{@link #fixedWindow}</td><td>the amount in each window, which begins with its first use; so up to twice the amount
 * in a moment between two windows</td><td>one counter</td></tr>
 * <tr><td>{@link #calendarWindow}</td><td>the amount in each hour, day, week, month or year of a time zone</td><td>one counter</td></tr>
 * <tr><td>{@link #slidingLog}</td><td>exactly the amount in any period</td><td>each use: up to the amount</td></tr>
 * <tr><td>{@link #slidingCounter}</td><td>about the amount in any period: as if the uses of the last period had been
 * spread evenly</td><td>two counters</td></tr>
 * <tr><td>{@link #tokenBucket}</td><td>a burst at once, and then the amount spread evenly over each period</td><td>one
 * number</td></tr>
 * </table>
 *
 * @param algorithm how uses are counted
 * @param amount how much may happen in a period; at least 1
 * @param period how long it counts; at least a millisecond
 * @param burst the most that may happen at once; for all but the token bucket the amount
 * @param calendar the calendar that the windows follow, if they do
 */
public record Limit(Algorithm algorithm, long amount, Duration period, long burst, Optional<Calendar> calendar) {
    /** How uses are counted; see {@link Limit}. */
    public enum Algorithm {
        WINDOW,
        LOG,
        COUNTER,
        BUCKET;

        /** The name that the script knows it by. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Windows that begin with an hour, a day, a week (on Monday), a month or a year of a time zone. */
    public record Calendar(ChronoUnit unit, ZoneId zone) {
        public Calendar {
            begin(ZonedDateTime.now(zone), unit);
        }

        private static ZonedDateTime begin(ZonedDateTime time, ChronoUnit unit) {
            LocalDate day = time.toLocalDate();
            return switch (unit) {
                case HOURS -> time.truncatedTo(ChronoUnit.HOURS);
                case DAYS -> day.atStartOfDay(time.getZone());
                case WEEKS ->
                    day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)).atStartOfDay(time.getZone());
                case MONTHS -> day.withDayOfMonth(1).atStartOfDay(time.getZone());
                case YEARS -> day.withDayOfYear(1).atStartOfDay(time.getZone());
                default -> throw new IllegalArgumentException("a window is an hour, a day, a week, a month or a year");
            };
        }

        /** When the window begins that a time is in. */
        Instant begin(long millis) {
            return begin(Instant.ofEpochMilli(millis).atZone(zone), unit).toInstant();
        }

        /** When it ends, in milliseconds since 1970. */
        long endMillis(long millis) {
            ZonedDateTime begin = begin(Instant.ofEpochMilli(millis).atZone(zone), unit);
            ZonedDateTime next = unit == ChronoUnit.HOURS
                    ? begin.plusHours(1)
                    : begin.toLocalDate().plus(1, unit).atStartOfDay(zone);
            return next.toInstant().toEpochMilli();
        }
    }

    /** How much a log may hold: each use is an entry of its own. */
    private static final long MOST_LOGGED = 10_000;

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(3650);

    /** Beyond this a script's numbers are not exact any more. */
    private static final long MOST = 1L << 40;

    public Limit {
        if (amount < 1 || amount > MOST || burst < 1 || burst > MOST) {
            throw new IllegalArgumentException(
                    "an amount must be between 1 and " + MOST + ": " + amount + ", " + burst);
        }
        if (algorithm == Algorithm.LOG && amount > MOST_LOGGED) {
            throw new IllegalArgumentException("a log keeps each use, so it is for up to " + MOST_LOGGED
                    + "; a sliding counter is for more: " + amount);
        }
        if (period.compareTo(SHORTEST) < 0 || period.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("a period must be between a millisecond and ten years: " + period);
        }
    }

    public Limit(Algorithm algorithm, long amount, Duration period, long burst) {
        this(algorithm, amount, period, burst, Optional.empty());
    }

    /**
     * A counter for each window of a calendar.
     *
     * @param unit HOURS, DAYS, WEEKS (from Monday on), MONTHS or YEARS
     * @param zone where days begin at midnight
     */
    public static Limit calendarWindow(long amount, ChronoUnit unit, ZoneId zone) {
        return new Limit(Algorithm.WINDOW, amount, unit.getDuration(), amount, Optional.of(new Calendar(unit, zone)));
    }

    /** A counter that begins with the first use and ends a window later. */
    public static Limit fixedWindow(long amount, Duration window) {
        return new Limit(Algorithm.WINDOW, amount, window, amount);
    }

    /** The time of each use, kept for a period; for amounts of up to 10,000. */
    public static Limit slidingLog(long amount, Duration period) {
        return new Limit(Algorithm.LOG, amount, period, amount);
    }

    /** A counter for this period, and one for the last, which weighs less the longer that is over. */
    public static Limit slidingCounter(long amount, Duration period) {
        return new Limit(Algorithm.COUNTER, amount, period, amount);
    }

    /** A bucket that holds the amount, and is filled evenly, from empty to full in a period. */
    public static Limit tokenBucket(long amount, Duration period) {
        return tokenBucket(amount, period, amount);
    }

    /**
     * A bucket that is filled evenly, by the amount in each period: the generic cell rate algorithm.
     *
     * @param burst how much the bucket holds
     */
    public static Limit tokenBucket(long amount, Duration period, long burst) {
        return new Limit(Algorithm.BUCKET, amount, period, burst);
    }

    long periodMicros() {
        return period.toNanos() / 1000;
    }
}
