package dev.holdfast.toolkit.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.ZonedDateTime;
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

    @Test
    void followsTheClocksOfTheZone() {
        CronExpression atHalfPastTwo = CronExpression.parse("30 2 * * *");
        ZonedDateTime before = ZonedDateTime.parse("2027-03-27T12:00+01:00[Europe/Zurich]");
        assertEquals(
                ZonedDateTime.parse("2027-03-29T02:30+02:00[Europe/Zurich]"),
                atHalfPastTwo.next(before),
                "on the 28th there is no half past two");
        ZonedDateTime autumn = ZonedDateTime.parse("2027-10-31T02:30+02:00[Europe/Zurich]");
        assertEquals(
                ZonedDateTime.parse("2027-11-01T02:30+01:00[Europe/Zurich]"), atHalfPastTwo.next(autumn), "not twice");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "* * * *",
                "* * * * * *",
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
                "@never"
            })
    void refusesWhatIsNone(String crontab) {
        assertThrows(IllegalArgumentException.class, () -> CronExpression.parse(crontab));
    }

    @Test
    void aDateThatNeverComesIsToldOf() {
        CronExpression never = CronExpression.parse("0 0 30 2 *");
        assertThrows(IllegalStateException.class, () -> never.next(ZonedDateTime.parse("2026-11-21T10:00Z")));
    }
}
