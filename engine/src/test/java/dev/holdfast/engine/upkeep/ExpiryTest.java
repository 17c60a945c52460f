package dev.holdfast.engine.upkeep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The active cycle, run by hand. */
class ExpiryTest {
    private static final long PLENTY = 10_000_000_000L;

    private final TestStore store = new TestStore();

    @BeforeEach
    void stopTheTimer() {
        store.engine().expiry().setActive(false);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void fill(String prefix, int keys, int millis) {
        for (int i = 0; i < keys; i++) {
            store.run("SET", prefix + i, "x", "PX", Integer.toString(millis));
        }
    }

    @Test
    void removesAllThatHasExpiredWhereMuchHas() {
        fill("soon:", 20000, 10);
        fill("late:", 500, 100_000);
        for (int i = 0; i < 500; i++) {
            store.run("SET", "never:" + i, "x");
        }
        store.run("SELECT", "5");
        fill("soon:", 1000, 10);
        store.clock().advance(11);
        store.engine().expiry().run(PLENTY);
        assertEquals(0L, store.run("DBSIZE"));
        store.run("SELECT", "0");
        long left = store.engine().keyspace().size(0) - 1000;
        assertTrue(left < 500, () -> left + " are left");
        assertEquals(21000 - left, store.engine().statistics().expiredKeys.sum());
        assertTrue(store.engine().statistics().staleKeys > 0.01);
        long ttl = store.engine().expiry().averageTtl(0);
        assertTrue(ttl > 90_000 && ttl <= 100_000, () -> "average " + ttl);
    }

    @Test
    void looksAtAPartWhereLittleHas() {
        fill("late:", 50000, 100_000);
        fill("soon:", 500, 10);
        store.clock().advance(11);
        int cycles = 0;
        do {
            store.engine().expiry().run(PLENTY);
            cycles++;
        } while (store.engine().keyspace().size(0) > 50000);
        int taken = cycles;
        assertTrue(taken > 3 && taken < 50, () -> taken + " cycles");
        assertEquals(0, store.engine().statistics().expiryTimeCaps.sum());
    }

    @Test
    void stopsWhenItsTimeIsOverAndGoesOnFromThere() {
        for (int database = 0; database < 16; database++) {
            store.run("SELECT", Integer.toString(database));
            fill("soon:", 500, 10);
        }
        store.clock().advance(11);
        int cycles = 0;
        while (store.engine().statistics().expiredKeys.sum() < 8000) {
            store.engine().expiry().run(0);
            cycles++;
        }
        assertTrue(cycles >= 16);
        assertTrue(store.engine().statistics().expiryTimeCaps.sum() >= 16);
    }

    @Test
    void tellsWhoWatches() {
        store.run("SET", "a", "1", "PX", "10");
        store.run("WATCH", "a");
        store.clock().advance(11);
        store.engine().expiry().run(PLENTY);
        assertEquals(0L, store.engine().keyspace().size(0));
        store.run("MULTI");
        assertEquals("*-1\r\n", store.resp2("EXEC"));
    }
}
