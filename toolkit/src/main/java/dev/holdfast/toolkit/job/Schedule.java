package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.pattern.Durations;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.function.LongUnaryOperator;

/**
 * When a job is added again and again.
 *
 * <pre>
 * Schedule.cron("30 4 * * MON-FRI", ZoneId.of("Europe/Zurich")).misfire(Misfire.SKIP)
 * Schedule.every(Duration.ofSeconds(90))
 * </pre>
 */
public final class Schedule {
    private final String text;
    /** The first time after another, in milliseconds since 1970. */
    private final LongUnaryOperator next;

    private final Misfire misfire;

    private Schedule(String text, LongUnaryOperator next, Misfire misfire) {
        this.text = text;
        this.next = next;
        this.misfire = misfire;
    }

    /** @throws IllegalArgumentException if it is no crontab; see {@link CronExpression} */
    public static Schedule cron(String crontab, ZoneId zone) {
        return cron(CronExpression.parse(crontab), zone);
    }

    public static Schedule cron(CronExpression crontab, ZoneId zone) {
        return cron(crontab, zone, ClockChange.CRON);
    }

    /** The times of a crontab in a zone. */
    public static Schedule cron(CronExpression crontab, ZoneId zone, ClockChange change) {
        Objects.requireNonNull(change);
        return new Schedule(
                crontab + " " + zone,
                after -> crontab.next(ZonedDateTime.ofInstant(Instant.ofEpochMilli(after), zone), change)
                        .toInstant()
                        .toEpochMilli(),
                Misfire.ONCE);
    }

    /**
     * The multiples of an interval since 1970, so that all processes mean the same times.
     *
     * @param interval at least a second
     */
    public static Schedule every(Duration interval) {
        long millis = Durations.millis(interval);
        if (millis < 1000) {
            throw new IllegalArgumentException("an interval must be a second at least: " + interval);
        }
        return new Schedule("every " + interval, after -> (Math.floorDiv(after, millis) + 1) * millis, Misfire.ONCE);
    }

    /** What becomes of times at which no process was there; else {@link Misfire#ONCE}. */
    public Schedule misfire(Misfire misfire) {
        return new Schedule(text, next, Objects.requireNonNull(misfire));
    }

    Misfire misfire() {
        return misfire;
    }

    /** The first time after another, in milliseconds since 1970. */
    long next(long afterMillis) {
        return next.applyAsLong(afterMillis);
    }

    /** The last time up to now that comes after another; -1 for none. */
    long lastDue(long afterMillis, long nowMillis) {
        if (next(afterMillis) > nowMillis) {
            return -1;
        }
        // The next time of an earlier moment is never later: halve until the last moment is found whose next time has
        // come.
        long from = afterMillis;
        long to = nowMillis;
        while (to - from > 1) {
            long middle = from + (to - from) / 2;
            if (next(middle) <= nowMillis) {
                from = middle;
            } else {
                to = middle;
            }
        }
        return next(from);
    }

    @Override
    public String toString() {
        return text;
    }
}
