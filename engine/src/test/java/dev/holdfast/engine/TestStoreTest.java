package dev.holdfast.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

/** The fixture itself. */
class TestStoreTest {
    @Test
    void answersAreObjectsOrBytesAndTimeIsTheTests() {
        try (TestStore store = new TestStore("databases", "4")) {
            assertEquals("OK", store.run("SET", "a", "ä", "PX", "10"));
            assertEquals("ä", store.run("GET", "a"));
            assertEquals("$2\r\nÃ¤\r\n", store.resp2("GET", "a"));
            assertEquals("ERR wrong number of arguments for 'get' command", store.error("GET"));
            store.clock().advance(11);
            assertNull(store.run("GET", "a"));
            assertEquals("$-1\r\n", store.resp2("GET", "a"));
            assertEquals("_\r\n", store.resp3("GET", "a"));
        }
    }
}
