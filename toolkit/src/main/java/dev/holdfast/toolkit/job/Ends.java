package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.store.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tells the store what came of jobs. One request is under way at a time, and those that end meanwhile share the next one, as
 * transactions share a write to a log: the busier a worker, the less each job costs.
 */
final class Ends {
    /** How many jobs share a request at most. */
    private static final int BATCH = 100;

    /** The end of an attempt, and what the store has answered to it. */
    private static final class End {
        final Object[] words;
        boolean isTold;

        @Nullable
        String outcome;

        @Nullable
        RuntimeException failure;

        End(Object... words) {
            this.words = words;
        }
    }

    private final Jobs jobs;
    private final Queue<End> waiting = new ArrayDeque<>();
    /** Held while a request is under way. Guards what is in an {@link End}, too. */
    private final ReentrantLock turn = new ReentrantLock();

    Ends(Jobs jobs) {
        this.jobs = jobs;
    }

    /**
     * Ends an attempt.
     *
     * @return what has become of the job: "done", "retry", "dead", "cancelled" or "pending"; null if another has taken it over
     */
    @Nullable
    @SuppressWarnings("ThreadPriorityCheck") // It is right without: to yield makes requests fewer, and nothing else.
    String tell(RunningJob<?> job, Attempt attempt) {
        End end = new End(
                job.id(), job.fencingToken(), attempt.verb(), attempt.text(), attempt.trace(), attempt.delayMillis());
        synchronized (waiting) {
            waiting.add(end);
        }
        turn.lock();
        try {
            // The thread that had the turn before may have reported this one, too.
            if (!end.isTold) {
                // Others that are about to end share the request.
                Thread.yield();
            }
            while (!end.isTold) {
                tell(next());
            }
        } finally {
            turn.unlock();
        }
        if (end.failure != null) {
            throw end.failure;
        }
        return end.outcome;
    }

    private List<End> next() {
        List<End> batch = new ArrayList<>();
        synchronized (waiting) {
            while (batch.size() < BATCH && !waiting.isEmpty()) {
                batch.add(waiting.remove());
            }
        }
        return batch;
    }

    private void tell(List<End> batch) {
        List<Object> words = new ArrayList<>(2 + 6 * batch.size());
        words.add(jobs.mostDead());
        words.add(jobs.deadKept().toMillis());
        for (End end : batch) {
            words.addAll(List.of(end.words));
        }
        try {
            List<Reply> outcomes = jobs.context()
                    .retry()
                    .idempotent(() -> jobs.run(JobScripts.FINISH, words.toArray()))
                    .list();
            for (int i = 0; i < batch.size(); i++) {
                Reply outcome = outcomes.get(i);
                batch.get(i).outcome = outcome.isNull() ? null : outcome.text();
            }
        } catch (RuntimeException e) {
            batch.forEach(end -> end.failure = e);
        } finally {
            // Whatever has happened, no thread waits for a turn in which nothing is left to report.
            batch.forEach(end -> end.isTold = true);
        }
    }
}
