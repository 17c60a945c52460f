package dev.holdfast.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.ErrorReplyException;
import dev.holdfast.engine.SetOption;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

@HoldfastTest
class TestStoreTest {
    private static final int TIMEOUT_MILLIS = 200;

    @Test
    void clientsAndCallsInTheJvmSeeTheSameData(TestStore store) {
        try (Jedis client = new Jedis(store.uri())) {
            client.set("greeting", "hello");
            assertEquals("hello", store.holdfast().get("greeting"));
        }
    }

    @Test
    void whatExpiresIsGoneWhenTheClockHasMovedOn(TestStore store) {
        Instant before = store.now();
        store.holdfast().set("code", "42", SetOption.expireIn(Duration.ofMinutes(5)));
        store.advance(Duration.ofMinutes(4));
        assertEquals("42", store.holdfast().get("code"));
        store.holdfast().set("another", "42", SetOption.expireIn(Duration.ofMinutes(1)));
        store.advance(Duration.ofMinutes(1));
        assertNull(store.holdfast().get("code"));
        assertNull(store.holdfast().get("another"));
        assertFalse(store.now().isBefore(before.plus(Duration.ofMinutes(5))));
        assertThrows(IllegalArgumentException.class, () -> store.advance(Duration.ofMillis(-1)));
    }

    @Test
    void aFullMemoryRefusesWritesAlone(TestStore store) {
        store.holdfast().set("old", "1");
        store.fillMemory();
        try (Jedis client = new Jedis(store.uri())) {
            JedisDataException refused = assertThrows(JedisDataException.class, () -> client.set("new", "1"));
            assertTrue(String.valueOf(refused.getMessage()).startsWith("OOM "), refused::toString);
            assertThrows(ErrorReplyException.class, () -> store.holdfast().set("new", "1"));
            assertEquals("1", client.get("old"));
            store.heal();
            client.set("new", "1");
        }
    }

    @Test
    void aCommandFailsOnDemandOnEveryWay(TestStore store) {
        store.holdfast().set("key", "1");
        store.fail("incr", "LOADING the data");
        store.fail("GET", "BUSY");
        try (Jedis client = new Jedis(store.uri())) {
            JedisDataException failed = assertThrows(JedisDataException.class, () -> client.incr("key"));
            assertEquals("LOADING the data", failed.getMessage());
            assertThrows(JedisDataException.class, () -> client.eval("return redis.call('INCR', 'key')"));
            assertThrows(JedisDataException.class, () -> client.get("key"));
            assertThrows(ErrorReplyException.class, () -> store.holdfast().get("key"));
            assertEquals(1, client.strlen("key"));
            store.heal();
            assertEquals(2, client.incr("key"));
        }
        assertThrows(IllegalArgumentException.class, () -> store.fail("NONSENSE", "ERR"));
        assertThrows(IllegalArgumentException.class, () -> store.fail("GET", "two\r\nlines"));
    }

    @Test
    void aCutConnectionEndsAndTheNextOneWorks(TestStore store) {
        Network network = store.network();
        try (Jedis client = new Jedis(network.uri())) {
            client.set("key", "1");
            network.cut();
            assertThrows(JedisConnectionException.class, () -> client.get("key"));
        }
        try (Jedis client = new Jedis(network.uri())) {
            assertEquals("1", client.get("key"));
        }
    }

    @Test
    void aLostRequestIsNotRunAndALostReplyIsThatOfACommandThatWas(TestStore store) {
        Network network = store.network();
        try (Jedis client = client(network)) {
            network.loseRequests();
            assertThrows(JedisConnectionException.class, () -> client.incr("requests"));
        }
        network.heal();
        try (Jedis client = client(network)) {
            network.loseReplies();
            assertThrows(JedisConnectionException.class, () -> client.incr("replies"));
        }
        network.heal();
        assertNull(store.holdfast().get("requests"));
        assertEquals("1", store.holdfast().get("replies"));
        try (Jedis client = client(network)) {
            assertEquals(2, client.incr("replies"));
        }
    }

    private static Jedis client(Network network) {
        Jedis client = new Jedis(network.uri(), TIMEOUT_MILLIS);
        client.ping();
        return client;
    }

    @Test
    void aNetworkMayRefuse(TestStore store) {
        store.network().refuse();
        assertThrows(JedisConnectionException.class, () -> ping(store.network().uri()));
        store.network().heal();
        assertEquals("PONG", ping(store.network().uri()));
    }

    @Test
    void aDelayIsFeltThroughTheNetworkAlone(TestStore store) {
        store.network().delay(Duration.ofMillis(TIMEOUT_MILLIS * 5));
        assertThrows(JedisConnectionException.class, () -> ping(store.network().uri()));
        assertEquals("PONG", ping(store.uri()));
    }

    @Test
    void theConfigurationIsValkeys() {
        try (TestStore store = TestStore.open("requirepass \"two words\"", "databases 3");
                Jedis client = new Jedis(store.uri())) {
            assertEquals("OK", client.select(2));
            assertThrows(JedisDataException.class, () -> client.select(3));
        }
        IllegalArgumentException wrong =
                assertThrows(IllegalArgumentException.class, () -> TestStore.open("maxmemory lots"));
        assertTrue(String.valueOf(wrong.getMessage()).contains("maxmemory lots"), wrong::toString);
    }

    @Test
    void storesDoNotShareAnything(TestStore store) {
        try (TestStore other = TestStore.open()) {
            other.holdfast().set("key", "1");
            other.advance(Duration.ofDays(1));
            assertNull(store.holdfast().get("key"));
            assertTrue(store.now().isBefore(other.now()));
        }
    }

    @Test
    void afterItsEndAStoreIsNotReached() {
        TestStore store = TestStore.open();
        URI uri = store.uri();
        store.close();
        assertThrows(JedisConnectionException.class, () -> ping(uri));
    }

    private static String ping(URI uri) {
        try (Jedis client = new Jedis(uri, TIMEOUT_MILLIS)) {
            return client.ping();
        }
    }
}
