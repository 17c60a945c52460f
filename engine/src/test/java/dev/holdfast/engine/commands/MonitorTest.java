package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MonitorTest {
    private final TestStore store = new TestStore();
    private final TestStore.Session monitor = store.connect();
    private final String caller = "[0 test:" + store.session().client().id() + "] ";

    @AfterEach
    void close() {
        store.close();
    }

    /** The next line, without its time and its end. */
    private String line() {
        String push = monitor.push();
        assertNotNull(push);
        assertTrue(push.matches("(?s)\\+1800000000\\.000000 \\[.*\r\n"), push);
        return push.substring(push.indexOf('['), push.length() - 2);
    }

    @Test
    void showsCommandsAsTheyAreRun() {
        store.run("SET", "before", "1");
        assertEquals("OK", monitor.run("MONITOR"));
        store.run("set", "a", "x\n\"\\\u0001é");
        assertEquals(caller + "\"set\" \"a\" \"x\\n\\\"\\\\\\x01\\xc3\\xa9\"", line());
        store.run("GET", "a");
        assertEquals(caller + "\"GET\" \"a\"", line(), "a read without a lock");
        store.run("CONFIG", "GET", "maxmemory");
        store.run("NO-SUCH-COMMAND");
        assertNull(monitor.push(), "what is administrative or is not run is not shown");
        store.run("LPUSH", "a", "1");
        assertEquals(caller + "\"LPUSH\" \"a\" \"1\"", line(), "errors are shown");
    }

    @Test
    void showsATransactionWhenItRuns() {
        monitor.run("MONITOR");
        store.run("MULTI");
        store.run("INCR", "a");
        assertEquals(caller + "\"MULTI\"", line());
        assertNull(monitor.push());
        store.run("EXEC");
        assertEquals(caller + "\"INCR\" \"a\"", line());
        assertEquals(caller + "\"EXEC\"", line());
    }

    @Test
    void showsAWaitingCommandOnce() {
        monitor.run("MONITOR");
        TestStore.Session waiting = store.connect();
        waiting.block("BLPOP", "list", "0");
        assertTrue(line().endsWith("\"BLPOP\" \"list\" \"0\""));
        store.run("RPUSH", "list", "x");
        assertTrue(line().endsWith("\"RPUSH\" \"list\" \"x\""));
        assertNull(monitor.push());
    }

    @Test
    void showsAScriptBeforeItsCommands() {
        monitor.run("MONITOR");
        store.run("EVAL", "return redis.call('INCR', KEYS[1])", "1", "a");
        assertEquals(caller + "\"EVAL\" \"return redis.call('INCR', KEYS[1])\" \"1\" \"a\"", line());
        assertEquals("[0 lua] \"INCR\" \"a\"", line());
        assertNull(monitor.push());
    }

    @Test
    void hidesSecrets() {
        monitor.run("MONITOR");
        store.run("AUTH", "somebody", "secret");
        assertEquals(caller + "\"AUTH\" \"(redacted)\" \"(redacted)\"", line());
        store.run("HELLO", "3", "AUTH", "somebody", "secret", "SETNAME", "me");
        assertEquals(caller + "\"HELLO\" \"3\" \"AUTH\" \"(redacted)\" \"(redacted)\" \"SETNAME\" \"me\"", line());
    }

    @Test
    void aMonitorTouchesNoKeysAndResets() {
        monitor.run("MONITOR");
        assertEquals("ERR Replica can't interact with the keyspace", monitor.error("GET", "a"));
        assertTrue(String.valueOf(store.run("CLIENT", "LIST")).contains(" flags=O "));
        monitor.run("RESET");
        assertNull(monitor.run("GET", "a"));
        assertNull(monitor.push());
        assertFalse(monitor.client().isMonitor());
        store.run("MULTI");
        store.run("MONITOR");
        assertEquals("*1\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client\r\n", store.resp2("EXEC"));
    }
}
