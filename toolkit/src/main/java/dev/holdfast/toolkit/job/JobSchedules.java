package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds jobs when their crontabs say so. Each process looks by itself; the store remembers for each schedule the last time that was
 * served, and takes only the first who comes with a later one.
 */
final class JobSchedules {
    private static final Logger LOG = LoggerFactory.getLogger(JobSchedules.class);
    private static final long LOOK_MILLIS = 250;

    private record Schedule(String name, CronExpression when, ZoneId zone, Supplier<NewJob> job) {
        long next(long afterMillis) {
            return when.next(ZonedDateTime.ofInstant(Instant.ofEpochMilli(afterMillis), zone))
                    .toInstant()
                    .toEpochMilli();
        }

        /** The last time up to now that comes after another; -1 for none. */
        long lastDue(long afterMillis, long nowMillis) {
            long last = -1;
            for (long due = next(afterMillis); due <= nowMillis; due = next(due)) {
                last = due;
            }
            return last;
        }
    }

    private final Jobs jobs;
    private final Map<String, Schedule> schedules = new ConcurrentHashMap<>();
    /** For each schedule the time after which the next one is looked for. */
    private final Map<String, Long> seen = new ConcurrentHashMap<>();

    private final AtomicBoolean looking = new AtomicBoolean();
    private @Nullable ScheduledFuture<?> timer;

    JobSchedules(Jobs jobs) {
        this.jobs = jobs;
    }

    synchronized void add(String name, CronExpression when, ZoneId zone, Supplier<NewJob> job) {
        schedules.put(name, new Schedule(name, when, zone, job));
        if (timer == null) {
            timer = jobs.context()
                    .timer()
                    .scheduleWithFixedDelay(
                            () -> jobs.context().workers().execute(this::lookOnce),
                            0,
                            LOOK_MILLIS,
                            TimeUnit.MILLISECONDS);
        }
    }

    void remove(String name) {
        schedules.remove(name);
        seen.remove(name);
    }

    synchronized void close() {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void lookOnce() {
        if (!looking.compareAndSet(false, true)) {
            return;
        }
        try {
            schedules.values().forEach(this::look);
        } finally {
            looking.set(false);
        }
    }

    private void look(Schedule schedule) {
        try {
            long now = jobs.context().store().millis();
            Long after = seen.get(schedule.name());
            if (after == null) {
                after = served(schedule, now);
                seen.put(schedule.name(), after);
            }
            long due = schedule.lastDue(after, now);
            if (due >= 0) {
                if (jobs.addScheduled(schedule.job().get(), schedule.name(), due)) {
                    LOG.debug("The schedule {} has added its job for {}", schedule.name(), Instant.ofEpochMilli(due));
                }
                seen.put(schedule.name(), due);
            }
        } catch (StoreException e) {
            LOG.warn("The schedule {} tries again: {}", schedule.name(), e.toString());
        } catch (RuntimeException e) {
            LOG.error("The schedule {} failed", schedule.name(), e);
        }
    }

    /** When a schedule was last served; a new one is as if it had been just now. */
    private long served(Schedule schedule, long now) {
        Reply last = jobs.context().store().call("HGET", jobs.base() + ":cron", schedule.name());
        return last.isNull() ? now : last.number();
    }
}
