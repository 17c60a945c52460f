package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ClientCommandsTest {
    private final TestStore store = new TestStore();
    private final TestStore.Session other = store.connect();

    @AfterEach
    void close() {
        store.close();
    }

    private String list(String... filter) {
        String[] words = new String[filter.length + 2];
        words[0] = "CLIENT";
        words[1] = "LIST";
        System.arraycopy(filter, 0, words, 2, filter.length);
        return String.valueOf(store.run(words));
    }

    @Test
    void namesAreShown() {
        assertNull(other.run("CLIENT", "GETNAME"));
        other.run("CLIENT", "SETNAME", "me");
        assertEquals("me", other.run("CLIENT", "GETNAME"));
        assertEquals(
                "ERR Client names cannot contain spaces, newlines or special characters.",
                other.error("CLIENT", "SETNAME", "a b"));
        other.run("CLIENT", "SETINFO", "lib-name", "lib");
        other.run("CLIENT", "SETINFO", "LIB-VER", "1.2");
        String line = String.valueOf(other.run("CLIENT", "INFO"));
        assertTrue(line.contains(" name=me ") && line.contains(" lib-name=lib lib-ver=1.2 "), line);
    }

    @Test
    void listsThoseThatMatch() {
        String id = Long.toString(other.client().id());
        other.run("CLIENT", "SETNAME", "me");
        other.run("SELECT", "3");
        assertEquals(2, list().lines().count());
        for (String[] filter : new String[][] {
            {"ID", id},
            {"NAME", "me"},
            {"DB", "3"},
            {"NOT-DB", "0"},
            {"SKIPME", "yes"},
            {"NOT-ID", Long.toString(store.session().client().id())}
        }) {
            String lines = list(filter);
            assertEquals(1, lines.lines().count(), lines);
            assertTrue(lines.startsWith("id=" + id + " "), lines);
        }
        assertEquals("", list("TYPE", "pubsub"));
        assertEquals("ERR Unknown client type 'x'", store.error("CLIENT", "LIST", "TYPE", "x"));
        assertEquals("ERR syntax error", store.error("CLIENT", "LIST", "ID"));
        assertEquals("ERR No such user 'x'", store.error("CLIENT", "LIST", "USER", "x"));
        assertEquals("ERR maxage should be greater than 0", store.error("CLIENT", "LIST", "MAXAGE", "0"));
    }

    @Test
    void killsThoseThatMatch() {
        assertEquals("ERR No such client", store.error("CLIENT", "KILL", "1.2.3.4:5"));
        assertEquals(1L, store.run("CLIENT", "KILL", "SKIPME", "YES"));
        assertTrue(other.isClosed());
        assertFalse(store.session().isClosed());
        assertEquals(1, list().lines().count());
    }

    @Test
    void resetMakesNew() {
        store.run("SELECT", "2");
        store.run("CLIENT", "SETNAME", "me");
        store.run("MULTI");
        assertEquals("+RESET\r\n", store.resp3("RESET"));
        assertNull(store.run("CLIENT", "GETNAME"));
        assertEquals("ERR EXEC without MULTI", store.error("EXEC"));
        assertTrue(String.valueOf(store.run("CLIENT", "INFO")).contains(" db=0 "));
    }

    @Test
    void aPasswordIsAskedForAndNeverShown() {
        try (TestStore guarded = new TestStore("requirepass", "secret")) {
            assertEquals("NOAUTH Authentication required.", guarded.error("PING"));
            assertTrue(guarded.error("HELLO", "3").startsWith("NOAUTH HELLO must be called"));
            assertEquals("WRONGPASS invalid username-password pair or user is disabled.", guarded.error("AUTH", "x"));
            assertEquals("OK", guarded.run("AUTH", "default", "secret"));
            assertFalse(String.valueOf(guarded.run("INFO", "everything")).contains("secret"));
        }
        assertTrue(store.error("AUTH", "x").startsWith("ERR AUTH <password> called without any password configured"));
    }
}
