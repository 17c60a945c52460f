package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.lock.Locks;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Locks whose holders are killed, or stopped for longer than their leases. */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class LockFaultTest {
    private static final Duration LEASE = Duration.ofMillis(600);
    private static final Duration STOP = LEASE.multipliedBy(2);
    private static final int PERMITS = 2;

    /**
     * Writes what the lock guards, unless its fence has let a larger token pass.
     *
     * <p>KEYS: the largest token that has passed; the guarded number; the tokens of all writes; how many were refused. ARGV: token,
     * number.
     */
    private static final Script WRITE = Script.of("write", """
            if tonumber(redis.call('GET', KEYS[1]) or 0) > tonumber(ARGV[1]) then
                redis.call('INCR', KEYS[4])
                return 0
            end
            redis.call('SET', KEYS[1], ARGV[1])
            redis.call('SET', KEYS[2], ARGV[2])
            redis.call('RPUSH', KEYS[3], ARGV[1])
            return 1
            """);

    private static final String COUNTER = "{lock:counter}:value";
    private static final String WRITES = "{lock:counter}:writes";
    private static final String REFUSED = "{lock:counter}:refused";

    /** A process that counts under a lock and a fence, and holds a permit of a semaphore now and then. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            try (Toolkit toolkit = Toolkit.open(arguments[0])) {
                Locks locks = toolkit.locks(LEASE);
                Thread.ofVirtual().start(() -> count(toolkit.store(), locks));
                Thread.ofVirtual().start(() -> share(locks.semaphore("permits", PERMITS)));
                Crew.awaitDismissal();
                // The locks are given back with the toolkit, and the threads end with the process.
            }
        }

        private static void count(Store store, Locks locks) {
            while (true) {
                try (Lease lease = locks.mutex("counter").acquire()) {
                    if (locks.fence("counter").admits(lease.fencingToken())) {
                        String read = store.call("GET", COUNTER).textOrNull();
                        hold("mutex", lease, 2);
                        store.call(
                                WRITE,
                                List.of("{lock:counter}:passed", COUNTER, WRITES, REFUSED),
                                lease.fencingToken(),
                                (read == null ? 0 : Long.parseLong(read)) + 1);
                    }
                } catch (StoreException e) {
                    System.err.println(e);
                }
            }
        }

        private static void share(LeasedLock semaphore) {
            while (true) {
                try (Lease lease = semaphore.acquire()) {
                    hold("semaphore", lease, ThreadLocalRandom.current().nextInt(30));
                } catch (StoreException e) {
                    System.err.println(e);
                }
            }
        }

        /**
         * Holds a lease for a while and says from when until when it surely did. All processes of a machine have the same monotonic
         * clock.
         */
        private static void hold(String what, Lease lease, int millis) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            long first = 0;
            long last = 0;
            for (long now = System.nanoTime(); lease.isHeld(); now = System.nanoTime()) {
                first = first == 0 ? now : first;
                last = now;
                if (now - end > 0) {
                    break;
                }
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    return;
                }
            }
            if (first != 0) {
                PrintStream out = System.out;
                out.println(what + " " + first + " " + last);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void nothingIsLostAndNoTwoHold(Target target) throws Exception {
        target.clear();
        int updates = Scale.JOBS / 4;
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Crew crew = new Crew(Holder.class, target.uri()).hire(4)) {
            Store store = toolkit.store();
            crew.strikeUntilDone(
                    Scale.KILLS, STOP, updates, () -> store.call("LLEN", WRITES).number());
            crew.dismiss();

            List<Long> tokens = store.call("LRANGE", WRITES, 0, -1).texts().stream()
                    .map(Long::parseLong)
                    .toList();
            String refused = store.call("GET", REFUSED).textOrNull();
            long lost = tokens.size() - store.call("GET", COUNTER).number();
            long older = 0;
            for (int i = 1; i < tokens.size(); i++) {
                older += tokens.get(i) <= tokens.get(i - 1) ? 1 : 0;
            }
            int mutexes = mostAtOnce(crew.lines(), "mutex ");
            int permits = mostAtOnce(crew.lines(), "semaphore ");
            Scale.report(
                    "locks",
                    target,
                    "updates",
                    tokens.size(),
                    "kills",
                    crew.kills(),
                    "stops",
                    crew.stops(),
                    "refused",
                    refused == null ? 0 : refused,
                    "older-after-newer",
                    older,
                    "lost",
                    lost,
                    "holders-at-once",
                    mutexes,
                    "permits-at-once",
                    permits);
            assertEquals(0, lost, () -> "updates were lost; " + Scale.replay(target));
            assertEquals(0, older, () -> "an older token passed after a newer one; " + Scale.replay(target));
            assertEquals(1, mutexes, () -> "two held the lock at once; " + Scale.replay(target));
            assertTrue(permits <= PERMITS, () -> permits + " had permits at once; " + Scale.replay(target));
        }
    }

    private record Moment(long nanos, int change) {}

    /** How many held something at the same time. */
    private static int mostAtOnce(List<String> lines, String what) {
        List<Moment> moments = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(what)) {
                String[] words = line.split(" ", 3);
                moments.add(new Moment(Long.parseLong(words[1]), 1));
                moments.add(new Moment(Long.parseLong(words[2]) + 1, -1));
            }
        }
        moments.sort(Comparator.comparingLong(Moment::nanos).thenComparingInt(Moment::change));
        int holding = 0;
        int most = 0;
        for (Moment moment : moments) {
            holding += moment.change;
            most = Math.max(most, holding);
        }
        return most;
    }
}
