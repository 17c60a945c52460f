package dev.holdfast.toolkit.job;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A crontab: minute, hour, day of the month, month, day of the week, and before them, if there are six fields, the second.
 *
 * <p>A field is {@code *} or {@code ?}, a number, a range {@code 1-5}, any of them with a step {@code 0-30/10}, or a list of those.
 * Months and days of the week may be named by three letters, in ranges too; Sunday is both 0 and 7. A day of the month may be
 * {@code L}, the last one, or {@code L-2}, the second before it. A day of the week may be {@code FRI#2}, the second of the month, or
 * {@code FRIL}, the last. If both days are restricted, either is enough, as POSIX has it. {@code @hourly}, {@code @daily},
 * {@code @weekly}, {@code @monthly} and {@code @yearly} are short for the obvious.
 */
public final class CronExpression {
    private static final Map<String, String> SHORT = Map.of(
            "@hourly", "0 * * * *",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@weekly", "0 0 * * 0",
            "@monthly", "0 0 1 * *",
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *");
    private static final List<String> MONTHS =
            List.of("", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");
    private static final List<String> DAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    /** The calendar repeats itself after so many days. */
    private static final int CALENDAR_DAYS = 146_097;

    private static final int LAST_WEEK = 6;

    private final String text;
    private final BitSet seconds;
    private final BitSet minutes;
    private final BitSet hours;
    private final BitSet days = new BitSet();
    /** Days of the month counted from its end, the last one as 0. */
    private final BitSet daysBeforeEnd = new BitSet();

    private final BitSet months;
    private final BitSet weekdays = new BitSet();
    /** Single days of a month: ten times the week, {@value #LAST_WEEK} for the last one, and the day of the week. */
    private final BitSet numberedWeekdays = new BitSet();

    private final boolean eitherDay;
    private final boolean anyHour;
    private final boolean realTime;

    private CronExpression(String text) {
        this.text = text;
        String trimmed = text.trim();
        String[] fields =
                SHORT.getOrDefault(trimmed.toLowerCase(Locale.ROOT), trimmed).split("\\s+", -1);
        if (fields.length != 5 && fields.length != 6) {
            throw new IllegalArgumentException("a crontab has five or six fields: '" + text + "'");
        }
        int at = fields.length - 5;
        String second = at == 0 ? "0" : fields[0];
        this.seconds = field(second, 0, 59, List.of());
        this.minutes = field(fields[at], 0, 59, List.of());
        this.hours = field(fields[at + 1], 0, 23, List.of());
        daysOfMonth(fields[at + 2]);
        this.months = field(fields[at + 3], 1, 12, MONTHS);
        daysOfWeek(fields[at + 4]);
        this.eitherDay = !isAny(fields[at + 2]) && !isAny(fields[at + 4]);
        this.anyHour = isAny(fields[at + 1]);
        this.realTime = anyHour || isAny(fields[at]) || isAny(second);
        if (nextDay(LocalDate.of(2000, 1, 1)) == null) {
            throw new IllegalArgumentException("the crontab '" + text + "' names no day that there is");
        }
    }

    /** @throws IllegalArgumentException if it is none, or names no time that ever comes, such as 30 February */
    public static CronExpression parse(String text) {
        return new CronExpression(text);
    }

    private static boolean isAny(String field) {
        return field.startsWith("*") || field.startsWith("?");
    }

    private void daysOfMonth(String field) {
        for (String part : field.split(",", -1)) {
            String upper = part.toUpperCase(Locale.ROOT);
            if (upper.equals("L")) {
                daysBeforeEnd.set(0);
            } else if (upper.startsWith("L-")) {
                int before = number(part.substring(2), List.of());
                if (before < 0 || before > 30) {
                    throw bad(field);
                }
                daysBeforeEnd.set(before);
            } else {
                days.or(field(part, 1, 31, List.of()));
            }
        }
    }

    private void daysOfWeek(String field) {
        for (String part : field.split(",", -1)) {
            int hash = part.indexOf('#');
            if (hash >= 0) {
                int week = number(part.substring(hash + 1), List.of());
                if (week < 1 || week > 5) {
                    throw bad(field);
                }
                numberedWeekdays.set(10 * week + weekday(part.substring(0, hash), field));
            } else if (part.length() > 1 && Character.toUpperCase(part.charAt(part.length() - 1)) == 'L') {
                numberedWeekdays.set(10 * LAST_WEEK + weekday(part.substring(0, part.length() - 1), field));
            } else {
                weekdays.or(field(part, 0, 7, DAYS));
            }
        }
        if (weekdays.get(7)) {
            weekdays.set(0);
        }
    }

    private int weekday(String word, String field) {
        int day = number(word, DAYS);
        if (day < 0 || day > 7) {
            throw bad(field);
        }
        return day % 7;
    }

    private BitSet field(String field, int least, int most, List<String> names) {
        BitSet values = new BitSet();
        for (String part : field.split(",", -1)) {
            String[] stepped = part.split("/", -1);
            int step = stepped.length == 1 ? 1 : number(stepped[1], List.of());
            String range = stepped[0];
            int from = least;
            int to = most;
            if (!range.equals("*") && !range.equals("?")) {
                String[] ends = range.split("-", -1);
                from = number(ends[0], names);
                to = ends.length > 1 ? number(ends[1], names) : stepped.length > 1 ? most : from;
                if (ends.length > 2) {
                    throw bad(field);
                }
                if (to == 0 && from > 0 && most == 7) {
                    // A week that ends on Sunday, as in FRI-SUN.
                    to = 7;
                }
            }
            if (stepped.length > 2 || step < 1 || from < least || to > most || from > to) {
                throw bad(field);
            }
            for (int value = from; value <= to; value += step) {
                values.set(value);
                if (step > most) {
                    break;
                }
            }
        }
        return values;
    }

    private int number(String word, List<String> names) {
        int named = names.indexOf(word.toUpperCase(Locale.ROOT));
        if (named >= 0 && !word.isEmpty()) {
            return named;
        }
        if (word.isEmpty() || !word.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw bad(word);
        }
        try {
            return Integer.parseInt(word);
        } catch (NumberFormatException e) {
            throw bad(word);
        }
    }

    private IllegalArgumentException bad(String what) {
        return new IllegalArgumentException("not understood in the crontab '" + text + "': " + what);
    }

    /** The first time after another that it names, where clocks change as {@link ClockChange#CRON} says. */
    public ZonedDateTime next(ZonedDateTime after) {
        return next(after, ClockChange.CRON);
    }

    /** The first time after another that it names, to the second. */
    public ZonedDateTime next(ZonedDateTime after, ClockChange change) {
        ZoneRules rules = after.getZone().getRules();
        ZonedDateTime time = after.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
        // From one change of the clocks to the next, one of them in each round.
        while (true) {
            ZoneOffsetTransition next = rules.isFixedOffset() ? null : rules.nextTransition(time.toInstant());
            LocalDateTime from = time.toLocalDateTime();
            if (change == ClockChange.CRON && !realTime) {
                ZoneOffsetTransition last = rules.isFixedOffset()
                        ? null
                        : rules.previousTransition(time.toInstant().plusNanos(1));
                if (last != null && last.isOverlap() && from.isBefore(last.getDateTimeBefore())) {
                    from = last.getDateTimeBefore();
                }
            }
            LocalDateTime found = nextLocal(from);
            if (found != null && (next == null || found.isBefore(next.getDateTimeBefore()))) {
                return ZonedDateTime.ofInstant(found, time.getOffset(), after.getZone());
            }
            if (next == null) {
                throw new IllegalStateException("the crontab '" + text + "' names no time after " + after);
            }
            time = ZonedDateTime.ofInstant(next.getInstant(), after.getZone());
            if (change == ClockChange.CRON && next.isGap() && !anyHour && isWithin(next)) {
                return time;
            }
        }
    }

    private boolean isWithin(ZoneOffsetTransition gap) {
        LocalDateTime skipped = nextLocal(gap.getDateTimeBefore());
        return skipped != null && skipped.isBefore(gap.getDateTimeAfter());
    }

    /** The first reading of a clock, from one on, that it names; null if that is too far for a date. */
    private @Nullable LocalDateTime nextLocal(LocalDateTime from) {
        LocalDate day = nextDay(from.toLocalDate());
        if (day == null) {
            return null;
        }
        if (day.equals(from.toLocalDate())) {
            LocalTime time = nextTime(from.toLocalTime());
            if (time != null) {
                return day.atTime(time);
            }
            day = nextDay(day.plusDays(1));
        }
        return day == null ? null : day.atTime(hours.nextSetBit(0), minutes.nextSetBit(0), seconds.nextSetBit(0));
    }

    private @Nullable LocalTime nextTime(LocalTime from) {
        int hour = hours.nextSetBit(from.getHour());
        if (hour == from.getHour()) {
            int minute = minutes.nextSetBit(from.getMinute());
            if (minute == from.getMinute()) {
                int second = seconds.nextSetBit(from.getNano() == 0 ? from.getSecond() : from.getSecond() + 1);
                if (second >= 0) {
                    return LocalTime.of(hour, minute, second);
                }
                minute = minutes.nextSetBit(minute + 1);
            }
            if (minute >= 0) {
                return LocalTime.of(hour, minute, seconds.nextSetBit(0));
            }
            hour = hours.nextSetBit(hour + 1);
        }
        return hour < 0 ? null : LocalTime.of(hour, minutes.nextSetBit(0), seconds.nextSetBit(0));
    }

    private @Nullable LocalDate nextDay(LocalDate from) {
        LocalDate day = from;
        LocalDate end = from.plusDays(CALENDAR_DAYS);
        while (day.isBefore(end)) {
            if (!months.get(day.getMonthValue())) {
                day = day.withDayOfMonth(1).plusMonths(1);
            } else if (isDay(day)) {
                return day;
            } else {
                day = day.plusDays(1);
            }
        }
        return null;
    }

    private boolean isDay(LocalDate day) {
        int left = day.lengthOfMonth() - day.getDayOfMonth();
        boolean byDate = days.get(day.getDayOfMonth()) || daysBeforeEnd.get(left);
        DayOfWeek dayOfWeek = day.getDayOfWeek();
        int weekday = dayOfWeek.getValue() % 7;
        boolean byWeekday = weekdays.get(weekday)
                || numberedWeekdays.get(10 * ((day.getDayOfMonth() - 1) / 7 + 1) + weekday)
                || left < 7 && numberedWeekdays.get(10 * LAST_WEEK + weekday);
        return eitherDay ? byDate || byWeekday : byDate && byWeekday;
    }

    @Override
    public String toString() {
        return text;
    }
}
