package dev.holdfast.toolkit.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronExpressionTest {
    @ParameterizedTest
    @CsvSource({
        "* * * * *,          2026-11-21T10:00:30Z, 2026-11-21T10:01Z",
        "*/15 * * * *,       2026-11-21T10:00:00Z, 2026-11-21T10:15Z",
        "*/15 * * * *,       2026-11-21T10:45:00Z, 2026-11-21T11:00Z",
        "30 4 * * *,         2026-11-21T10:00:00Z, 2026-11-22T04:30Z",
        "0 9-17/4 * * 1-5,   2026-11-20T17:00:00Z, 2026-11-23T09:00Z",
        "0 0 1 1 *,          2026-11-21T10:00:00Z, 2027-01-01T00:00Z",
        "@monthly,           2026-12-01T00:00:00Z, 2027-01-01T00:00Z",
        "0 12 * * SUN,       2026-11-21T10:00:00Z, 2026-11-22T12:00Z",
        "0 12 * * 7,         2026-11-21T10:00:00Z, 2026-11-22T12:00Z",
        "0 0 13 * FRI,       2026-11-21T10:00:00Z, 2026-11-27T00:00Z",
        "0 0 29 2 *,         2026-11-21T10:00:00Z, 2028-02-29T00:00Z",
        "'5,10 3 * JAN *',   2026-11-21T10:00:00Z, 2027-01-01T03:05Z",
        "10/20 * * * *,      2026-11-21T10:31:00Z, 2026-11-21T10:50Z",
    })
    void namesTheNextTime(String crontab, String after, String next) {
        assertEquals(ZonedDateTime.parse(next), CronExpression.parse(crontab).next(ZonedDateTime.parse(after)));
    }

    @ParameterizedTest
    @CsvSource({
        "30 * * * * *,       2026-11-21T10:00:30Z, 2026-11-21T10:01:30Z",
        "*/20 0 0 * * *,     2026-11-21T00:00:40Z, 2026-11-22T00:00:00Z",
        "0 0 L * *,          2026-11-21T10:00:00Z, 2026-11-30T00:00Z",
        "0 0 L-2 2 *,        2026-11-21T10:00:00Z, 2027-02-26T00:00Z",
        "'0 0 1,L * *',      2026-12-01T10:00:00Z, 2026-12-31T00:00Z",
        "0 0 * * FRI#2,      2026-11-21T10:00:00Z, 2026-12-11T00:00Z",
        "0 0 * * 5#5,        2026-11-21T10:00:00Z, 2027-01-29T00:00Z",
        "0 0 * * FRIL,       2026-11-28T10:00:00Z, 2026-12-25T00:00Z",
        "0 0 * * 7L,         2026-11-21T10:00:00Z, 2026-11-29T00:00Z",
        "0 0 * JAN-MAR MON,  2026-11-21T10:00:00Z, 2027-01-04T00:00Z",
        "0 0 * * FRI-SUN,    2026-11-21T10:00:00Z, 2026-11-22T00:00Z",
        "0 0 * * mon-wed/2,  2026-11-21T10:00:00Z, 2026-11-23T00:00Z",
        "0 0 ? * MON,        2026-11-21T10:00:00Z, 2026-11-23T00:00Z",
        "0 0 29 2 MON#5,     2026-11-21T10:00:00Z, 2028-02-29T00:00Z",
        "@Daily,             2026-11-21T10:00:00Z, 2026-11-22T00:00Z",
    })
    void knowsSecondsAndNumberedDays(String crontab, String after, String next) {
        assertEquals(ZonedDateTime.parse(next), CronExpression.parse(crontab).next(ZonedDateTime.parse(after)));
    }

    @ParameterizedTest
    @CsvSource({
        // A gap: what it skips comes right after it, once, and what follows the real time does not.
        "30 2 * * *,     2027-03-28T00:00+01:00[Europe/Zurich],      2027-03-28T03:00+02:00[Europe/Zurich]",
        "30 2 * * *,     2027-03-28T03:00+02:00[Europe/Zurich],      2027-03-29T02:30+02:00[Europe/Zurich]",
        "'0,30 2 * * *', 2027-03-28T00:00+01:00[Europe/Zurich],      2027-03-28T03:00+02:00[Europe/Zurich]",
        "'0 2,3 * * *',  2027-03-28T00:00+01:00[Europe/Zurich],      2027-03-28T03:00+02:00[Europe/Zurich]",
        "'0 2,3 * * *',  2027-03-28T03:00+02:00[Europe/Zurich],      2027-03-29T02:00+02:00[Europe/Zurich]",
        "*/15 2 * * *,   2027-03-28T00:00+01:00[Europe/Zurich],      2027-03-28T03:00+02:00[Europe/Zurich]",
        "@hourly,        2027-03-28T01:00+01:00[Europe/Zurich],      2027-03-28T03:00+02:00[Europe/Zurich]",
        "30 * * * *,     2027-03-28T01:30+01:00[Europe/Zurich],      2027-03-28T03:30+02:00[Europe/Zurich]",
        "@daily,         2026-04-23T12:00+02:00[Africa/Cairo],       2026-04-24T01:00+03:00[Africa/Cairo]",
        "@daily,         2026-03-28T12:00+02:00[Asia/Beirut],        2026-03-29T01:00+03:00[Asia/Beirut]",
        "@daily,         2026-09-05T12:00-04:00[America/Santiago],   2026-09-06T01:00-03:00[America/Santiago]",
        "@weekly,        2026-09-05T12:00-04:00[America/Santiago],   2026-09-06T01:00-03:00[America/Santiago]",
        "0 9 * * *,      2011-12-29T12:00-10:00[Pacific/Apia],       2011-12-31T00:00+14:00[Pacific/Apia]",
        // An overlap: a fixed time comes once, what follows the real time loses nothing.
        "30 2 * * *,     2027-10-31T00:00+02:00[Europe/Zurich],      2027-10-31T02:30+02:00[Europe/Zurich]",
        "30 2 * * *,     2027-10-31T02:30+02:00[Europe/Zurich],      2027-11-01T02:30+01:00[Europe/Zurich]",
        "'0 2,3 * * *',  2027-10-31T02:00+02:00[Europe/Zurich],      2027-10-31T03:00+01:00[Europe/Zurich]",
        "*/15 * * * *,   2026-10-25T02:45+02:00[Europe/Berlin],      2026-10-25T02:00+01:00[Europe/Berlin]",
        "*/15 * * * *,   2026-10-25T02:00+01:00[Europe/Berlin],      2026-10-25T02:15+01:00[Europe/Berlin]",
        "@hourly,        2026-10-25T02:00+02:00[Europe/Berlin],      2026-10-25T02:00+01:00[Europe/Berlin]",
        "@daily,         2026-10-24T12:00+03:00[Asia/Beirut],        2026-10-25T00:00+02:00[Asia/Beirut]",
        "30 23 * * *,    2026-10-24T12:00+03:00[Asia/Beirut],        2026-10-24T23:30+03:00[Asia/Beirut]",
        "30 23 * * *,    2026-10-24T23:30+03:00[Asia/Beirut],        2026-10-25T23:30+02:00[Asia/Beirut]",
    })
    void followsTheClocksOfTheZone(String crontab, String after, String next) {
        assertEquals(ZonedDateTime.parse(next), CronExpression.parse(crontab).next(ZonedDateTime.parse(after)));
    }

    @ParameterizedTest
    @CsvSource({
        "30 2 * * *,     2027-03-28T00:00+01:00[Europe/Zurich],      2027-03-29T02:30+02:00[Europe/Zurich]",
        "30 2 * * *,     2027-10-31T02:30+02:00[Europe/Zurich],      2027-10-31T02:30+01:00[Europe/Zurich]",
    })
    void mayTakeTheClocksLiterally(String crontab, String after, String next) {
        assertEquals(
                ZonedDateTime.parse(next),
                CronExpression.parse(crontab).next(ZonedDateTime.parse(after), ClockChange.LITERAL));
    }

    /** Whatever the zone: times grow, none of an hourly crontab is more than an hour after the one before, and a day has its run. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Europe/Berlin",
                "America/New_York",
                "Australia/Lord_Howe",
                "Asia/Beirut",
                "Africa/Cairo",
                "America/Santiago",
                "UTC"
            })
    void losesNoRunInAYear(String zone) {
        ZonedDateTime start = ZonedDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneId.of(zone));
        CronExpression quarters = CronExpression.parse("*/15 * * * *");
        ZonedDateTime time = start;
        while (time.getYear() == 2026) {
            ZonedDateTime next = quarters.next(time);
            assertEquals(Duration.ofMinutes(15), Duration.between(time, next), () -> "after " + next);
            time = next;
        }
        for (String crontab : List.of("@daily", "30 1 * * *", "15 2 * * *", "0 12 * * *")) {
            CronExpression daily = CronExpression.parse(crontab);
            int runs = 0;
            for (time = daily.next(start.minusSeconds(1)); time.getYear() == 2026; time = daily.next(time)) {
                runs++;
            }
            assertEquals(365, runs, crontab);
        }
    }

    @Test
    void aScheduleKnowsTheLastTimeThatWasMissed() {
        Schedule secondly = Schedule.cron("* * 3 * * *", ZoneOffset.UTC);
        long now = Instant.parse("2026-11-21T05:00:00Z").toEpochMilli();
        long before = Instant.parse("2020-01-01T00:00:00Z").toEpochMilli();
        assertEquals(Instant.parse("2026-11-21T03:59:59Z").toEpochMilli(), secondly.lastDue(before, now));
        assertEquals(-1, secondly.lastDue(now - 1000, now));
        Schedule every = Schedule.every(Duration.ofSeconds(90));
        assertEquals(now - now % 90_000, every.lastDue(before, now));
        assertThrows(IllegalArgumentException.class, () -> Schedule.every(Duration.ZERO));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "* * * *",
                "* * * * * * *",
                "* * * * * 8",
                "60 * * * *",
                "* 24 * * *",
                "* * 0 * *",
                "* * * 13 *",
                "* * * * 8",
                "5-1 * * * *",
                "*/0 * * * *",
                "1-2-3 * * * *",
                "a * * * *",
                "1, * * * *",
                "1//2 * * * *",
                "@never",
                "+1 * * * *",
                "* * L-31 * *",
                "* * * * MON#6",
                "* * * * MON#0",
                "* * * * L#2",
                "* * * * 8L",
                "0 0 30 2 *",
                "0 0 31 2,4,6,9,11 *",
                "0 0 L-30 2,4,6,9,11 *",
                "0 0 31 4 ?"
            })
    void refusesWhatIsNone(String crontab) {
        assertThrows(IllegalArgumentException.class, () -> CronExpression.parse(crontab));
    }
}
