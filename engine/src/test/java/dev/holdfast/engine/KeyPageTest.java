package dev.holdfast.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.config.Config;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Keys with their type, size and expiry, a page at a time. */
class KeyPageTest {
    private static final long NOW = 1_800_000_000_000L;

    private final AtomicLong now = new AtomicLong(NOW);

    private Map<String, KeyPage.Key> all(Holdfast store, int database, int most) {
        Map<String, KeyPage.Key> keys = new HashMap<>();
        long cursor = 0;
        int pages = 0;
        do {
            KeyPage page = store.keys(database, cursor, most);
            page.keys().forEach(key -> keys.put(new String(key.name(), StandardCharsets.UTF_8), key));
            cursor = page.next();
            assertTrue(page.keys().size() <= most + 10, page.keys().size() + " keys in a page of " + most);
            assertTrue(++pages < 100_000);
        } while (cursor != 0);
        return keys;
    }

    private static KeyPage.Key of(Map<String, KeyPage.Key> keys, String name) {
        return Objects.requireNonNull(keys.get(name));
    }

    @Test
    void everyKeyOfTheDatabaseIsThere() {
        try (Holdfast store = Holdfast.open(new Config(), () -> Instant.ofEpochMilli(now.get()))) {
            assertEquals(Map.of(), all(store, 0, 10));
            for (int i = 0; i < 3000; i++) {
                store.set("k" + i, "v");
            }
            store.call("HSET", "h", "f", "v");
            store.call("SET", "soon", "v", "PX", 1000);
            try (Connection other = store.connect()) {
                other.select(3);
                other.call("SET", "elsewhere", "v");
            }
            Map<String, KeyPage.Key> keys = all(store, 0, 7);
            assertEquals(3002, keys.size());
            assertEquals("hash", of(keys, "h").type());
            assertEquals(-1, of(keys, "h").expiresAtMillis());
            assertEquals(NOW + 1000, of(keys, "soon").expiresAtMillis());
            long usage = (long) Objects.requireNonNull(store.call("MEMORY", "USAGE", "k1"));
            assertTrue(of(keys, "k1").bytes() > 0 && of(keys, "k1").bytes() <= usage);
            assertEquals(1, all(store, 3, 1).size());
            now.addAndGet(2000);
            assertEquals(3001, all(store, 0, 500).size());
            assertThrows(IllegalArgumentException.class, () -> store.keys(16, 0, 10));
            assertThrows(IllegalArgumentException.class, () -> store.keys(-1, 0, 10));
        }
    }
}
