package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.stream.StreamConsumer;
import dev.holdfast.toolkit.stream.StreamStatistics;
import dev.holdfast.toolkit.stream.StreamTasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** What stream tasks do. */
@ContractTest
class StreamContract extends Contract {
    record Event(String key, int number) {}

    private static final String STREAM = "stream:events";

    private StreamTasks.Builder<Event> builder() {
        return toolkit().streamTasks("events", Event.class).firstRetry(Duration.ofMillis(5));
    }

    private StreamTasks.Builder<Event> elsewhere() {
        return another().streamTasks("events", Event.class).firstRetry(Duration.ofMillis(5));
    }

    @Test
    void entriesAreDoneAndAcknowledged() {
        StreamTasks<Event> tasks = builder().build();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            ids.add(tasks.add(new Event("k", i)));
        }
        List<String> seen = new CopyOnWriteArrayList<>();
        closing(tasks.consume(entry -> {
            assertEquals(1, entry.deliveries());
            seen.add(entry.id());
        }));
        eventually(() -> tasks.statistics().processed() == 30);
        assertEquals(ids.stream().sorted().toList(), seen.stream().sorted().toList());
        StreamStatistics statistics = tasks.statistics();
        assertEquals(30, statistics.length());
        assertEquals(0, statistics.pending());
        assertEquals(0, statistics.waiting());
        assertEquals(1, statistics.consumers());
        assertEquals(0, statistics.errors());
        assertTrue(tasks.health().up());
    }

    @Test
    void plainFieldsAreWhatOtherProgramsWrite() {
        StreamTasks<Map<String, String>> tasks = toolkit().streamTasks("events").build();
        tasks.add(Map.of("type", "ours"));
        store().call("XADD", STREAM, "*", "type", "theirs", "payload", "{}");
        List<Map<String, String>> seen = new CopyOnWriteArrayList<>();
        closing(tasks.consume(entry -> seen.add(entry.value())));
        eventually(() -> seen.size() == 2);
        assertEquals(Set.of(Map.of("type", "ours"), Map.of("type", "theirs", "payload", "{}")), Set.copyOf(seen));
    }

    @Test
    void severalConsumersShareTheWork() {
        int count = 500;
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        StreamTasks<Event> mine = builder().build();
        StreamTasks<Event> theirs = elsewhere().build();
        closing(mine.consume(entry -> done.incrementAndGet(entry.value().number())));
        closing(theirs.consume(entry -> done.incrementAndGet(entry.value().number())));
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            events.add(new Event("k", i));
        }
        assertEquals(count, mine.addAll(events).size());
        eventually(() -> mine.statistics().processed() + theirs.statistics().processed() == count);
        for (int i = 0; i < count; i++) {
            assertEquals(1, done.get(i), "entry " + i);
        }
    }

    @Test
    void whatFailsComesAgainAndDiesInTheEnd() {
        StreamTasks<Event> tasks = builder().deliveries(3).build();
        List<String> tries = new CopyOnWriteArrayList<>();
        AtomicInteger luck = new AtomicInteger();
        closing(tasks.consume(entry -> {
            tries.add(entry.value().key() + entry.deliveries());
            if (entry.value().key().equals("bad") && luck.get() == 0
                    || entry.value().key().equals("slow") && entry.deliveries() < 3) {
                throw new IllegalStateException("no luck");
            }
        }));
        tasks.add(new Event("slow", 1));
        eventually(() -> tasks.statistics().processed() == 1);
        assertEquals(List.of("slow1", "slow2", "slow3"), tries);
        String bad = tasks.add(new Event("bad", 2));
        eventually(() -> tasks.statistics().dead() == 1);
        assertEquals(List.of("bad1", "bad2", "bad3"), tries.subList(3, 6));
        assertEquals(0, tasks.statistics().pending());
        assertEquals(5, tasks.statistics().errors());
        Reply fields = store().call("XRANGE", "{stream:events}:dead", "-", "+")
                .list()
                .getFirst()
                .list()
                .get(1);
        assertEquals(bad, fields.field("stream-id").text());
        assertTrue(fields.field("failure").text().contains("no luck"));
        luck.set(1);
        assertEquals(1, tasks.replayDead(10));
        eventually(() -> tasks.statistics().processed() == 2);
        assertEquals(0, tasks.statistics().dead());
    }

    @Test
    void errorsOfAHandlerEndNoConsumer() {
        for (int partitions : List.of(1, 2)) {
            String name = "errors" + partitions;
            StreamTasks<Event> tasks = toolkit()
                    .streamTasks(name, Event.class)
                    .firstRetry(Duration.ofMillis(5))
                    .partitions(partitions)
                    .build();
            List<String> tries = new CopyOnWriteArrayList<>();
            closing(tasks.consume(entry -> {
                tries.add(entry.value().number() + "/" + entry.deliveries());
                if (entry.deliveries() == 1) {
                    throw new AssertionError("this is a test");
                }
                if (entry.deliveries() == 2) {
                    Thread.currentThread().interrupt();
                    throw new Unspeakable();
                }
            }));
            for (int i = 0; i < 2; i++) {
                Event event = new Event("k", i);
                String id = partitions == 1 ? tasks.add(event) : tasks.add("k", event);
                assertFalse(id.isEmpty());
                int done = i + 1;
                eventually(() -> tasks.statistics().processed() == done);
            }
            assertEquals(List.of("0/1", "0/2", "0/3", "1/1", "1/2", "1/3"), tries);
            assertEquals(0, tasks.statistics().pending());
        }
    }

    /** An exception that cannot even be shown. */
    private static final class Unspeakable extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("this is a test");
        }
    }

    @Test
    void namesAreAnyText() {
        for (String name : List.of("a b", "{braces}", "}{", "100%7B")) {
            StreamTasks<Event> tasks =
                    toolkit().streamTasks(name, Event.class).group("g {x}").build();
            tasks.add(new Event("k", 1));
            closing(tasks.consume(entry -> {}));
            eventually(() -> tasks.statistics().processed() == 1);
        }
    }

    @Test
    void aDeadConsumersEntriesAreClaimed() {
        StreamTasks<Event> tasks = builder().claimAfter(Duration.ofMillis(60)).build();
        store().call("XGROUP", "CREATE", STREAM, "workers", "0", "MKSTREAM");
        String id = tasks.add(new Event("k", 1));
        store().call("XREADGROUP", "GROUP", "workers", "ghost", "COUNT", 1, "STREAMS", STREAM, ">");
        List<Long> deliveries = new CopyOnWriteArrayList<>();
        List<String> seen = new CopyOnWriteArrayList<>();
        closing(tasks.consume(entry -> {
            seen.add(entry.id());
            deliveries.add(entry.deliveries());
        }));
        pass(Duration.ofMillis(80));
        eventually(() -> tasks.statistics().processed() == 1);
        assertEquals(List.of(id), seen);
        assertEquals(List.of(2L), deliveries);
    }

    @Test
    void whoWorksLongKeepsItsEntry() throws Exception {
        StreamTasks<Event> tasks = builder().claimAfter(Duration.ofMillis(300)).build();
        StreamTasks<Event> theirs =
                elsewhere().claimAfter(Duration.ofMillis(300)).build();
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        AtomicInteger stolen = new AtomicInteger();
        closing(tasks.consume(entry -> {
            begun.countDown();
            end.await();
        }));
        tasks.add(new Event("k", 1));
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        closing(theirs.consume(entry -> stolen.incrementAndGet()));
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofMillis(60));
            eventually(() -> idle() < 200);
        }
        assertEquals(0, stolen.get());
        end.countDown();
        eventually(() -> tasks.statistics().processed() == 1);
    }

    private long idle() {
        List<Reply> pending =
                store().call("XPENDING", STREAM, "workers", "-", "+", 1).list();
        return pending.isEmpty() ? 0 : pending.getFirst().list().get(2).number();
    }

    @Test
    void aLostStreamIsNoEnd() {
        StreamTasks<Event> tasks = builder().build();
        AtomicInteger done = new AtomicInteger();
        closing(tasks.consume(entry -> done.incrementAndGet()));
        tasks.add(new Event("k", 1));
        eventually(() -> done.get() == 1);
        target.clear();
        tasks.add(new Event("k", 2));
        eventually(() -> done.get() == 2);
    }

    @Test
    void nothingIsTrimmedThatIsNotDone() {
        StreamTasks<Event> tasks = builder().keep(100).build();
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            events.add(new Event("k", i));
        }
        tasks.addAll(events);
        assertEquals(0, tasks.trim());
        assertEquals(1000, tasks.statistics().length());
        assertEquals(900L, tasks.health().details().get("overdue"));
        closing(tasks.consume(entry -> {}));
        eventually(() -> tasks.statistics().processed() == 1000);
        tasks.trim();
        assertTrue(tasks.statistics().length() < 300, "" + tasks.statistics());
        assertTrue(tasks.statistics().length() >= 100);
    }

    @Test
    void aPendingEntryHoldsTheTrimUp() throws Exception {
        StreamTasks<Event> tasks = builder().keep(1).build();
        CountDownLatch end = new CountDownLatch(1);
        closing(tasks.consume(entry -> {
            if (entry.value().number() == 50) {
                end.await();
            }
        }));
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            events.add(new Event("k", i));
        }
        List<String> ids = tasks.addAll(events);
        eventually(() -> tasks.statistics().processed() == 299);
        tasks.trim();
        assertEquals(
                ids.get(50),
                store().call("XRANGE", STREAM, "-", "+", "COUNT", 1)
                        .list()
                        .getFirst()
                        .list()
                        .getFirst()
                        .text());
        end.countDown();
        eventually(() -> tasks.statistics().processed() == 300);
    }

    @Test
    void entriesOfAKeyAreDoneInTheirOrder() {
        StreamTasks<Event> mine = builder().partitions(4).build();
        StreamTasks<Event> theirs = elsewhere().partitions(4).build();
        Map<String, List<Integer>> seen = new ConcurrentHashMap<>();
        AtomicInteger failures = new AtomicInteger();
        StreamConsumer.Handler<Event> handler = entry -> {
            if (entry.value().number() % 13 == 5 && entry.deliveries() == 1) {
                failures.incrementAndGet();
                throw new IllegalStateException("the first time never works");
            }
            seen.computeIfAbsent(entry.value().key(), key -> new CopyOnWriteArrayList<>())
                    .add(entry.value().number());
        };
        StreamConsumer<Event> first = mine.consume(handler);
        closing(first);
        int count = 20;
        for (int i = 0; i < count; i++) {
            for (String key : List.of("ada", "grace", "alan", "edsger", "barbara")) {
                mine.add(key, new Event(key, i));
            }
            if (i == count / 2) {
                closing(theirs.consume(handler));
            }
        }
        eventually(() -> mine.statistics().processed() + theirs.statistics().processed() == 5L * count);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            order.add(i);
        }
        seen.forEach((key, numbers) -> assertEquals(order, numbers, key));
        assertEquals(5, seen.size());
        assertTrue(failures.get() >= 10);
    }

    @Test
    void partitionsAreSharedAndHandedOn() {
        StreamTasks<Event> mine = builder().partitions(4).build();
        StreamTasks<Event> theirs = elsewhere().partitions(4).build();
        List<String> who = new CopyOnWriteArrayList<>();
        StreamConsumer<Event> first = mine.consume(entry -> who.add("first"));
        List<String> keys = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l");
        keys.forEach(key -> mine.add(key, new Event(key, 1)));
        eventually(() -> who.size() == 12);
        closing(theirs.consume(entry -> who.add("second")));
        eventually(() -> {
            who.clear();
            keys.forEach(key -> mine.add(key, new Event(key, 2)));
            eventually(() -> who.size() == 12);
            return who.contains("first") && who.contains("second");
        });
        first.close();
        who.clear();
        keys.forEach(key -> mine.add(key, new Event(key, 3)));
        eventually(() -> who.size() == 12);
        assertTrue(!who.contains("first"));
    }

    @Test
    void badArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> builder().partitions(0));
        assertThrows(IllegalArgumentException.class, () -> builder().deliveries(0));
        StreamTasks<Event> tasks = builder().partitions(2).build();
        assertThrows(IllegalStateException.class, () -> tasks.add(new Event("k", 1)));
    }
}
