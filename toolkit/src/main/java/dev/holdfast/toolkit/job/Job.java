package dev.holdfast.toolkit.job;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A job at work, as its handler sees it.
 *
 * <p>It may run more than once: its worker may die after the work and before it has said so. Whatever must happen only once should be
 * done with {@link #fencingToken}, or under the job's id.
 *
 * @param <T> what the payload is
 */
public interface Job<T> {
    String id();

    String type();

    String queue();

    T payload();

    /** Which attempt this is: 1 for the first. Recoveries do not count. */
    int attempt();

    /** How often it is tried in all. */
    int attempts();

    /** How often its worker was lost before. */
    int recoveries();

    /**
     * A number larger than that of every attempt before, of this job and of all others; code that keeps what the job changes should
     * refuse a smaller one than it has seen for this job.
     */
    long fencingToken();

    Instant created();

    Map<String, String> headers();

    /** What became of its children, if it was added with some; each once. */
    List<JobChild> children();

    /** Tells how far it is, for those who look: from 0 to 100 percent. That the store cannot be reached is no reason to fail. */
    void progress(double percent);

    /**
     * Whether to stop: somebody has cancelled it, its time is over, its worker ends, or another worker has taken it over. The handler's
     * thread is interrupted at the same time. Whatever the handler does then, the job is not done: see {@link Worker}.
     */
    boolean isCancelled();
}
