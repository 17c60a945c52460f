package dev.holdfast.toolkit.ranking;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.TemporalAdjusters;

/**
 * The windows of time after which a board starts anew.
 *
 * @param unit how long one is
 * @param zone where days begin at midnight
 * @param kept how many windows are kept, the present one among them; at least 1
 */
public record Window(Unit unit, ZoneId zone, int kept) {
    /** A day, a week from Monday on, or a month. */
    public enum Unit {
        DAY,
        WEEK,
        MONTH;

        private LocalDate begin(LocalDate day) {
            return switch (this) {
                case DAY -> day;
                case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
                case MONTH -> day.withDayOfMonth(1);
            };
        }

        private LocalDate move(LocalDate begin, int by) {
            return switch (this) {
                case DAY -> begin.plusDays(by);
                case WEEK -> begin.plusWeeks(by);
                case MONTH -> begin.plusMonths(by);
            };
        }
    }

    public Window {
        if (kept < 1) {
            throw new IllegalArgumentException("the present window must be kept: " + kept);
        }
    }

    /** The first day of the window that an instant is in. */
    LocalDate begin(Instant instant) {
        return unit.begin(LocalDate.ofInstant(instant, zone));
    }

    /** The first day of the window that is so many before another. */
    LocalDate before(LocalDate begin, int windows) {
        return unit.move(begin, -windows);
    }

    /** How long after an instant its window is not kept any more. */
    Duration life(Instant now) {
        return Duration.between(
                now, unit.move(begin(now), kept).atStartOfDay(zone).toInstant());
    }
}
