package dev.holdfast.engine.scripting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.persistence.FunctionDump;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ScriptingTest {
    private final TestStore store = new TestStore("busy-reply-threshold", "50", "enable-debug-command", "yes");

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void runsCommands() {
        assertEquals("+OK\r\n", store.resp2("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "5"));
        assertEquals(6L, store.run("EVAL", "return redis.call('INCR', KEYS[1])", "1", "k"));
        assertEquals("$1\r\n6\r\n", store.resp2("EVAL_RO", "return redis.call('GET', 'k')", "0"));
        assertEquals("*2\r\n$1\r\na\r\n$-1\r\n", store.resp2("EVAL", "return {'a', false, nil, 'b'}", "0"));
        assertEquals("%1\r\n$1\r\na\r\n:1\r\n", store.resp3("EVAL", "return {map = {a = 1}}", "0"));
    }

    @Test
    void answersInBothProtocols() {
        store.run("ZADD", "z", "1.5", "m");
        store.run("HSET", "h", "f", "v");
        assertEquals("$3\r\n1.5\r\n", store.resp3("EVAL", "return redis.call('ZSCORE', 'z', 'm')", "0"));
        assertEquals(",1.5\r\n", store.resp3("EVAL", "redis.setresp(3) return redis.call('ZSCORE', 'z', 'm')", "0"));
        assertEquals(
                "%1\r\n$1\r\nf\r\n$1\r\nv\r\n",
                store.resp3("EVAL", "redis.setresp(3) return redis.call('HGETALL', 'h')", "0"));
        assertEquals("*2\r\n$1\r\nf\r\n$1\r\nv\r\n", store.resp2("EVAL", "return redis.call('HGETALL', 'h')", "0"));
    }

    @Test
    void refuses() {
        assertEquals(
                "ERR Write commands are not allowed from read-only scripts. script: on @user_script:1.",
                store.error("EVAL_RO", "return redis.call('SET', 'a', 'b')", "0"));
        assertEquals(
                "ERR user_script:2: Script attempted to access nonexistent global variable 'x' script: on @user_script:2.",
                store.error("EVAL", "\nreturn x", "0"));
        assertEquals("NOSCRIPT No matching script.", store.error("EVALSHA", "0".repeat(40), "0"));
        assertEquals(
                "ERR Number of keys can't be greater than number of args", store.error("EVAL", "return 1", "2", "a"));
    }

    @Test
    void runsEveryCommandIfDebugSaysSo() {
        String script = "return redis.call('DEBUG', 'PROTOCOL', 'integer')";
        assertTrue(store.error("EVAL", script, "0").startsWith("ERR This Valkey command is not allowed from script"));
        store.run("DEBUG", "SET-DISABLE-DENY-SCRIPTS", "1");
        assertEquals(12345L, store.run("EVAL", script, "0"));
    }

    @Test
    void isOneStep() {
        TestStore.Session waiting = store.connect();
        waiting.block("BLPOP", "list", "0");
        assertEquals(
                0L,
                store.run(
                        "EVAL",
                        "redis.call('RPUSH', 'list', 'a') redis.call('DEL', 'list') return redis.call('EXISTS', 'list')",
                        "0"));
        store.run("RPUSH", "list", "b");
        assertEquals("[list, b]", waiting.answer() instanceof List<?> list ? texts(list) : "");
    }

    private static String texts(List<?> list) {
        return list.stream()
                .map(element -> element instanceof byte[] bytes
                        ? new String(bytes, StandardCharsets.UTF_8)
                        : String.valueOf(element))
                .toList()
                .toString();
    }

    @Test
    void forgetsOnlyWhatCameWithEval() {
        String loaded = store.resp2("SCRIPT", "LOAD", "return 'loaded'").split("\r\n")[1];
        for (int i = 0; i < 600; i++) {
            store.run("EVAL", "return " + i, "0");
        }
        assertEquals(List.of(1L), store.run("SCRIPT", "EXISTS", loaded));
        assertEquals(501, Scripting.of(store.engine()).scripts().count());
        assertEquals(100, Scripting.of(store.engine()).scripts().evicted());
    }

    @Test
    void functionsMoveInADump() {
        store.run(
                "FUNCTION", "LOAD", "#!lua name=lib\nserver.register_function('f', function(keys) return keys[1] end)");
        FunctionLibraries libraries = Scripting.of(store.engine()).functions();
        byte[] dump = FunctionDump.write(libraries.list().stream()
                .map(library -> library.code().toBytes())
                .toList());
        store.run("FUNCTION", "FLUSH");
        assertEquals("ERR Function not found", store.error("FCALL", "f", "0"));
        libraries.restore(FunctionDump.read(dump), FunctionLibraries.Policy.APPEND);
        assertEquals("$1\r\nk\r\n", store.resp2("FCALL", "F", "1", "k"));
    }

    /** Clients count on three letters: whatever a script says, the answer keeps its form. */
    @Test
    void formatOfAVerbatimStringHasThreeLetters() {
        String script = "redis.setresp(3) return {verbatim_string = {format = ARGV[1], string = 'text'}}";
        assertEquals("=8\r\nmkd:text\r\n", store.resp3("EVAL", script, "0", "mkd"));
        assertEquals("=8\r\nm  :text\r\n", store.resp3("EVAL", script, "0", "m"));
        assertEquals("=8\r\n   :text\r\n", store.resp3("EVAL", script, "0", ""));
        assertEquals("=8\r\nmar:text\r\n", store.resp3("EVAL", script, "0", "markdown"));
        assertEquals("$4\r\ntext\r\n", store.resp2("EVAL", script, "0", "markdown"));
    }

    @Test
    void errorInAnErrorHandler() {
        String script = "return {tostring(xpcall(function() error('a') end, function() error('b') end)),"
                + " select(2, xpcall(function() error('a') end, function() error('b') end))}";
        assertEquals(List.of("false", "error in error handling"), store.run("EVAL", script, "0"));
        assertEquals(
                List.of("false", "error in error handling"),
                store.run("EVAL", script.replace("function() error('a') end", "error"), "0"));
    }

    @Test
    void errorOfAWrappedCoroutine() {
        assertEquals(
                "ERR user_script:1: user_script:1: in co script: on @user_script:1.",
                store.error("EVAL", "coroutine.wrap(function() error('in co') end)()", "0"));
    }

    @Test
    void firstWordOfAnErrorIsItsCode() {
        store.error("EVAL", "return {err = 'My mistake'}", "0");
        store.error("EVAL", "return {err = 'word'}", "0");
        store.error("EVAL", "return {err = ''}", "0");
        store.error("EVAL", "return {err = string.rep('x', 31) .. ' y'}", "0");
        store.error("EVAL", "return {err = string.rep('x', 30) .. ' y'}", "0");
        String errors = String.valueOf(store.run("INFO", "errorstats"));
        assertTrue(errors.contains("errorstat_My:count=1"), errors);
        assertTrue(errors.contains("errorstat_ERR:count=3"), errors);
        assertTrue(errors.contains("errorstat_" + "x".repeat(30) + ":count=1"), errors);
    }

    private boolean isBusy() {
        return store.engine().scriptRuns().busy() != null;
    }

    @Test
    @Timeout(30)
    void othersAreToldWhenItTakesLong() throws Exception {
        TestStore.Session other = store.connect();
        CompletableFuture<String> script =
                CompletableFuture.supplyAsync(() -> store.error("EVAL", "while true do end", "0"));
        while (!isBusy()) {
            Thread.onSpinWait();
        }
        assertTrue(other.error("GET", "a").startsWith("BUSY Valkey is busy running a script."));
        assertTrue(other.error("FUNCTION", "KILL").startsWith("BUSY "));
        assertEquals("OK", other.run("SCRIPT", "KILL"));
        assertEquals("ERR Script killed by user with SCRIPT KILL. script: on @user_script:1.", script.get());
        assertEquals("NOTBUSY No scripts in execution right now.", other.error("SCRIPT", "KILL"));
    }
}
