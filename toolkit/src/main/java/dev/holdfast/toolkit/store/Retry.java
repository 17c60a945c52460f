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
        long pause = first.toNanos();
        while (true) {
            try {
                return call.get();
            } catch (StoreException e) {
                long drawn = ThreadLocalRandom.current().nextLong(pause + 1);
                if (!mayRepeat(e, idempotent) || System.nanoTime() + drawn > end) {
                    throw e;
                }
                pause(drawn);
                pause = Math.min(pause * 2, longest.toNanos());
            }
        }
    }

    private static boolean mayRepeat(StoreException e, boolean idempotent) {
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

    private static void pause(long nanos) {
        try {
            Thread.sleep(Duration.ofNanos(nanos));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted between two tries");
        }
    }
}
