package dev.holdfast.toolkit.job;

import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The five fields of a crontab: minute, hour, day of the month, month, day of the week. A field is {@code *}, a number, a range
 * {@code 1-5}, any of them with a step {@code 0-30/10}, or a list of those; months and days of the week may be named by three
 * letters, and Sunday is both 0 and 7. If both days are restricted, either is enough, as POSIX has it. {@code @hourly},
 * {@code @daily}, {@code @weekly}, {@code @monthly} and {@code @yearly} are short for the obvious.
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

    /** Every combination of day, month and weekday comes within so many days, if it comes at all. */
    private static final int SEARCHED_DAYS = 366 * 28;

    private final String text;
    private final BitSet minutes;
    private final BitSet hours;
    private final BitSet days;
    private final BitSet months;
    private final BitSet weekdays;
    private final boolean eitherDay;

    private CronExpression(String text) {
        this.text = text;
        String[] fields = SHORT.getOrDefault(text, text).trim().split("\\s+", -1);
        if (fields.length != 5) {
            throw new IllegalArgumentException("a crontab has five fields: " + text);
        }
        this.minutes = field(fields[0], 0, 59, List.of());
        this.hours = field(fields[1], 0, 23, List.of());
        this.days = field(fields[2], 1, 31, List.of());
        this.months = field(fields[3], 1, 12, MONTHS);
        this.weekdays = field(fields[4], 0, 7, DAYS);
        if (weekdays.get(7)) {
            weekdays.set(0);
        }
        this.eitherDay = !fields[2].startsWith("*") && !fields[4].startsWith("*");
    }

    /** @throws IllegalArgumentException if it is none */
    public static CronExpression parse(String text) {
        return new CronExpression(text);
    }

    private BitSet field(String field, int least, int most, List<String> names) {
        BitSet values = new BitSet();
        for (String part : field.split(",", -1)) {
            String[] stepped = part.split("/", -1);
            int step = stepped.length == 1 ? 1 : number(stepped[1], List.of());
            String range = stepped[0];
            int from = least;
            int to = most;
            if (!range.equals("*")) {
                String[] ends = range.split("-", -1);
                from = number(ends[0], names);
                to = ends.length > 1 ? number(ends[1], names) : stepped.length > 1 ? most : from;
                if (ends.length > 2) {
                    throw bad(field);
                }
            }
            if (stepped.length > 2 || step < 1 || from < least || to > most || from > to) {
                throw bad(field);
            }
            for (int value = from; value <= to; value += step) {
                values.set(value);
            }
        }
        return values;
    }

    private int number(String word, List<String> names) {
        int named = names.indexOf(word.toUpperCase(Locale.ROOT));
        if (named >= 0 && !word.isEmpty()) {
            return named;
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

    /**
     * The first time after another that it names. What a change to summer time skips is not named; what a change back repeats is
     * named once.
     *
     * @throws IllegalStateException if there is none, as with 30 February
     */
    public ZonedDateTime next(ZonedDateTime after) {
        ZonedDateTime day = after;
        for (int i = 0; i < SEARCHED_DAYS; i++, day = day.plusDays(1)) {
            if (!isDay(day)) {
                continue;
            }
            int firstHour = i == 0 ? after.getHour() : 0;
            for (int hour = hours.nextSetBit(firstHour); hour >= 0; hour = hours.nextSetBit(hour + 1)) {
                int firstMinute = i == 0 && hour == after.getHour() ? after.getMinute() + 1 : 0;
                int minute = minutes.nextSetBit(firstMinute);
                while (minute >= 0) {
                    ZonedDateTime time =
                            day.truncatedTo(ChronoUnit.DAYS).withHour(hour).withMinute(minute);
                    if (time.getHour() == hour && time.getMinute() == minute && time.isAfter(after)) {
                        return time;
                    }
                    minute = minutes.nextSetBit(minute + 1);
                }
            }
        }
        throw new IllegalStateException("the crontab '" + text + "' names no time");
    }

    private boolean isDay(ZonedDateTime day) {
        if (!months.get(day.getMonthValue())) {
            return false;
        }
        boolean byDate = days.get(day.getDayOfMonth());
        boolean byWeekday = weekdays.get(day.getDayOfWeek().getValue() % 7);
        return eitherDay ? byDate || byWeekday : byDate && byWeekday;
    }

    @Override
    public String toString() {
        return text;
    }
}
