package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.CacheBuilder;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A cache that several processes have, whose connections are killed meanwhile: those of the commands, on which the server tells of
 * changes, and those of the subscriptions.
 *
 * <p>Each process changes keys of its own, one after the other, each several times; all processes read the key that is being changed,
 * so that they are loading it at that moment. Half of the keys are put. The others stand for things in a database, a key of the store,
 * which is changed before the entry is invalidated, and which loaders ask. Numbers tell how old a value is. In the end every process
 * must see the last number of every key, although its entries would live on for an hour.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class CacheFaultTest {
    private static final int PROCESSES = 3;
    private static final int TIMES = 5;

    /** A process; its arguments are the store, whether the server tells of changes, whether connections are killed, its number, and how many keys it has. */
    static final class Member {
        private final Toolkit toolkit;
        private final Store store;
        private final Cache<Long> cache;
        private final boolean strict;
        private final int number;
        private final int keys;

        private Member(Toolkit toolkit, String[] arguments) {
            this.toolkit = toolkit;
            this.store = toolkit.store();
            CacheBuilder<Long> builder = toolkit.cache("faults", Long.class).ttl(Duration.ofHours(1));
            this.cache = (Boolean.parseBoolean(arguments[1]) ? builder : builder.withoutTracking()).build();
            this.strict = !Boolean.parseBoolean(arguments[2]);
            this.number = Integer.parseInt(arguments[3]);
            this.keys = Integer.parseInt(arguments[4]);
        }

        public static void main(String[] arguments) throws Exception {
            try (Toolkit toolkit = Toolkit.open(arguments[0])) {
                Member member = new Member(toolkit, arguments);
                member.again(() -> member.store.call("SADD", "up", member.number));
                Scale.await(() ->
                        member.again(() -> member.store.call("SCARD", "up")).number() == PROCESSES);
                Thread.ofVirtual().start(member::read);
                Thread.ofVirtual().start(member::read);
                Thread.ofVirtual().start(member::write);
                Crew.awaitDismissal();
            }
        }

        private static String key(int writer, int key) {
            return (key % 2 == 0 ? "put:" : "database:") + writer + ":" + key;
        }

        private <T> T again(Supplier<T> call) {
            return toolkit.context().retry().idempotent(call);
        }

        private void write() {
            for (int key = 0; key < keys; key++) {
                String name = key(number, key);
                again(() -> store.call("SET", "hot:" + number, name));
                for (int value = 1; value <= TIMES; value++) {
                    if (name.startsWith("put:")) {
                        cache.put(name, (long) value);
                    } else {
                        int now = value;
                        again(() -> store.call("SET", name, now));
                        cache.invalidate(name);
                    }
                    pause(4);
                }
                again(() -> store.call("SADD", "written", name));
            }
            check();
        }

        /** Reads what the writers are changing. */
        private void read() {
            Map<String, Long> last = new HashMap<>();
            while (true) {
                for (int writer = 0; writer < PROCESSES; writer++) {
                    try {
                        String name = store.call("GET", "hot:" + writer).textOrNull();
                        for (int i = 0; i < 5 && name != null; i++) {
                            long seen = value(name);
                            // Between a change of the database and the invalidation both numbers may be seen.
                            if (strict
                                    && name.startsWith("put:")
                                    && seen < Objects.requireNonNullElse(last.get(name), 0L)) {
                                System.out.println("older: " + name + " is " + seen + " after " + last.get(name));
                            }
                            last.put(name, seen);
                        }
                    } catch (StoreException e) {
                        pause(10);
                    }
                }
            }
        }

        private long value(String name) {
            Long value = name.startsWith("put:") ? cache.get(name) : cache.get(name, this::load);
            return value == null ? 0 : value;
        }

        private Long load(String name) {
            Reply read = store.call("GET", name);
            pause(4);
            return read.isNull() ? 0 : read.number();
        }

        /** Waits until all has been written, and then until this process sees the last number of every key. */
        private void check() {
            Scale.await(() -> again(() -> store.call("SCARD", "written")).number() == (long) PROCESSES * keys);
            int stale = 0;
            for (int writer = 0; writer < PROCESSES; writer++) {
                for (int key = 0; key < keys; key++) {
                    String name = key(writer, key);
                    try {
                        Scale.await(() -> isLast(name));
                    } catch (ConditionTimeoutException e) {
                        stale++;
                        System.out.println("stale: " + name + " is " + value(name));
                    }
                }
            }
            System.out.println("checked, " + stale + " of them stale");
        }

        /** A value that could not be put, since its connection was killed, is not there at all. */
        private boolean isLast(String name) {
            try {
                long value = value(name);
                return value == TIMES || value == 0 && name.startsWith("put:") && !strict;
            } catch (StoreException e) {
                return false;
            }
        }

        private static void pause(int most) {
            try {
                Thread.sleep(ThreadLocalRandom.current().nextInt(most));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    static Stream<Arguments> cases() {
        return Target.servers().stream()
                .flatMap(target -> Stream.of(
                        Arguments.of(target, true, false),
                        Arguments.of(target, true, true),
                        Arguments.of(target, false, true)));
    }

    @ParameterizedTest(name = "{0}, tracking {1}, kills {2}")
    @MethodSource("cases")
    void allSeeTheLastValue(Target target, boolean tracking, boolean kills) throws Exception {
        target.clear();
        int keys = Scale.JOBS / 20;
        Random random = Scale.random();
        int total = PROCESSES * keys;
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Crew crew = new Crew(Member.class, target.uri(), tracking, kills)) {
            Store store = toolkit.store();
            for (int i = 0; i < PROCESSES; i++) {
                crew.hireOne(i, keys);
            }
            int[] killed = {0};
            int step = Math.max(1, total / (4 * Scale.KILLS));
            Scale.await(() -> {
                crew.check();
                long written = store.call("SCARD", "written").number();
                if (kills && written > 0 && written < total && written / step >= killed[0]) {
                    killed[0]++;
                    String type = !tracking && random.nextBoolean() ? "pubsub" : "normal";
                    store.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
                }
                return crew.lines().stream()
                                .filter(line -> line.startsWith("checked"))
                                .count()
                        == PROCESSES;
            });
            crew.dismiss();
            List<String> wrong = crew.lines().stream()
                    .filter(line -> line.startsWith("older") || line.startsWith("stale"))
                    .toList();
            Scale.report(
                    "cache by " + (tracking ? "tracking" : "messages"),
                    target,
                    "keys",
                    total,
                    "changes",
                    (long) total * TIMES,
                    "connections-killed",
                    killed[0],
                    "stale-or-older",
                    wrong.size());
            assertEquals(List.of(), wrong, () -> Scale.replay(target));
        }
    }
}
