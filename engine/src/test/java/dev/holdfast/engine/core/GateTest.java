package dev.holdfast.engine.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One gate stands before the commands of all origins; each origin passes the checks that concern it and no others. */
@Timeout(60)
class GateTest {
    private @Nullable TestStore opened;

    private TestStore open(String... parameters) {
        TestStore store = new TestStore(parameters);
        opened = store;
        return store;
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
        }
    }

    /** The client of a log: of the append-only file, or of the primary. */
    private static TestStore.Session log(TestStore store, boolean primary) {
        TestStore.Session log = store.connect();
        if (primary) {
            log.client().setPrimary();
        } else {
            log.client().setReplaying(true);
        }
        return log;
    }

    /** Runs a command of a log. Returns its answer as the protocol has it; a queued one has none. */
    private static String replay(TestStore store, TestStore.Session log, String... words) {
        RespReply reply = new RespReply(128);
        store.engine().replay(log.client(), Args.of(words), reply);
        return new String(reply.array(), 0, reply.size(), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTransactionOfALogNeedsNoPassword(boolean primary) {
        TestStore store = open("requirepass", "secret");
        assertEquals("NOAUTH Authentication required.", store.error("GET", "a"));
        TestStore.Session log = log(store, primary);
        replay(store, log, "MULTI");
        replay(store, log, "SET", "a", "1");
        replay(store, log, "RPUSH", "l", "x");
        replay(store, log, "EXEC");
        assertEquals("OK", store.run("AUTH", "secret"));
        assertEquals("1", store.run("GET", "a"));
        assertEquals(1L, store.run("LLEN", "l"));
    }

    @Test
    void whatIsLoadedFromAFileIsNotPaused() {
        TestStore store = open();
        TestStore.Session log = log(store, false);
        store.run("CLIENT", "PAUSE", "100000", "WRITE");
        replay(store, log, "SET", "a", "1");
        replay(store, log, "MULTI");
        replay(store, log, "INCR", "a");
        replay(store, log, "EXEC");
        store.run("CLIENT", "UNPAUSE");
        assertEquals("2", store.run("GET", "a"));
    }

    @Test
    void aPrimarysCommandWaitsForTheEndOfAPause() throws Exception {
        TestStore store = open();
        TestStore.Session primary = log(store, true);
        store.run("CLIENT", "PAUSE", "100000", "WRITE");
        CompletableFuture<Void> stream = CompletableFuture.runAsync(() -> {
            replay(store, primary, "SET", "a", "1");
            replay(store, primary, "APPEND", "a", "2");
        });
        for (int i = 0; i < 100; i++) {
            assertNull(store.run("GET", "a"));
            assertFalse(stream.isDone());
        }
        store.run("CLIENT", "UNPAUSE");
        stream.get(30, TimeUnit.SECONDS);
        assertEquals("12", store.run("GET", "a"));
    }

    @Test
    void aPrimaryThatGoesEndsItsWaitAndRunsNothing() throws Exception {
        TestStore store = open();
        TestStore.Session primary = log(store, true);
        store.run("CLIENT", "PAUSE", "100000", "WRITE");
        CompletableFuture<Void> stream = CompletableFuture.runAsync(() -> replay(store, primary, "SET", "a", "1"));
        primary.client().closeAfterReply();
        stream.get(30, TimeUnit.SECONDS);
        store.run("CLIENT", "UNPAUSE");
        assertNull(store.run("GET", "a"));
    }

    /** A client gives up where a script is busy; a log, of which nothing may be left out, waits. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLogWaitsForABusyScript(boolean primary) throws Exception {
        TestStore store = open("busy-reply-threshold", "1");
        TestStore.Session running = store.connect();
        CompletableFuture<String> script =
                CompletableFuture.supplyAsync(() -> running.error("EVAL", "while true do end", "0"));
        while (store.engine().scriptRuns().busy() == null) {
            Thread.onSpinWait();
        }
        assertTrue(store.error("SET", "a", "0").startsWith("BUSY "));
        TestStore.Session log = log(store, primary);
        CompletableFuture<String> stream = CompletableFuture.supplyAsync(() -> replay(store, log, "SET", "a", "1"));
        assertTrue(store.error("GET", "a").startsWith("BUSY "));
        assertEquals("OK", store.run("SCRIPT", "KILL"));
        assertTrue(script.get(30, TimeUnit.SECONDS).contains("killed by user"));
        assertEquals("+OK\r\n", stream.get(30, TimeUnit.SECONDS));
        assertEquals("1", store.run("GET", "a"));
    }

    @Test
    void whatScriptsMayNotDoIsCountedOnce() {
        TestStore store = open("maxmemory", "1000000", "maxmemory-policy", "noeviction");
        store.run("SET", "big", "x".repeat(1_000_000));
        store.run("CONFIG", "RESETSTAT");
        String oom = "OOM command not allowed when used memory > 'maxmemory'.";
        assertEquals(oom, store.error("SET", "b", "1"));
        assertTrue(
                store.error("EVAL", "return redis.call('SET', 'b', '1')", "0").startsWith(oom));
        assertEquals(
                "ERR This Valkey command is not allowed from script",
                store.error("EVAL", "return redis.pcall('SUBSCRIBE', 'b')", "0"));
        assertEquals(
                "ERR Write commands are not allowed from read-only scripts.",
                store.error("EVAL_RO", "return redis.pcall('DEL', 'big')", "0"));
        String statistics = String.valueOf(store.run("INFO", "commandstats"));
        assertTrue(statistics.contains("cmdstat_set:calls=0,usec=0,usec_per_call=0.00,rejected_calls=2,"), statistics);
        assertTrue(
                statistics.contains("cmdstat_subscribe:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,"),
                statistics);
        assertTrue(statistics.contains("cmdstat_del:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,"), statistics);
        assertTrue(
                String.valueOf(store.run("INFO", "errorstats")).contains("errorstat_OOM:count=2"),
                () -> String.valueOf(store.run("INFO", "errorstats")));
    }

    /** The user is asked again when a queued command runs, a waiting one is served, and a script calls one. */
    @Test
    void aPermissionIsLostEverywhere() {
        TestStore store = open();
        store.run("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*", "&*");
        TestStore.Session queued = store.connect();
        TestStore.Session waiting = store.connect();
        TestStore.Session script = store.connect();
        for (TestStore.Session each : List.of(queued, waiting, script)) {
            assertEquals("OK", each.run("AUTH", "u", "x"));
        }
        queued.run("MULTI");
        queued.run("SET", "a", "1");
        queued.run("GET", "b");
        waiting.block("BLPOP", "l", "0");
        store.run("ACL", "SETUSER", "u", "-set", "-blpop");
        List<?> answers = (List<?>) queued.run("EXEC");
        assertTrue(String.valueOf(answers).contains("NOPERM ACLs rules changed between"), () -> "" + answers);
        store.run("RPUSH", "l", "x");
        assertTrue(String.valueOf(waiting.answer()).contains("NOPERM User u has no permissions to run the 'blpop'"));
        assertEquals(1L, store.run("LLEN", "l"));
        assertTrue(script.error("EVAL", "return redis.call('SET', 'a', '1')", "0")
                .startsWith("ERR ACL failure in script: User u has no permissions to run the 'set' command"));
        assertNull(store.run("GET", "a"));
    }
}
