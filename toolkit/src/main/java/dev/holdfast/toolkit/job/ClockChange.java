package dev.holdfast.toolkit.job;

/** What a crontab does when its zone's clocks are put forward or back. */
public enum ClockChange {
    /**
     * As Vixie's and ISC's cron do. A time that is skipped, of a crontab whose hours do not begin with {@code *}, comes right after the
     * gap; several such times come as one. A time that is repeated comes once, unless the crontab's seconds, minutes or hours begin
     * with {@code *}: these follow the real time, and lose none of their runs.
     */
    CRON,
    /** The clock's reading is taken literally: what is skipped does not come, what is repeated comes twice. */
    LITERAL
}
