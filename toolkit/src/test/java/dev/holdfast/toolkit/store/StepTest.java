package dev.holdfast.toolkit.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.lock.Locks;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Scripts and the steps in Java that stand for them do the same: a toolkit at work on a store is watched, and every run of a script is
 * repeated on a second store, where it is Lua. Answers and data are the same all the time.
 */
class StepTest {
    private static final int STEPS = 3000;

    /** The time of both stores, which stands still but for the test. */
    private static final class StoppedClock implements InstantSource {
        private long micros = 1_790_000_000_000_000L;

        @Override
        public Instant instant() {
            return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
        }
    }

    /** A store that repeats what is called on another one. */
    private static final class Twins implements AutoCloseable {
        private final StoppedClock clock = new StoppedClock();
        private final Holdfast steps = Holdfast.open(new Config(), clock);
        private final Holdfast scripts = Holdfast.open(new Config(), clock);
        private final EmbeddedStore inJava = EmbeddedStore.over(steps, 0);
        private int runs;

        Reply call(Command command) {
            Reply answer = null;
            CommandFailedException failure = null;
            try {
                answer = inJava.call(command);
            } catch (CommandFailedException e) {
                failure = e;
            }
            if (command.script() != null) {
                runs++;
            }
            Command inLua = command.script() == null ? command : command.withSource();
            try {
                Reply same = Reply.of(scripts.call(inLua.name(), inLua.words()));
                assertEquals(String.valueOf(same), String.valueOf(answer), command.toString());
            } catch (dev.holdfast.engine.StoreException e) {
                assertTrue(failure != null, () -> command + " has failed in Lua alone: " + e.getMessage());
                String message = String.valueOf(failure.getMessage());
                assertTrue(
                        String.valueOf(e.getMessage()).startsWith(message), () -> message + " and " + e.getMessage());
                throw failure;
            }
            if (failure != null) {
                throw failure;
            }
            assertEquals(data(scripts), data(steps), () -> "after " + command);
            return answer == null ? Reply.of(null) : answer;
        }

        private static Map<String, String> data(Holdfast store) {
            Map<String, String> data = new TreeMap<>();
            for (String name : Reply.of(store.call("KEYS", "*")).texts()) {
                byte[] dump = Reply.of(store.call("DUMP", name)).bytes();
                data.put(name, Arrays.toString(dump) + " until " + store.call("PEXPIRETIME", name));
            }
            return data;
        }

        @Override
        public void close() {
            inJava.close();
            steps.close();
            scripts.close();
        }
    }

    private static void compare(long seed, BiConsumer<Toolkit, Random> work) {
        try (Twins twins = new Twins();
                Toolkit toolkit = Toolkit.over(new MirroredStore(twins.inJava, twins::call))) {
            Random random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                work.accept(toolkit, random);
                twins.clock.micros += random.nextInt(5) == 0 ? random.nextInt(400_000) : random.nextInt(2_000);
            }
            assertTrue(twins.runs >= STEPS / 2, "the toolkit runs scripts");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void limitsDecideAlike(long seed) {
        List<List<Limit>> settings = new ArrayList<>();
        for (Limit.Algorithm algorithm : Limit.Algorithm.values()) {
            settings.add(List.of(new Limit(algorithm, 3, Duration.ofMillis(100), 3)));
            settings.add(List.of(new Limit(algorithm, 50, Duration.ofSeconds(1), 50)));
            settings.add(List.of(
                    new Limit(algorithm, 3, Duration.ofMillis(50), 3),
                    Limit.tokenBucket(20, Duration.ofSeconds(1), 7)));
        }
        Map<Toolkit, List<RateLimiter>> made = new HashMap<>();
        compare(seed, (toolkit, random) -> {
            List<RateLimiter> limiters = made.computeIfAbsent(
                    toolkit,
                    key -> settings.stream()
                            .map(limits -> {
                                RateLimiter.Builder builder = key.rateLimiter("l");
                                limits.forEach(builder::limit);
                                return builder.build();
                            })
                            .toList());
            // Few subjects and one prefix: each meets what another algorithm has left, and sometimes what is foreign.
            String subject = "s" + random.nextInt(4);
            RateLimiter limiter = limiters.get(random.nextInt(limiters.size()));
            switch (random.nextInt(12)) {
                case 0 -> limiter.peek(subject, random.nextInt(5));
                case 1 -> {
                    if (random.nextInt(20) == 0) {
                        toolkit.store().call("DEL", "l:" + subject);
                        toolkit.store().call("RPUSH", "l:" + subject, "foreign");
                    }
                }
                case 2 -> {
                    if (random.nextInt(5) == 0) {
                        toolkit.store().call("SET", "l:" + subject, random.nextBoolean() ? "0x10" : "text");
                    }
                }
                case 3 -> toolkit.store().call("DEL", "l:" + subject);
                default -> limiter.tryAcquire(subject, random.nextInt(4));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void locksAreTakenAlike(long seed) {
        List<Lease> held = new ArrayList<>();
        Map<Toolkit, Locks> made = new HashMap<>();
        compare(seed, (toolkit, random) -> {
            Locks locks = made.computeIfAbsent(toolkit, key -> key.locks(Duration.ofSeconds(5)));
            String name = "m" + random.nextInt(3);
            LeasedLock lock = switch (random.nextInt(4)) {
                case 0 -> locks.mutex(name);
                case 1 -> locks.readWrite(name).read();
                case 2 -> locks.readWrite(name).write();
                default -> locks.semaphore(name, 2);
            };
            if (random.nextInt(4) == 0) {
                lock = lock.atLeast(Duration.ofMillis(50));
            }
            if (random.nextBoolean() || held.isEmpty()) {
                lock.tryAcquire().ifPresent(held::add);
            } else {
                held.remove(random.nextInt(held.size())).close();
            }
        });
    }
}
