package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The stream commands through the engine: answers, mistakes, groups, and clients that wait. */
class StreamCommandsTest {
    private final TestStore store = new TestStore("stream-node-max-entries", "10");

    @AfterEach
    void close() {
        store.close();
    }

    private static List<Object> entry(String id, String... words) {
        return List.of(id, List.of((Object[]) words));
    }

    private static Map<?, ?> map(@Nullable Object answer) {
        return (Map<?, ?>) Objects.requireNonNull(answer);
    }

    private void add(String key, String... ids) {
        for (String id : ids) {
            assertEquals(id, store.run("XADD", key, id, "f", "v" + id));
        }
    }

    @Test
    void givesIdsThatGrow() {
        assertEquals("1800000000000-0", store.run("XADD", "s", "*", "a", "1"));
        assertEquals("1800000000000-1", store.run("XADD", "s", "*", "a", "2"));
        store.clock().advance(-5);
        assertEquals("1800000000000-2", store.run("XADD", "s", "*", "a", "3"));
        assertEquals("1800000000001-0", store.run("XADD", "s", "1800000000001-*", "a", "4"));
        assertEquals("1800000000002-0", store.run("XADD", "s", "1800000000002", "a", "5"));
        assertEquals(
                "ERR The ID specified in XADD is equal or smaller than the target stream top item",
                store.error("XADD", "s", "5-5", "a", "b"));
        assertEquals("ERR The ID specified in XADD must be greater than 0-0", store.error("XADD", "t", "0", "a", "b"));
        assertEquals(
                "ERR Invalid stream ID specified as stream command argument", store.error("XADD", "t", "+", "a", "b"));
        assertEquals("ERR wrong number of arguments for 'xadd' command", store.error("XADD", "t", "*", "a", "b", "c"));
        assertEquals(0L, store.run("EXISTS", "t"));
        assertNull(store.run("XADD", "t", "NOMKSTREAM", "*", "a", "b"));
        assertEquals("0-1", store.run("XADD", "t", "0-*", "a", "b"));
        assertEquals("stream", store.run("TYPE", "t"));
        assertEquals("stream", store.run("OBJECT", "ENCODING", "t"));
        String most = "18446744073709551615";
        store.run("XADD", "u", most + "-" + most, "a", "b");
        assertEquals(
                "ERR The stream has exhausted the last possible ID, unable to add more items",
                store.error("XADD", "u", "*", "a", "b"));
    }

    @Test
    void showsRanges() {
        add("s", "1-1", "1-2", "2-0", "3-7");
        assertEquals(List.of(entry("1-1", "f", "v1-1"), entry("1-2", "f", "v1-2")), store.run("XRANGE", "s", "-", "1"));
        assertEquals(List.of(entry("2-0", "f", "v2-0")), store.run("XRANGE", "s", "(1-2", "(3-7"));
        assertEquals(List.of(entry("3-7", "f", "v3-7")), store.run("XREVRANGE", "s", "+", "-", "COUNT", "1"));
        assertNull(store.run("XRANGE", "s", "-", "+", "COUNT", "0"));
        assertEquals(List.of(), store.run("XRANGE", "none", "-", "+", "COUNT", "0"));
        assertEquals("ERR invalid end ID for the interval", store.error("XRANGE", "s", "-", "(0-0"));
    }

    @Test
    void trimsAndDeletes() {
        for (int i = 1; i <= 35; i++) {
            add("s", i + "-0");
        }
        assertEquals(10L, store.run("XTRIM", "s", "MAXLEN", "~", "20"));
        assertEquals(0L, store.run("XTRIM", "s", "MINID", "~", "12"));
        assertEquals(1L, store.run("XTRIM", "s", "MINID", "12"));
        assertEquals(0L, store.run("XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "8"));
        assertEquals(9L, store.run("XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "9"));
        assertEquals(2L, store.run("XDEL", "s", "21-0", "22", "1-0"));
        assertEquals(13L, store.run("XLEN", "s"));
        assertEquals(
                "ERR syntax error, LIMIT cannot be used without the special ~ option",
                store.error("XTRIM", "s", "MAXLEN", "5", "LIMIT", "1"));
        assertEquals("36-0", store.run("XADD", "s", "MAXLEN", "=", "2", "36", "f", "v"));
        assertEquals(2L, store.run("XLEN", "s"));
        assertEquals(2L, store.run("XDEL", "s", "35-0", "36-0"));
        assertEquals(1L, store.run("EXISTS", "s"));
        Map<?, ?> info = map(store.run("XINFO", "STREAM", "s"));
        assertEquals(0L, info.get("length"));
        assertEquals("36-0", info.get("last-generated-id"));
        assertEquals("36-0", info.get("max-deleted-entry-id"));
        assertEquals(36L, info.get("entries-added"));
        assertEquals("0-0", info.get("recorded-first-entry-id"));
    }

    @Test
    void aGroupSharesEntriesAmongItsConsumers() {
        add("s", "1-0", "2-0", "3-0");
        assertEquals("OK", store.run("XGROUP", "CREATE", "s", "g", "0"));
        assertEquals("BUSYGROUP Consumer Group name already exists", store.error("XGROUP", "CREATE", "s", "g", "$"));
        assertEquals(
                Map.of("s", List.of(entry("1-0", "f", "v1-0"), entry("2-0", "f", "v2-0"))),
                store.run("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">"));
        assertEquals(
                Map.of("s", List.of(entry("3-0", "f", "v3-0"))),
                store.run("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">"));
        assertNull(store.run("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">"));
        assertEquals(
                Arrays.asList(3L, "1-0", "3-0", List.of(List.of("a", "2"), List.of("b", "1"))),
                store.run("XPENDING", "s", "g"));
        assertEquals(1L, store.run("XACK", "s", "g", "1-0", "9-9"));
        store.clock().advance(500);
        assertEquals(
                List.of(List.of("2-0", "a", 500L, 1L), List.of("3-0", "b", 500L, 1L)),
                store.run("XPENDING", "s", "g", "-", "+", "10"));
        assertEquals(List.of(entry("2-0", "f", "v2-0")), store.run("XCLAIM", "s", "g", "b", "100", "2-0", "9-0"));
        store.run("XDEL", "s", "3-0");
        assertEquals(
                List.of("0-0", List.of("2-0"), List.of("3-0")),
                store.run("XAUTOCLAIM", "s", "g", "c", "0", "-", "JUSTID"));
        assertEquals(
                List.of(List.of("2-0", "c", 0L, 2L)), store.run("XPENDING", "s", "g", "IDLE", "0", "-", "+", "9", "c"));
        assertEquals(1L, store.run("XGROUP", "DELCONSUMER", "s", "g", "c"));
        assertEquals(Arrays.asList(0L, null, null, null), store.run("XPENDING", "s", "g"));
        assertEquals(1L, store.run("XGROUP", "DESTROY", "s", "g"));
        assertEquals(
                "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
                store.error("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">"));
    }

    @Test
    void historyShowsWhatHasGoneWithoutFields() {
        add("s", "1-0", "2-0");
        store.run("XGROUP", "CREATE", "s", "g", "0");
        store.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">");
        store.run("XDEL", "s", "1-0");
        assertEquals(
                Map.of("s", List.of(Arrays.asList("1-0", null), entry("2-0", "f", "v2-0"))),
                store.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", "0"));
    }

    @Test
    void tellsHowFarBehindAGroupIs() {
        add("s", "1-0", "2-0", "3-0", "4-0", "5-0");
        store.run("XGROUP", "CREATE", "s", "g", "0");
        assertEquals(5L, group("s").get("lag"));
        store.run("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">");
        assertEquals(2L, group("s").get("entries-read"));
        assertEquals(3L, group("s").get("lag"));
        store.run("XDEL", "s", "4-0");
        assertNull(group("s").get("lag"));
        store.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">");
        assertEquals(5L, group("s").get("entries-read"));
        assertEquals(0L, group("s").get("lag"));
    }

    private Map<?, ?> group(String key) {
        return (Map<?, ?>) ((List<?>) Objects.requireNonNull(store.run("XINFO", "GROUPS", key))).getFirst();
    }

    @Test
    void readersWaitForWhatComesAfterTheyAsked() {
        add("s", "1-0");
        TestStore.Session first = store.connect();
        TestStore.Session second = store.connect();
        first.block("XREAD", "BLOCK", "0", "STREAMS", "s", "other", "$", "$");
        second.block("XREAD", "COUNT", "1", "BLOCK", "0", "STREAMS", "other", "0");
        store.run("XDEL", "s", "1-0");
        assertFalse(first.isAnswered());
        add("s", "2-0");
        assertEquals(Map.of("s", List.of(entry("2-0", "f", "v2-0"))), first.answer());
        store.run("RPUSH", "other", "x");
        assertFalse(second.isAnswered());
        store.run("DEL", "other");
        add("other", "7-0");
        assertEquals(Map.of("other", List.of(entry("7-0", "f", "v7-0"))), second.answer());
        store.run("MULTI");
        store.run("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
        assertEquals(Arrays.asList((Object) null), store.run("EXEC"));
    }

    @Test
    void waitingConsumersAreServedInOrder() {
        store.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        TestStore.Session first = store.connect();
        TestStore.Session second = store.connect();
        first.block("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">");
        second.block("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "s", ">");
        add("s", "1-0");
        assertEquals(Map.of("s", List.of(entry("1-0", "f", "v1-0"))), first.answer());
        assertFalse(second.isAnswered());
        add("s", "2-0");
        assertEquals(Map.of("s", List.of(entry("2-0", "f", "v2-0"))), second.answer());
    }

    @Test
    void waitingConsumersLearnThatTheirGroupHasGone() {
        String noGroup = "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
        assertEquals(noGroup, answerAfter("XGROUP", "DESTROY", "s", "g"));
        assertEquals(noGroup, answerAfter("DEL", "s"));
        assertEquals(noGroup, answerAfter("FLUSHALL"));
        assertEquals(noGroup, answerAfter("RENAME", "s", "t"));
        assertEquals(noGroup, answerAfter("PEXPIREAT", "s", "1"));
        assertEquals("WRONGTYPE Operation against a key holding the wrong kind of value", answerAfter("SET", "s", "x"));
    }

    private String answerAfter(String... change) {
        store.run("DEL", "s");
        store.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        TestStore.Session waiting = store.connect();
        TestStore.Session reader = store.connect();
        reader.block("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
        waiting.block("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">");
        store.run(change);
        Object answer = waiting.answer();
        assertFalse(reader.isAnswered());
        reader.close();
        return answer instanceof ReplyError error ? error.message() : String.valueOf(answer);
    }

    @Test
    void aGroupMayBeCalledStreams() {
        add("s", "1-0");
        store.run("XGROUP", "CREATE", "s", "streams", "0");
        assertEquals(
                Map.of("s", List.of(entry("1-0", "f", "v1-0"))),
                store.run("XREADGROUP", "COUNT", "5", "GROUP", "streams", "streams", "STREAMS", "s", ">"));
        assertEquals(List.of("a", "b"), store.run("COMMAND", "GETKEYS", "XREAD", "STREAMS", "a", "b", "0", "0"));
    }

    @Test
    void copiesEverything() {
        add("s", "1-0", "2-0", "3-0");
        store.run("XGROUP", "CREATE", "s", "g", "0");
        store.run("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">");
        assertEquals(1L, store.run("COPY", "s", "t"));
        assertEquals(store.run("XINFO", "STREAM", "s", "FULL"), store.run("XINFO", "STREAM", "t", "FULL"));
        assertEquals(store.run("MEMORY", "USAGE", "s"), store.run("MEMORY", "USAGE", "t"));
        store.run("XACK", "t", "g", "1-0");
        assertEquals(2L, ((List<?>) Objects.requireNonNull(store.run("XPENDING", "s", "g"))).getFirst());
    }

    @Test
    void memoryComesBack() {
        store.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        Object before = store.run("MEMORY", "USAGE", "s");
        store.run("XGROUP", "CREATE", "s", "other", "0");
        for (int i = 1; i <= 500; i++) {
            add("s", i + "-0");
        }
        store.run("XREADGROUP", "GROUP", "other", "a", "STREAMS", "s", ">");
        store.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">");
        store.run("XGROUP", "DELCONSUMER", "s", "g", "a");
        store.run("XGROUP", "DESTROY", "s", "other");
        store.run("XTRIM", "s", "MAXLEN", "0");
        long rest = (Long) Objects.requireNonNull(store.run("MEMORY", "USAGE", "s"));
        long kept = rest - (Long) Objects.requireNonNull(before);
        // Nothing but empty arrays that have grown.
        assertEquals(0, kept / 200, () -> kept + " bytes");
    }

    @Test
    void setsWhatAStreamRemembers() {
        add("s", "5-0");
        assertEquals("OK", store.run("XSETID", "s", "9-0", "ENTRIESADDED", "40", "MAXDELETEDID", "3-0"));
        Map<?, ?> info = map(store.run("XINFO", "STREAM", "s"));
        assertEquals("9-0", info.get("last-generated-id"));
        assertEquals(40L, info.get("entries-added"));
        assertEquals("3-0", info.get("max-deleted-entry-id"));
        assertEquals(
                "ERR The ID specified in XSETID is smaller than the target stream top item",
                store.error("XSETID", "s", "4-0"));
        assertEquals("ERR no such key", store.error("XSETID", "none", "4-0"));
    }
}
