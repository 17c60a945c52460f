package dev.holdfast.toolkit.store;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Repeats calls, with pauses that double and are drawn at random up to their full length, until one succeeds or the time is
 * over. What was not sent may always be sent again. What may have run is repeated only where the caller says that this does no
 * harm.
 */
public final class Retry {
    /** Pauses from 20 ms to 1 s, for 5 s in all. */
    public static final Retry DEFAULT = new Retry(Duration.ofMillis(20), Duration.ofSeconds(1), Duration.ofSeconds(5));

    /** Answers that mean: not now. The command has not run. */
    private static final Set<String> LATER =
            Set.of("LOADING", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "READONLY", "BUSY");

    private final Duration first;
    private final Duration longest;
    private final Duration inAll;

    public Retry(Duration first, Duration longest, Duration inAll) {
        this.first = first;
        this.longest = longest;
        this.inAll = inAll;
    }

    /** For calls that may run twice without harm, such as a read, or a script that knows the caller's request id. */
    public <T> T idempotent(Supplier<T> call) {
        return run(call, true);
    }

    /** For all others: repeats only what surely has not run. */
    public <T> T once(Supplier<T> call) {
        return run(call, false);
    }

    private <T> T run(Supplier<T> call, boolean idempotent) {
        long end = System.nanoTime() + inAll.toNanos();
        Pause pause = new Pause(first, longest);
        while (true) {
            try {
                return call.get();
            } catch (StoreException e) {
                if (!mayRepeat(e, idempotent) || System.nanoTime() + pause.draw() > end) {
                    throw e;
                }
                try {
                    pause.await(longest.toNanos());
                } catch (InterruptedException interrupt) {
                    Thread.currentThread().interrupt();
                    throw new CancellationException("interrupted between two tries");
                }
            }
        }
    }

    /** Answers of a store that cannot take anything in at present. */
    private static final Set<String> FULL = Set.of("OOM", "MISCONF", "NOREPLICAS");

    /**
     * Whether a failure is an outage, which passes: the store is away, or it answers that it cannot do its work now. Any other
     * answered error says that something is set up or used wrongly.
     */
    public static boolean isOutage(StoreException e) {
        return !(e instanceof CommandFailedException failed) || isPassing(failed) || FULL.contains(failed.code());
    }

    /** Whether a call that has failed may be made again. */
    public static boolean mayRepeat(StoreException e, boolean idempotent) {
        return switch (e) {
            case CommandFailedException failed -> isPassing(failed);
            case StoreUnavailableException unavailable -> true;
            case OutcomeUnknownException unknown -> idempotent;
        };
    }

    /** Whether an answer means: not now. */
    static boolean isPassing(CommandFailedException failed) {
        return LATER.contains(failed.code());
    }

    /** Pauses, each up to twice as long as the one before, and drawn at random up to that length. */
    public static final class Pause {
        private final long longest;
        private long most;
        private long drawn = -1;

        public Pause(Duration first, Duration longest) {
            this.most = first.toNanos();
            this.longest = longest.toNanos();
        }

        /** How long the next pause is, in nanoseconds. */
        long draw() {
            if (drawn < 0) {
                drawn = ThreadLocalRandom.current().nextLong(most + 1);
                most = Math.min(most * 2, longest);
            }
            return drawn;
        }

        /** Pauses, no longer than so many nanoseconds. */
        public void await(long atMost) throws InterruptedException {
            long nanos = Math.min(draw(), atMost);
            drawn = -1;
            Thread.sleep(Duration.ofNanos(nanos));
        }
    }
}
