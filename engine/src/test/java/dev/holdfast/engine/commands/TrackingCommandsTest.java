package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class TrackingCommandsTest {
    private final TestStore store = new TestStore();
    private final TestStore.Session reader = store.connect();

    @AfterEach
    void close() {
        store.close();
    }

    private static String invalidation(String... keys) {
        StringBuilder text = new StringBuilder(">2\r\n$10\r\ninvalidate\r\n*" + keys.length + "\r\n");
        for (String key : keys) {
            text.append("$").append(key.length()).append("\r\n").append(key).append("\r\n");
        }
        return text.toString();
    }

    @Test
    void tellsOnceOfAKeyThatWasRead() {
        reader.run("CLIENT", "TRACKING", "ON");
        reader.run("GET", "a");
        reader.run("MGET", "b", "c");
        store.run("SET", "a", "1");
        store.run("SET", "a", "2");
        store.run("SET", "unread", "1");
        store.run("DEL", "c");
        store.run("SET", "c", "1");
        assertEquals(invalidation("a"), reader.push());
        assertEquals(invalidation("c"), reader.push());
        assertNull(reader.push());
    }

    @Test
    void aReadWithoutALockIsNoted() {
        store.run("SET", "a", "1");
        reader.run("CLIENT", "TRACKING", "ON");
        assertEquals("$1\r\n1\r\n", reader.resp(true, "GET", "a"));
        store.run("SET", "a", "2");
        assertEquals(invalidation("a"), reader.push());
    }

    @Test
    void redirectsToASubscriber() {
        TestStore.Session target = store.connect();
        String id = String.valueOf(target.run("CLIENT", "ID"));
        target.client().setResp3(false);
        reader.client().setResp3(false);
        reader.run("CLIENT", "TRACKING", "ON", "REDIRECT", id);
        reader.run("GET", "a");
        store.run("SET", "a", "1");
        assertNull(target.push(), "RESP2, and no subscriber");
        target.run("SUBSCRIBE", "__redis__:invalidate");
        reader.run("GET", "a");
        store.run("SET", "a", "1");
        assertEquals("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n", target.push());
        store.run("FLUSHALL");
        assertEquals("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n", target.push());
        assertNull(reader.push());
    }

    @Test
    void saysThatTheTargetHasGone() {
        TestStore.Session target = store.connect();
        String id = String.valueOf(target.run("CLIENT", "ID"));
        reader.run("CLIENT", "TRACKING", "ON", "REDIRECT", id);
        assertEquals(Long.parseLong(id), reader.run("CLIENT", "GETREDIR"));
        reader.run("GET", "a");
        target.close();
        store.run("SET", "a", "1");
        assertEquals(">2\r\n$21\r\ntracking-redir-broken\r\n:" + id + "\r\n", reader.push());
        assertEquals(
                Map.of(
                        "flags",
                        List.of("on", "broken_redirect"),
                        "redirect",
                        Long.parseLong(id),
                        "prefixes",
                        List.of()),
                reader.run("CLIENT", "TRACKINGINFO"));
        assertTrue(String.valueOf(reader.run("CLIENT", "INFO")).contains(" flags=tR "));
    }

    @Test
    void broadcastsEachPrefixOnceForACommandOrTransaction() {
        reader.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a:", "PREFIX", "b:");
        store.run("MSET", "a:2", "x", "a:1", "x", "c:1", "x");
        assertEquals(invalidation("a:1", "a:2"), reader.push());
        assertNull(reader.push());
        store.run("MULTI");
        store.run("INCR", "b:1");
        store.run("INCR", "a:3");
        store.run("INCR", "b:1");
        store.run("EXEC");
        assertEquals(invalidation("a:3"), reader.push());
        assertEquals(invalidation("b:1"), reader.push());
        assertNull(reader.push());
        assertEquals(2, store.engine().tracking().prefixes());
        reader.run("CLIENT", "TRACKING", "OFF");
        store.run("INCR", "b:1");
        assertNull(reader.push());
        assertEquals(0, store.engine().tracking().prefixes());
    }

    @Test
    void keepsQuietAboutOnesOwnChangesIfAsked() {
        reader.run("CLIENT", "TRACKING", "ON", "NOLOOP");
        reader.run("GET", "a");
        reader.run("SET", "a", "1");
        assertNull(reader.push());
        TestStore.Session broadcast = store.connect();
        broadcast.run("CLIENT", "TRACKING", "ON", "NOLOOP", "BCAST");
        broadcast.run("SET", "a", "1");
        assertNull(broadcast.push());
        reader.run("SET", "a", "1");
        assertEquals(invalidation("a"), broadcast.push());
    }

    @Test
    void tracksWhatCachingChooses() {
        reader.run("CLIENT", "TRACKING", "ON", "OPTIN");
        reader.run("GET", "a");
        reader.run("CLIENT", "CACHING", "YES");
        reader.run("MULTI");
        reader.run("GET", "b");
        reader.run("EXEC");
        reader.run("GET", "c");
        store.run("MSET", "a", "1", "b", "1", "c", "1");
        assertEquals(invalidation("b"), reader.push());
        assertNull(reader.push());
        reader.run("CLIENT", "TRACKING", "OFF");
        reader.run("CLIENT", "TRACKING", "ON", "OPTOUT");
        reader.run("CLIENT", "CACHING", "NO");
        reader.run("GET", "a");
        reader.run("GET", "b");
        store.run("MSET", "a", "1", "b", "1");
        assertEquals(invalidation("b"), reader.push());
        assertNull(reader.push());
    }

    @Test
    void tracksWhatScriptsRead() {
        reader.run("CLIENT", "TRACKING", "ON");
        reader.run("EVAL", "return redis.call('GET', KEYS[1])", "2", "a", "b");
        store.run("MSET", "a", "1", "b", "1");
        assertEquals(invalidation("a"), reader.push());
        assertNull(reader.push());
        TestStore.Session broadcast = store.connect();
        broadcast.run("CLIENT", "TRACKING", "ON", "BCAST");
        store.run("EVAL", "redis.call('SET', 'x', 1) redis.call('SET', 'y', 1)", "0");
        assertEquals(invalidation("x", "y"), broadcast.push(), "one message for the whole script");
    }

    @Test
    void tellsOfExpiredKeysAndFields() {
        store.run("SET", "actively", "1", "PX", "10");
        store.run("SET", "lazily", "1", "PX", "10");
        store.run("HSETEX", "hash", "PX", "10", "FIELDS", "1", "f", "v");
        reader.run("CLIENT", "TRACKING", "ON");
        reader.run("MGET", "actively", "lazily");
        reader.run("HGETALL", "hash");
        store.engine().expiry().setActive(false);
        store.clock().advance(20);
        store.run("GET", "lazily");
        assertEquals(invalidation("lazily"), reader.push());
        store.engine().expiry().run(TimeUnit.SECONDS.toNanos(1));
        List<String> told = List.of(nextPush(), nextPush());
        assertTrue(told.contains(invalidation("actively")), told::toString);
        assertTrue(told.contains(invalidation("hash")), told::toString);
    }

    private String nextPush() {
        String push = reader.push();
        assertNotNull(push);
        return push;
    }

    @Test
    void forgetsKeysBeyondTheLimitAndTells() {
        reader.run("CLIENT", "TRACKING", "ON");
        for (int i = 0; i < 100; i++) {
            reader.run("GET", "key" + i);
        }
        assertEquals(100, store.engine().tracking().keys());
        store.run("CONFIG", "SET", "tracking-table-max-keys", "10");
        reader.run("GET", "one more");
        for (int i = 0; i < 3000 && store.engine().tracking().keys() > 10; i++) {
            reader.run("GET", "key" + i);
        }
        assertTrue(store.engine().tracking().keys() <= 10);
        assertTrue(reader.push() != null);
    }

    @Test
    void refusesWhatDoesNotGoTogether() {
        assertEquals(
                "ERR PREFIX option requires BCAST mode to be enabled",
                reader.error("CLIENT", "TRACKING", "ON", "PREFIX", "a"));
        assertEquals(
                "ERR OPTIN and OPTOUT are not compatible with BCAST",
                reader.error("CLIENT", "TRACKING", "ON", "BCAST", "OPTIN"));
        assertEquals(
                "ERR Prefix 'foo' overlaps with another provided prefix 'f'. Prefixes for a single client must not overlap.",
                reader.error("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "foo", "PREFIX", "f"));
        reader.run("CLIENT", "TRACKING", "ON", "OPTIN");
        assertEquals(
                "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it"
                        + " with a different mode.",
                reader.error("CLIENT", "TRACKING", "ON", "OPTOUT"));
        assertEquals(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
                reader.error("CLIENT", "CACHING", "NO"));
        reader.run("RESET");
        assertEquals(-1L, reader.run("CLIENT", "GETREDIR"));
        assertEquals(0, store.engine().tracking().clients());
    }

    /** In each round one thread reads while another writes. Either the reader has seen the write, or it is told of it. */
    @Test
    void neverLosesAChange() throws Exception {
        int rounds = 20_000;
        TestStore.Session writer = store.connect();
        CyclicBarrier barrier = new CyclicBarrier(2);
        store.run("SET", "k", "-1");
        reader.run("CLIENT", "TRACKING", "ON");
        Thread writing = Thread.ofPlatform().start(() -> {
            try {
                for (int i = 0; i < rounds; i++) {
                    barrier.await();
                    writer.run("SET", "k", String.valueOf(i));
                    barrier.await();
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        int told = 0;
        for (int i = 0; i < rounds; i++) {
            barrier.await();
            Object seen = reader.run("GET", "k");
            barrier.await();
            if (reader.push() == null) {
                assertEquals(String.valueOf(i), seen, "round " + i);
            } else {
                told++;
                while (reader.push() != null) {}
            }
        }
        writing.join();
        assertTrue(told > 0);
    }
}
