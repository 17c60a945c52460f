package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.pattern.Throwables;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds jobs when their schedules say so. Each process looks by itself; the store remembers for each schedule the last time that was
 * served, and takes only the first who comes with a later one.
 */
final class JobSchedules {
    private static final Logger LOG = LoggerFactory.getLogger(JobSchedules.class);
    private static final long LOOK_MILLIS = 250;
    private static final long LONGEST_PAUSE_MILLIS = 60_000;
    /** How many times that were missed are made up for in one look. */
    private static final int AT_ONCE = 100;

    private static final Duration MISSED = Duration.ofMinutes(1);
    /** After so long a supplier that does not answer shows in health. */
    private static final Duration SLOW = Duration.ofSeconds(30);

    private final Jobs jobs;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private @Nullable ScheduledFuture<?> timer;

    JobSchedules(Jobs jobs) {
        this.jobs = jobs;
    }

    /** A schedule of this process. One look at it is under way at a time. */
    private final class Entry {
        private final String name;
        private final Schedule schedule;
        private final Supplier<NewJob> supplier;
        private final AtomicBoolean looking = new AtomicBoolean();
        /** The time after which the next one is looked for; -1 before the first look. */
        private long seen = -1;

        private long pauseMillis = LOOK_MILLIS;
        private volatile long nextLookNanos = System.nanoTime();
        private volatile long lookedNanos;
        private volatile @Nullable String failure;

        Entry(String name, Schedule schedule, Supplier<NewJob> supplier) {
            this.name = name;
            this.schedule = schedule;
            this.supplier = supplier;
        }

        void lookSoon() {
            if (System.nanoTime() - nextLookNanos >= 0 && looking.compareAndSet(false, true)) {
                lookedNanos = System.nanoTime();
                jobs.context().workers().execute(this::lookOnce);
            }
        }

        private void lookOnce() {
            try {
                look();
                failure = null;
                pauseMillis = LOOK_MILLIS;
            } catch (Throwable e) {
                String why = Throwables.describe(e);
                if (!why.equals(failure)) {
                    LOG.warn("The schedule {} has failed and tries again: {}", name, Throwables.trace(e));
                }
                failure = why;
                pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
            } finally {
                nextLookNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMillis);
                looking.set(false);
            }
        }

        private void look() {
            long now = jobs.context().store().millis();
            if (seen < 0) {
                seen = served(now);
            }
            for (int i = 0; i < AT_ONCE; i++) {
                long due = schedule.misfire() == Misfire.ALL ? schedule.next(seen) : schedule.lastDue(seen, now);
                if (due < 0 || due > now) {
                    return;
                }
                if (schedule.misfire() != Misfire.SKIP || now - due <= MISSED.toMillis()) {
                    NewJob job = Objects.requireNonNull(supplier.get(), "the supplier has made no job");
                    if (jobs.addScheduled(job, name, due)) {
                        LOG.debug("The schedule {} has added its job for {}", name, Instant.ofEpochMilli(due));
                    }
                }
                seen = due;
            }
        }

        /** When the schedule was last served; a new one is as if it had been just now, and others are to think so, too. */
        private long served(long now) {
            Store store = jobs.context().store();
            store.call("HSETNX", jobs.base() + ":cron", name, now);
            return store.call("HGET", jobs.base() + ":cron", name).number();
        }

        @Nullable
        String failure() {
            long nanos = System.nanoTime() - lookedNanos;
            return looking.get() && nanos > SLOW.toNanos()
                    ? "has been making its job for " + Duration.ofNanos(nanos).toSeconds() + " s"
                    : failure;
        }
    }

    synchronized void add(String name, Schedule schedule, Supplier<NewJob> job) {
        entries.put(name, new Entry(name, schedule, Objects.requireNonNull(job)));
        if (timer == null) {
            timer = jobs.context()
                    .timer()
                    .scheduleWithFixedDelay(
                            () -> entries.values().forEach(Entry::lookSoon), 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    void remove(String name) {
        entries.remove(name);
    }

    /** What is wrong with schedules, by their names. */
    Map<String, String> failures() {
        Map<String, String> failures = new TreeMap<>();
        entries.forEach((name, entry) -> {
            String failure = entry.failure();
            if (failure != null) {
                failures.put(name, failure);
            }
        });
        return failures;
    }

    synchronized void close() {
        entries.clear();
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
