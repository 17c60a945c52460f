package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.DurableTopic.Start;
import dev.holdfast.toolkit.topic.Topic;
import dev.holdfast.toolkit.topic.TopicReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every topic does. */
@ContractTest
class TopicContract extends Contract {
    record Price(String symbol, double price) {}

    @Test
    void messagesReachWhoListens() {
        List<Price> heard = new CopyOnWriteArrayList<>();
        closing(another().topic("prices", Price.class).subscribe((channel, price) -> heard.add(price)));
        Topic<Price> topic = toolkit().topic("prices", Price.class);
        topic.publish(new Price("ACME", 42.5));
        topic.publish(new Price("INIT", 1));
        eventually(() -> heard.size() == 2);
        assertEquals(List.of(new Price("ACME", 42.5), new Price("INIT", 1)), heard);
    }

    @Test
    void aPatternHearsManyChannels() {
        List<String> heard = new CopyOnWriteArrayList<>();
        closing(another()
                .topic("orders:*", String.class)
                .subscribeMatching((channel, order) -> heard.add(channel + "=" + order)));
        toolkit().topic("orders:eu", String.class).publish("1");
        toolkit().topic("other", String.class).publish("2");
        toolkit().topic("orders:us", String.class).publish("3");
        eventually(() -> heard.size() == 2);
        assertEquals(List.of("orders:eu=1", "orders:us=3"), heard);
    }

    @Test
    void shardedMessagesReachWhoListens() {
        List<String> heard = new CopyOnWriteArrayList<>();
        closing(another().shardedTopic("news", String.class).subscribe((channel, text) -> heard.add(text)));
        toolkit().shardedTopic("news", String.class).publish("hello");
        eventually(() -> heard.equals(List.of("hello")));
        Topic<String> sharded = toolkit().shardedTopic("n*", String.class);
        assertThrows(IllegalStateException.class, () -> sharded.subscribeMatching((channel, text) -> {}));
    }

    @Test
    void aListenerThatFailsHearsTheNext() {
        List<Integer> heard = new CopyOnWriteArrayList<>();
        closing(another().topic("numbers", Integer.class).subscribe((channel, number) -> {
            heard.add(number);
            if (number == 1) {
                throw new IllegalStateException("this is a test");
            }
        }));
        toolkit().topic("numbers", Integer.class).publish(1);
        toolkit().topic("numbers", String.class).publish("not a number");
        toolkit().topic("numbers", Integer.class).publish(2);
        eventually(() -> heard.equals(List.of(1, 2)));
    }

    @Test
    void aReaderGoesOnWhereItWas() {
        DurableTopic<Price> topic =
                toolkit().durableTopic("trades", Price.class).build();
        topic.publish(new Price("A", 1));
        topic.publish(new Price("B", 2));
        List<String> heard = new CopyOnWriteArrayList<>();
        TopicReader<Price> reader = topic.read("billing", Start.OLDEST, (id, price) -> heard.add(price.symbol()));
        eventually(() -> heard.equals(List.of("A", "B")));
        reader.close();
        topic.publish(new Price("C", 3));
        DurableTopic<Price> elsewhere =
                another().durableTopic("trades", Price.class).build();
        elsewhere.read("billing", Start.OLDEST, (id, price) -> heard.add(price.symbol()));
        eventually(() -> heard.equals(List.of("A", "B", "C")));
        topic.publish(new Price("D", 4));
        eventually(() -> heard.equals(List.of("A", "B", "C", "D")));
        assertEquals(4, topic.length());
    }

    @Test
    void aNewReaderMayBeginNow() {
        DurableTopic<String> topic =
                toolkit().durableTopic("trades", String.class).build();
        topic.publish("before");
        List<String> heard = new CopyOnWriteArrayList<>();
        topic.read("billing", Start.NEW, (id, text) -> heard.add(text));
        topic.publish("after");
        eventually(() -> heard.equals(List.of("after")));
        topic.forget("billing");
        assertFalse(store().call("HEXISTS", "{topic:trades}:cursors", "billing").flag());
    }

    @Test
    void aMessageThatFailsComesAgainAndKeepsItsPlace() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("trades", Integer.class).build();
        List<Integer> heard = new CopyOnWriteArrayList<>();
        AtomicInteger failures = new AtomicInteger();
        for (int i = 0; i < 5; i++) {
            topic.publish(i);
        }
        topic.read("billing", Start.OLDEST, (id, number) -> {
            if (number == 2 && failures.incrementAndGet() <= 2) {
                assertTrue(number == 2);
                throw new IllegalStateException("this is a test");
            }
            heard.add(number);
        });
        eventually(() -> heard.equals(List.of(0, 1, 2, 3, 4)));
        assertEquals(3, failures.get());
        eventually(() -> topic.health().up());
    }

    @Test
    void whoComesTooLateIsTold() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("trades", Integer.class).keep(10).build();
        List<Integer> heard = new CopyOnWriteArrayList<>();
        topic.publish(-1);
        TopicReader<Integer> reader = topic.read("billing", Start.OLDEST, (id, number) -> heard.add(number));
        eventually(() -> heard.size() == 1);
        reader.close();
        for (int i = 0; i < 500; i++) {
            topic.publish(i);
        }
        AtomicInteger gaps = new AtomicInteger();
        topic.read("billing", Start.OLDEST, new TopicReader.Handler<>() {
            @Override
            public void message(String id, Integer number) {
                heard.add(number);
            }

            @Override
            public void gap() {
                gaps.incrementAndGet();
            }
        });
        eventually(() -> heard.getLast() == 499);
        assertEquals(1, gaps.get());
        assertTrue(heard.size() < 400, "" + heard.size());
    }

    /** Reads under the name {@code billing}, and notes gaps as -1. */
    private static TopicReader<Integer> reading(DurableTopic<Integer> topic, List<Integer> heard) {
        return topic.read("billing", Start.OLDEST, new TopicReader.Handler<>() {
            @Override
            public void message(String id, Integer number) {
                heard.add(number);
            }

            @Override
            public void gap() {
                heard.add(-1);
            }
        });
    }

    @Test
    void everyGapIsTold() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("trades", Integer.class).build();
        List<Integer> heard = new CopyOnWriteArrayList<>();
        TopicReader<Integer> reader = reading(topic, heard);
        topic.publish(0);
        eventually(() -> heard.equals(List.of(0)));
        reader.close();
        topic.publish(1);
        topic.publish(2);
        String last = topic.publish(3);
        // One message fewer than a batch is left, and the reader has handled some before: the gap is told all the same.
        store().call("XTRIM", topic.key(), "MINID", last);
        TopicReader<Integer> again = reading(topic, heard);
        eventually(() -> heard.equals(List.of(0, -1, 3)));
        topic.publish(4);
        eventually(() -> heard.equals(List.of(0, -1, 3, 4)));
        again.close();
        topic.publish(5);
        store().call("XTRIM", topic.key(), "MAXLEN", 0);
        // Nothing is left, not even what came behind the gap.
        TopicReader<Integer> third = reading(topic, heard);
        eventually(() -> heard.equals(List.of(0, -1, 3, 4, -1)));
        third.close();
        store().call("DEL", topic.key());
        topic.publish(6);
        reading(topic, heard);
        eventually(() -> heard.equals(List.of(0, -1, 3, 4, -1, -1, 6)));
    }

    @Test
    void whatWasReadBeforeItWasDroppedIsNoGap() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("trades", Integer.class).build();
        List<Integer> heard = new CopyOnWriteArrayList<>();
        topic.publish(-2);
        store().call("XTRIM", topic.key(), "MAXLEN", 0);
        TopicReader<Integer> reader = reading(topic, heard);
        List<Integer> published = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            topic.publish(i);
            published.add(i);
        }
        eventually(() -> heard.equals(published));
        store().call("XTRIM", topic.key(), "MAXLEN", 0);
        topic.publish(250);
        eventually(() -> heard.size() == 251);
        reader.close();
        store().call("XTRIM", topic.key(), "MAXLEN", 0);
        topic.publish(251);
        reading(topic, heard);
        eventually(() -> heard.size() == 252);
        assertFalse(heard.contains(-1), () -> "heard: " + heard);
    }

    @Test
    void aGapBehindAMessageThatFailsIsTold() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("trades", Integer.class).build();
        List<Integer> heard = new CopyOnWriteArrayList<>();
        topic.publish(0);
        AtomicInteger failures = new AtomicInteger();
        topic.read("billing", Start.OLDEST, new TopicReader.Handler<>() {
            @Override
            public void message(String id, Integer number) {
                if (number == 0) {
                    failures.incrementAndGet();
                    throw new AssertionError("this is a test");
                }
                heard.add(number);
            }

            @Override
            public void gap() {
                heard.add(-1);
            }
        });
        eventually(() -> failures.get() > 1 && !topic.health().up());
        topic.publish(1);
        store().call("XTRIM", topic.key(), "MAXLEN", 1);
        eventually(() -> heard.equals(List.of(-1, 1)));
        eventually(() -> topic.health().up());
    }

    @Test
    void aReaderWithNothingToReadIsWell() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("quiet", Integer.class).build();
        TopicReader<Integer> reader = topic.read("billing", Start.NEW, (id, number) -> {});
        eventually(() -> !reader.cursor().isEmpty());
        // Longer than any timer of a client library, which would take the wait for a failure.
        long end = System.nanoTime() + Duration.ofMillis(3500).toNanos();
        eventually(() -> {
            assertTrue(topic.health().up(), () -> "" + topic.health().details());
            return System.nanoTime() > end;
        });
    }

    @Test
    void whatCannotBeReadHidesNothing() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("{tra} des", Integer.class).build();
        topic.publish(1);
        store().call("XADD", topic.key(), "*", "message", "not a number");
        topic.publish(2);
        List<DurableTopic.Entry<Integer>> page = topic.messages("0", 10);
        assertEquals(
                List.of(true, false, true),
                page.stream().map(DurableTopic.Entry::isReadable).toList());
        assertEquals(2, page.getLast().message());
        assertThrows(CodecException.class, page.get(1)::message);
        List<Integer> heard = new CopyOnWriteArrayList<>();
        reading(topic, heard);
        eventually(() -> heard.equals(List.of(1, 2)));
    }

    @Test
    void whatCannotBeReadIsLeftOut() {
        DurableTopic<Integer> topic =
                toolkit().durableTopic("trades", Integer.class).build();
        store().call("XADD", topic.key(), "*", "message", "not a number");
        store().call("XADD", topic.key(), "*", "another", "field");
        topic.publish(7);
        List<Integer> heard = new CopyOnWriteArrayList<>();
        List<String> unreadable = new CopyOnWriteArrayList<>();
        topic.read("billing", Start.OLDEST, new TopicReader.Handler<>() {
            @Override
            public void message(String id, Integer number) {
                heard.add(number);
            }

            @Override
            public void unreadable(String id, CodecException reason) {
                unreadable.add(id);
            }
        });
        eventually(() -> heard.equals(List.of(7)));
        assertEquals(2, unreadable.size());
    }

    @Test
    void messagesAreReadInPages() {
        DurableTopic<Integer> topic = toolkit()
                .durableTopic("trades", Integer.class)
                .keepFor(Duration.ofHours(1))
                .build();
        for (int i = 0; i < 10; i++) {
            topic.publish(i);
        }
        List<Integer> read = new ArrayList<>();
        String after = "0";
        List<DurableTopic.Entry<Integer>> page = topic.messages(after, 4);
        while (!page.isEmpty()) {
            page.forEach(entry -> read.add(entry.message()));
            page = topic.messages(page.getLast().id(), 4);
        }
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), read);
    }
}
