package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.config.Config;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code rename-command}: commands are what they are under any name, and are found by the one that they have now. */
final class RenamedCommandsTest {
    private final TestStore store = TestStore.of(config());

    private static Config config() {
        Config config = new Config();
        config.renameCommand("GET", "FOO");
        config.renameCommand("EXEC", "RUN");
        config.renameCommand("MULTI", "BEGIN");
        config.renameCommand("CONFIG", "CFG");
        config.renameCommand("INCR", "");
        return config;
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void mistakeInRenamedExecEndsTheTransaction() {
        assertEquals("+OK\r\n", store.resp2("BEGIN"));
        assertEquals("+QUEUED\r\n", store.resp2("SET", "k", "v"));
        assertEquals(
                "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n",
                store.resp2("RUN", "x"));
        assertEquals("$-1\r\n", store.resp2("FOO", "k"));
        assertEquals("-ERR EXEC without MULTI\r\n", store.resp2("RUN"));
    }

    @Test
    void oldNameIsUnknown() {
        assertEquals("+OK\r\n", store.resp2("BEGIN"));
        assertEquals("-ERR unknown command 'EXEC', with args beginning with: 'x' \r\n", store.resp2("EXEC", "x"));
        assertEquals("-EXECABORT Transaction discarded because of previous errors.\r\n", store.resp2("RUN"));
    }

    @Test
    void descriptionsAreFoundByTheNewName() {
        assertEquals("*1\r\n*-1\r\n", store.resp2("COMMAND", "INFO", "GET").replace("$-1", "*-1"));
        assertTrue(store.resp2("COMMAND", "INFO", "foo").startsWith("*1\r\n*10\r\n$3\r\nget\r\n"));
        assertTrue(store.resp2("COMMAND", "INFO", "cfg|get").contains("config|get"));
        assertEquals("*0\r\n", store.resp2("COMMAND", "DOCS", "GET"));
        assertEquals("*1\r\n$1\r\nk\r\n", store.resp2("COMMAND", "GETKEYS", "FOO", "k"));
        assertEquals("-ERR Invalid command specified\r\n", store.resp2("COMMAND", "GETKEYS", "GET", "k"));
        assertEquals("-ERR unknown subcommand 'nope'. Try CFG HELP.\r\n", store.resp2("cfg", "nope"));
    }

    @Test
    void commandOutOfReachIsNotListed() {
        List<String> listed = Arrays.asList(store.resp2("COMMAND", "LIST").split("\r\n"));
        assertFalse(listed.contains("incr"));
        assertTrue(listed.contains("get"));
        assertTrue(
                Arrays.asList(store.resp2("ACL", "CAT", "fast").split("\r\n")).contains("incr"));
        assertEquals("+OK\r\n", store.resp2("ACL", "SETUSER", "u", "+incr", "-get"));
        assertEquals(
                "-ERR Error in ACL SETUSER modifier '+foo': Unknown command or category name in ACL\r\n",
                store.resp2("ACL", "SETUSER", "u", "+foo"));
    }
}
