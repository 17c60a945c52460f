package dev.holdfast.engine.keyspace;

import java.util.random.RandomGenerator;

/**
 * What a record's access clock means, which is the eviction policy's choice: when the key was last used, or how often.
 *
 * <pre>
 *  recency     bits 0-23  the second of the last access, modulo 2^24, which is half a year
 *
 *  frequency   bits 0-7   a counter; each access may raise it by one, the higher it is the more rarely
 *              bits 8-23  the minute of the last access, modulo 2^16
 * </pre>
 *
 * <p>The counter is Morris's: from 5, with which a key begins so that it is not the first to go, it is raised with a
 * probability of {@code 1 / (above 5 * factor + 1)}. With the factor 10 a million accesses fill it. For every so many minutes
 * without an access it counts one less; that is reckoned at the next look.
 *
 * <p>When the policy changes, the clocks of the keys mean something else at once and are wrong until the keys are used again,
 * as in Valkey.
 */
public final class AccessClock {
    private static final int MASK = 0xFFFFFF;
    private static final int FIRST_COUNT = 5;
    private static final int MOST_COUNT = 255;

    private volatile boolean frequency;
    private volatile int decayMinutes = 1;
    private volatile int logFactor = 10;
    private volatile int second;
    private volatile int minute;
    private volatile int fresh;

    /** Says what clocks mean from now on. */
    public void configure(boolean frequency, int decayMinutes, int logFactor) {
        this.frequency = frequency;
        this.decayMinutes = decayMinutes;
        this.logFactor = logFactor;
        refresh();
    }

    /** Moves the time on. */
    public void setTime(long millis) {
        second = (int) (millis / 1000) & MASK;
        minute = (int) (millis / 60_000) & 0xFFFF;
        refresh();
    }

    private void refresh() {
        fresh = frequency ? minute << 8 | FIRST_COUNT : second;
    }

    /** Whether clocks count accesses. */
    public boolean countsFrequency() {
        return frequency;
    }

    /** The clock of a key that has just come. */
    public int fresh() {
        return fresh;
    }

    /** The clock of a key that has been used, while clocks count accesses. */
    int touched(int clock, RandomGenerator random) {
        int count = frequency(clock);
        if (count < MOST_COUNT) {
            double above = Math.max(0, count - FIRST_COUNT);
            if (random.nextDouble() < 1.0 / (above * logFactor + 1)) {
                count++;
            }
        }
        return minute << 8 | count;
    }

    /** The counter of a clock, as it is by now. */
    public int frequency(int clock) {
        int count = clock & 0xFF;
        int elapsed = minute - (clock >>> 8) & 0xFFFF;
        int periods = decayMinutes == 0 ? 0 : elapsed / decayMinutes;
        return Math.max(0, count - periods);
    }

    /** The seconds since the access that a clock stands for. */
    public int idleSeconds(int clock) {
        return second - clock & MASK;
    }

    /** How much a key of this clock deserves to go: the more, the sooner. */
    public int idleness(int clock) {
        return frequency ? MOST_COUNT - frequency(clock) : idleSeconds(clock);
    }

    /** Notes that a record has been used. Needs no lock: any of several clocks set at once is as good as the others. */
    public void touch(byte[] record, RandomGenerator random) {
        int before = KeyRecord.accessClock(record);
        int now = frequency ? touched(before, random) : fresh;
        if (before != now) {
            KeyRecord.setAccessClock(record, now);
        }
    }
}
