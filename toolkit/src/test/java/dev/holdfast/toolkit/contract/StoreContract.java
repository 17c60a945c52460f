package dev.holdfast.toolkit.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.InvalidationListener;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.Migration;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import dev.holdfast.toolkit.store.StoreUri;
import dev.holdfast.toolkit.store.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every {@link Store} does. */
@ContractTest
class StoreContract extends Contract {
    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void answersHaveTheSameTypesEverywhere() {
        assertEquals("OK", store().call("SET", "n", 41).text());
        assertEquals(42, store().call("INCR", "n").number());
        assertEquals("42", store().call("GET", "n").text());
        assertTrue(store().call("GET", "nothing").isNull());
        store().call("HSET", "h", "a", "1", "b", utf8("2"));
        Map<String, Reply> fields = store().call("HGETALL", "h").map();
        assertEquals(List.of("a", "b"), List.copyOf(fields.keySet()));
        assertEquals(2, store().call("HGETALL", "h").field("b").number());
        store().call("ZADD", "z", 1.5, "one");
        assertEquals(1.5, store().call("ZSCORE", "z", "one").real());
        assertEquals(List.of(), store().call("LRANGE", "none", 0, -1).list());
        store().call("XADD", "s", "1-1", "f", "v");
        Reply entry = store().call("XRANGE", "s", "-", "+").list().getFirst();
        assertEquals("1-1", entry.list().getFirst().text());
        assertEquals("v", entry.list().getLast().field("f").text());
    }

    @Test
    void anErrorIsThrownWithItsCode() {
        store().call("SET", "a", "x");
        CommandFailedException e = assertThrows(CommandFailedException.class, () -> store().call("LPUSH", "a", "y"));
        assertEquals("WRONGTYPE", e.code());
    }

    @Test
    void aPipelineGoesOnAfterAnError() {
        List<Reply> replies = store().pipeline(List.of(
                Command.of("SET", "a", "x"),
                Command.of("LPUSH", "a", "y"),
                Command.of("SET", "b", "z"),
                Command.of("GET", "b")));
        assertTrue(replies.get(1).isError());
        assertThrows(CommandFailedException.class, () -> replies.get(1).orThrow());
        assertEquals("z", replies.get(3).text());
    }

    @Test
    void asynchronousCallsAnswerAndFail() {
        assertEquals(
                "OK",
                store().callAsync(Command.of("SET", "a", "x"))
                        .toCompletableFuture()
                        .join()
                        .text());
        CompletableFuture<Reply> failed =
                store().callAsync(Command.of("LPUSH", "a", "y")).toCompletableFuture();
        assertEquals("WRONGTYPE", code(failed));
    }

    /** The code of the error that a stage has failed with. */
    private static String code(CompletableFuture<Reply> failed) {
        CompletionException thrown = assertThrows(CompletionException.class, failed::join);
        return thrown.getCause() instanceof CommandFailedException cause ? cause.code() : String.valueOf(thrown);
    }

    @Test
    void aScriptRunsWhetherTheServerKnowsItOrNot() {
        Script script = Script.of("add", "return redis.call('INCRBY', KEYS[1], ARGV[1]) -- " + System.nanoTime());
        assertEquals(5, store().call(script, List.of("n"), 5).number());
        assertEquals(7, store().call(script, List.of("n"), 2).number());
        Script other = Script.of("other", "return {KEYS[1], ARGV[1]} -- " + System.nanoTime());
        List<Reply> replies = store().pipeline(List.of(Command.of(other, List.of("a"), "x"), Command.of("PING")));
        assertEquals(List.of("a", "x"), replies.getFirst().texts());
        Script third = Script.of("third", "return redis.error_reply('MINE it failed') -- " + System.nanoTime());
        CompletableFuture<Reply> failed =
                store().callAsync(Command.of(third, List.of("a"))).toCompletableFuture();
        assertEquals("MINE", code(failed));
    }

    @Test
    void manyKeysAreReadRemovedAndVisitedWhereverTheyAre() {
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            keys.add(utf8("k:" + i));
            store().call("SET", "k:" + i, i);
            store().call("SET", "other:" + i, i);
        }
        Set<String> seen = new TreeSet<>();
        store().scan("k:*", batch -> batch.forEach(key -> seen.add(new String(key, UTF_8))));
        assertEquals(300, seen.size());
        keys.add(utf8("nothing"));
        List<byte[]> values = store().getAll(keys);
        assertArrayEquals(utf8("299"), values.get(299));
        assertNull(values.get(300));
        assertEquals(300, store().unlink(keys));
        assertTrue(store().call("GET", "k:7").isNull());
        assertEquals("7", store().call("GET", "other:7").text());
    }

    @Test
    void aCommandThatWaitsDoesNotHoldUpOthers() throws Exception {
        CompletableFuture<Reply> taken = CompletableFuture.supplyAsync(
                () -> store().await(Duration.ofSeconds(5), Command.of("BLMOVE", "{q}a", "{q}b", "RIGHT", "LEFT", 5)));
        assertEquals("OK", store().call("SET", "x", "y").text());
        store().call("LPUSH", "{q}a", "job");
        assertEquals("job", taken.get(5, TimeUnit.SECONDS).text());
        assertTrue(store().await(Duration.ofMillis(50), Command.of("BLMOVE", "{q}a", "{q}b", "RIGHT", "LEFT", 0.05))
                .isNull());
    }

    @Test
    void anyNumberMayWaitAndFewConnectionsAreKept() throws Exception {
        if (target == Target.EMBEDDED) {
            return; // There are no connections.
        }
        Store pooled = closing(StoreUri.open(target.uri() + "?pool=3"));
        List<CompletableFuture<Reply>> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Command take = Command.of("BLMOVE", "{q}a", "{q}b", "RIGHT", "LEFT", 60);
            waiting.add(CompletableFuture.supplyAsync(
                    () -> pooled.await(Duration.ofSeconds(60), take),
                    toolkit().context().workers()));
        }
        eventually(() -> Integer.valueOf(20).equals(pooled.health().details().get("connections.waiting")));
        for (int i = 0; i < 20; i++) {
            store().call("LPUSH", "{q}a", i);
        }
        for (CompletableFuture<Reply> taken : waiting) {
            assertFalse(taken.get(30, TimeUnit.SECONDS).isNull());
        }
        eventually(() -> Integer.valueOf(3).equals(pooled.health().details().get("connections.idle")));
        assertEquals(0, pooled.health().details().get("connections.waiting"));
    }

    @Test
    void messagesReachSubscribers() {
        List<String> heard = new CopyOnWriteArrayList<>();
        MessageListener listener = (channel, payload) -> heard.add(channel + "=" + new String(payload, UTF_8));
        Store other = another().store();
        Subscription named = closing(other.subscribe(Channels.named("news"), listener));
        closing(other.subscribe(Channels.matching("spo*"), listener));
        store().publish("news", utf8("1"));
        store().publish("sports", utf8("2"));
        eventually(() -> heard.size() == 2);
        assertEquals(Set.of("news=1", "sports=2"), Set.copyOf(heard));
        assertTrue(named.isActive());
        closing(other.subscribe(Channels.sharded("shard"), listener));
        store().call("SPUBLISH", "shard", "3");
        eventually(() -> heard.contains("shard=3"));
    }

    @Test
    void aSubscriberIsToldOfAGap() {
        List<String> heard = new CopyOnWriteArrayList<>();
        Store other = another().store();
        closing(other.subscribe(Channels.named("news"), new MessageListener() {
            @Override
            public void message(String channel, byte[] payload) {
                heard.add(new String(payload, UTF_8));
            }

            @Override
            public void gap() {
                heard.add("gap");
            }
        }));
        if (store().isCluster()) {
            return; // A subscriber's node is any of three; the cut below reaches one.
        }
        store().call("CLIENT", "KILL", "TYPE", "pubsub");
        eventually(() -> heard.contains("gap"));
        store().publish("news", utf8("after"));
        eventually(() -> heard.contains("after"));
    }

    @Test
    void aWaitLastsAsLongAsItSays() {
        Store impatient = target == Target.EMBEDDED ? store() : closing(StoreUri.open(target.uri() + "?timeout=300ms"));
        long start = System.nanoTime();
        Reply nothing = impatient.await(Duration.ofSeconds(2), Command.of("BLPOP", "nothing", 1));
        assertTrue(nothing.isNull());
        assertTrue(System.nanoTime() - start >= Duration.ofMillis(900).toNanos());
    }

    @Test
    void aSubscriberThatThrowsHearsTheNext() {
        List<String> heard = new CopyOnWriteArrayList<>();
        closing(another().store().subscribe(Channels.named("news"), (channel, payload) -> {
            heard.add(new String(payload, UTF_8));
            if (heard.size() == 1) {
                throw new AssertionError("this is a test");
            }
            throw new Unspeakable();
        }));
        for (int i = 0; i < 3; i++) {
            store().publish("news", utf8("" + i));
        }
        eventually(() -> heard.equals(List.of("0", "1", "2")));
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
    void aSlowSubscriberIsToldWhatItMissed() throws Exception {
        if (store().isCluster()) {
            return; // Whether a message has left the subscriber's node cannot be asked of any other.
        }
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        List<String> heard = new CopyOnWriteArrayList<>();
        closing(another().store().subscribe(Channels.named("large"), new MessageListener() {
            @Override
            public void message(String channel, byte[] payload) {
                begun.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                heard.add("" + payload.length);
            }

            @Override
            public void gap() {
                heard.add("gap");
            }
        }));
        byte[] large = new byte[1 << 20];
        store().publish("large", large);
        begun.await();
        for (int i = 0; i < 60; i++) {
            store().publish("large", large);
        }
        // What is left in the sockets is a few megabytes.
        eventually(() -> store().call("CLIENT", "LIST", "TYPE", "pubsub")
                .text()
                .lines()
                .allMatch(client -> client.isEmpty() || client.contains(" omem=0 ")));
        release.countDown();
        // A store in this JVM may have cut the subscription off, as a server does; then it is away for a second.
        eventually(() -> {
            store().publish("large", utf8("end"));
            return heard.contains("3");
        });
        int gap = heard.indexOf("gap");
        assertTrue(gap > 0 && gap < heard.indexOf("3"), () -> "heard: " + heard);
        assertTrue(heard.size() < 50, () -> "heard: " + heard);
    }

    @Test
    void changesOfOthersAreTracked() {
        List<String> told = new CopyOnWriteArrayList<>();
        Store other = another().store();
        Optional<Subscription> tracking = other.track("user:", new InvalidationListener() {
            @Override
            public void invalidated(byte[] key) {
                told.add(new String(key, UTF_8));
            }

            @Override
            public void allInvalidated() {
                told.add("all");
            }
        });
        closing(tracking.orElseThrow());
        told.clear();
        other.call("SET", "user:own", "x");
        for (int i = 0; i < 20; i++) {
            store().call("SET", "user:" + i, "x");
            store().call("SET", "product:" + i, "x");
        }
        eventually(() -> told.stream().filter(key -> key.startsWith("user:")).count() == 20);
        assertTrue(told.stream().noneMatch(key -> key.startsWith("product:")));
        assertFalse(told.contains("user:own"), "its own changes are known already");
        if (!store().isCluster()) {
            told.clear();
            store().call("FLUSHALL");
            eventually(() -> told.contains("all"));
        }
    }

    @Test
    void keysAreCopiedWithTheirTimes() {
        store().call("HSET", "old:h", "f", "v");
        store().call("SET", "old:s", "text", "EX", 100);
        store().call("SET", "other", "stays");
        Store next = closing(StoreUri.open("embedded:"));
        next.call("SET", "old:h", "is replaced");
        assertEquals(2, Migration.copy(store(), next, "old:*"));
        assertEquals("v", next.call("HGET", "old:h", "f").text());
        assertEquals(-1, next.call("PTTL", "old:h").number());
        long left = next.call("PTTL", "old:s").number();
        assertTrue(left > 60_000 && left <= 100_000, () -> "left: " + left);
        assertTrue(next.call("GET", "other").isNull());
        assertEquals(2, Migration.copy(store(), next, "old:*"), "copying again does no harm");
    }

    @Test
    void itsHealthHasTheServersFigures() {
        for (int i = 0; i < 30; i++) {
            store().call("SET", "k" + i, i);
        }
        Map<String, Object> details = store().health().details();
        assertEquals(30L, details.get("keys"));
        assertEquals(30L, details.get("keys.db0"));
        assertEquals("noeviction", details.get("memory.policy"));
        assertTrue(details.get("memory.bytes") instanceof Long bytes && bytes > 0, () -> "memory: " + details);
        assertTrue(
                details.get("clients.connected") instanceof Long clients && (target == Target.EMBEDDED || clients > 0),
                () -> "clients: " + details);
    }

    @Test
    void timeIsTheServers() {
        List<Reply> time = store().call("TIME").list();
        long millis = time.getFirst().number() * 1000 + time.getLast().number() / 1000;
        assertTrue(Math.abs(millis - store().millis()) < 200);
    }

    @Test
    void slotsAreThoseOfTheServer() {
        assertEquals(12182, HashTag.slot("foo"));
        if (!store().isCluster()) {
            return;
        }
        for (String key : List.of("foo", "user:{42}:name", "{}a", "a}b{c}", "")) {
            assertEquals(store().call("CLUSTER", "KEYSLOT", key).number(), HashTag.slot(key), key);
        }
    }

    @Test
    void aWrongPasswordIsNamedAndNotShown() {
        if (target == Target.EMBEDDED || store().isCluster()) {
            return; // Nobody asks for a password; and of a cluster's nodes the command below tells one.
        }
        store().call("ACL", "SETUSER", "ada", "on", ">right", "~*", "&*", "+@all");
        try {
            String address = target.uri().replace("redis://", "");
            Store ada = closing(StoreUri.open("redis://ada:right@" + address));
            assertEquals("ada", ada.call("ACL", "WHOAMI").text());
            StoreUnavailableException refused =
                    assertThrows(StoreUnavailableException.class, () -> StoreUri.open("valkey://ada:wrong@" + address));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("WRONGPASS"), message);
            assertFalse(message.contains("ada:"), message);
            assertFalse(ada.health().toString().contains("right"));
        } finally {
            store().call("ACL", "DELUSER", "ada");
        }
    }

    @Test
    void aClosedStoreRefuses() {
        Store own = target.open();
        assertTrue(own.health().up());
        own.close();
        assertThrows(StoreUnavailableException.class, () -> own.call("PING"));
        assertTrue(!own.health().up());
    }
}
