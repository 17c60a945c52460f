package dev.holdfast.toolkit.fault;

import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/**
 * How much a fault test does, and by which dice.
 *
 * <pre>
 * holdfast.faults.jobs   jobs, messages, entries, updates (1000)
 * holdfast.faults.kills  how often a process is killed or stopped meanwhile (a 500th of that, but 3 at least)
 * holdfast.faults.seed   draws who is struck, when and how (1)
 * holdfast.faults.step   a connection is cut at every so many pieces of traffic (20): 1 for each
 * holdfast.target        OURS or VALKEY alone
 * </pre>
 */
final class Scale {
    static final int JOBS = Integer.getInteger("holdfast.faults.jobs", 1000);
    static final int KILLS = Integer.getInteger("holdfast.faults.kills", Math.max(3, JOBS / 500));
    static final int STEP = Integer.getInteger("holdfast.faults.step", 20);
    static final long SEED = Long.getLong("holdfast.faults.seed", 1);

    /** How long anything may take. Nobody waits so long unless something is wrong. */
    static final Duration PATIENCE = Duration.ofSeconds(Integer.getInteger("holdfast.faults.patience", 90))
            .plusMillis(20L * JOBS);

    private Scale() {}

    static Random random() {
        return new Random(SEED);
    }

    /** Waits until something holds. */
    static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    /** What a failure says, so that it can be tried again. */
    static String replay(Target target) {
        return "replay with -Dholdfast.target=%s -Dholdfast.faults.seed=%d -Dholdfast.faults.jobs=%d -Dholdfast.faults.kills=%d"
                .formatted(target, SEED, JOBS, KILLS);
    }

    /** The keys of a store that match a pattern. */
    static Set<String> keys(Store store, String pattern) {
        Set<String> keys = new TreeSet<>();
        store.scan(pattern, batch -> batch.forEach(key -> keys.add(new String(key, StandardCharsets.UTF_8))));
        return keys;
    }

    /** How many times more than once each the things were done of which a hash counts how often they were. */
    static long repeated(Store store, String counts) {
        return store.call("HVALS", counts).texts().stream()
                        .mapToLong(Long::parseLong)
                        .sum()
                - JOBS;
    }

    /** Writes down what a test has counted: names and numbers in turn. */
    static void report(String test, Target target, Object... counts) {
        StringBuilder line =
                new StringBuilder("faults: ").append(test).append(" on ").append(target);
        for (Object word : counts) {
            line.append(' ').append(word);
        }
        System.out.println(line.append(" (seed ").append(SEED).append(')'));
    }
}
