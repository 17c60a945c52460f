package dev.holdfast.engine.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.holdfast.engine.TestStore;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class TransactionsTest {
    private final TestStore store = new TestStore();
    private final TestStore.Session other = store.connect();

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void queuesAndRuns() {
        assertEquals("OK", store.run("MULTI"));
        assertEquals("QUEUED", store.run("SET", "a", "1"));
        assertEquals("QUEUED", store.run("INCR", "a"));
        assertNull(other.run("GET", "a"));
        assertEquals(List.of("OK", 2L), store.run("EXEC"));
    }

    @Test
    void anErrorWhileRunningStopsNothing() {
        store.run("SET", "a", "x");
        store.run("MULTI");
        store.run("INCR", "a");
        store.run("SET", "b", "1");
        assertEquals("*2\r\n-ERR value is not an integer or out of range\r\n+OK\r\n", store.resp2("EXEC"));
    }

    @Test
    void anErrorWhileQueueingStopsAll() {
        store.run("MULTI");
        store.run("SET", "a", "1");
        assertEquals("ERR wrong number of arguments for 'get' command", store.error("GET"));
        assertEquals("EXECABORT Transaction discarded because of previous errors.", store.error("EXEC"));
        assertNull(store.run("GET", "a"));
        assertEquals("ERR EXEC without MULTI", store.error("EXEC"));
    }

    @Test
    void runsOnlyIfWatchedKeysHaveNotChanged() {
        store.run("WATCH", "a", "b");
        other.run("SET", "b", "1");
        store.run("MULTI");
        store.run("SET", "a", "1");
        assertNull(store.run("EXEC"));
        assertNull(store.run("GET", "a"));

        store.run("WATCH", "a");
        other.run("GET", "a");
        other.run("DEL", "a");
        store.run("MULTI");
        store.run("SET", "a", "1");
        assertEquals(List.of("OK"), store.run("EXEC"));
    }

    @Test
    void aWatchedKeyThatExpiresHasChanged() {
        store.run("SET", "a", "1", "PX", "100");
        store.run("WATCH", "a");
        store.clock().advance(200);
        store.run("MULTI");
        store.run("PING");
        assertNull(store.run("EXEC"));
    }

    @Test
    void unwatchAndDiscardForget() {
        store.run("WATCH", "a");
        other.run("SET", "a", "1");
        store.run("UNWATCH");
        store.run("MULTI");
        assertEquals(List.of(), store.run("EXEC"));

        store.run("WATCH", "a");
        other.run("SET", "a", "2");
        store.run("MULTI");
        assertEquals("OK", store.run("DISCARD"));
        store.run("MULTI");
        assertEquals(List.of(), store.run("EXEC"));
    }

    @Test
    void refusesWhatHasNoPlaceInside() {
        store.run("MULTI");
        assertEquals("ERR Command 'multi' not allowed inside a transaction", store.error("MULTI"));
        assertEquals("EXECABORT Transaction discarded because of previous errors.", store.error("EXEC"));
        assertEquals("ERR DISCARD without MULTI", store.error("DISCARD"));
    }

    @Test
    void waitingCommandsDoNotWaitInside() {
        store.run("MULTI");
        store.run("BLPOP", "list", "0");
        store.run("RPUSH", "list", "x");
        store.run("BLPOP", "list", "0");
        assertEquals("*3\r\n*-1\r\n:1\r\n*2\r\n$4\r\nlist\r\n$1\r\nx\r\n", store.resp2("EXEC"));
    }

    @Test
    void aFullStoreRefusesWhatNeedsMemory() {
        store.run("SET", "a", "1");
        store.run("CONFIG", "SET", "maxmemory", "1");
        assertEquals("OOM command not allowed when used memory > 'maxmemory'.", store.error("SET", "b", "1"));
        assertEquals("1", store.run("GET", "a"));
        assertEquals(1L, store.run("DEL", "a"));

        store.run("MULTI");
        assertEquals("QUEUED", store.run("GET", "a"));
        assertEquals("OOM command not allowed when used memory > 'maxmemory'.", store.error("SET", "b", "1"));
        assertEquals("EXECABORT Transaction discarded because of previous errors.", store.error("EXEC"));

        store.run("CONFIG", "SET", "maxmemory", "0");
        store.run("MULTI");
        store.run("SET", "a", "1");
        other.run("CONFIG", "SET", "maxmemory", "1");
        assertEquals(
                "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
                store.error("EXEC"));
        assertEquals("ERR EXEC without MULTI", store.error("EXEC"));
    }
}
