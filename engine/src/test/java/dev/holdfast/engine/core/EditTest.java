package dev.holdfast.engine.core;

import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.structures.BlockLimit;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListEnd;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetValue;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a change of a key must go through, by a command that does what the test says. */
class EditTest {
    private Handler handler = call -> {};
    private final CommandSpec anything = Handler.command("ANYTHING", "key [key ...]", call -> handler.run(call))
            .in(GENERIC)
            .since("1.0.0")
            .arity(-2)
            .flags(WRITE)
            .keys(KeySpec.range(1, -1, 1, RW, UPDATE))
            .complexity("O(1)")
            .summary("What the test says");
    private final TestStore store = TestStore.with(anything);

    @AfterEach
    void close() {
        store.close();
    }

    private void fill() {
        store.run("SET", "string", "1");
        store.run("SET", "long", "x".repeat(5000));
        store.run("RPUSH", "list", "a", "b");
        store.run("SADD", "set", "a", "b");
        store.run("SADD", "numbers", "1", "2");
        store.run("HSET", "hash", "a", "1");
        store.run("HSET", "large", "a", "x".repeat(100));
        store.run("ZADD", "zset", "1", "a");
        store.run("XADD", "stream", "1-1", "a", "1");
        store.run("XGROUP", "CREATE", "stream", "group", "0");
    }

    private Object run(Handler what, String... keys) {
        handler = call -> {
            what.run(call);
            call.reply().ok();
        };
        String[] words = Stream.concat(Stream.of("ANYTHING"), Stream.of(keys)).toArray(String[]::new);
        return String.valueOf(store.run(words));
    }

    private static Edit<Entry> edit(Call call) {
        return call.edit(call.arg(1));
    }

    private static <V extends Entry> V value(Call call, Class<V> type) {
        V value = call.edit(call.arg(1), type).value();
        if (value == null) {
            throw new AssertionError(call.arg(1) + " holds nothing");
        }
        return value;
    }

    private static Slice slice(String text) {
        return Slice.of(text);
    }

    static List<Arguments> careless() {
        return List.of(
                careless("string", "overwritten in place", call -> edit(call).setString(slice("2"))),
                careless("string", "counted in place", call -> edit(call).setInteger(2)),
                careless("string", "written in part", call -> edit(call).writeString(0, slice("2"))),
                careless("long", "written in part", call -> edit(call).writeString(100, slice("y"))),
                careless("none", "created", call -> edit(call).setString(slice("2"))),
                careless("string", "taken", call -> edit(call).take()),
                careless("list", "to expire", call -> edit(call).setExpiry(call.now() + 1000)),
                careless(
                        "list",
                        "pushed to",
                        call -> value(call, ListValue.class).push(ListEnd.TAIL, slice("c"))),
                careless("set", "added to", call -> value(call, SetValue.class).add(slice("c"), call.config())),
                careless(
                        "numbers",
                        "removed from",
                        call -> value(call, SetValue.class).remove(slice("1"))),
                careless(
                        "hash",
                        "set in place",
                        call -> value(call, HashValue.class).set(slice("a"), slice("2"), -1, HashValue.BEFORE_ALL)),
                careless(
                        "large",
                        "with a field that expires",
                        call -> value(call, HashValue.class).setExpiry(slice("a"), 1, HashValue.BEFORE_ALL)),
                careless(
                        "zset",
                        "with another score",
                        call -> value(call, SortedSetValue.class).add(slice("a"), 2, 0, 100, 100)),
                careless(
                        "stream",
                        "deleted from",
                        call -> value(call, StreamValue.class).delete(new StreamId(1, 1))),
                careless(
                        "stream",
                        "with a group that stands elsewhere",
                        call -> Objects.requireNonNull(
                                        value(call, StreamValue.class).group(slice("group")))
                                .setLastId(StreamId.MAX)));
    }

    private static Arguments careless(String key, String what, Handler handler) {
        return arguments(key, what, handler);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("careless")
    void aChangeThatIsNotReportedFails(String key, String what, Handler change) {
        fill();
        AssertionError error = assertThrows(AssertionError.class, () -> run(change, key), what);
        assertEquals("anything has changed a key without saying so", error.getMessage());
    }

    @Test
    void anotherFormOfTheSameIsNoChange() {
        store.run("RPUSH", "list", "a", "b");
        assertEquals("OK", run(call -> value(call, ListValue.class).grow(BlockLimit.of(-2), 100_000, 1), "list"));
        assertEquals("quicklist", store.run("OBJECT", "ENCODING", "list"));
    }

    @Test
    void oneReportIsEnoughForAllEditsOfAKey() {
        assertEquals(
                "OK",
                run(
                        call -> {
                            call.edit(call.arg(1));
                            Edit<Entry> edit = call.edit(call.arg(1));
                            edit.setString(slice("1"));
                            edit.done(Event.SET);
                        },
                        "key"));
        assertEquals("1", store.run("GET", "key"));
    }

    @Test
    void theReportCountsTellsAndRemovesWhatIsEmpty() {
        TestStore.Session watching = store.connect();
        store.run("RPUSH", "list", "a", "b");
        watching.run("WATCH", "list");
        long before = store.engine().statistics().changesSinceSave.sum();
        run(
                call -> {
                    Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
                    ListValue list = edit.value();
                    if (list != null) {
                        list.removeRange(0, 2);
                        edit.done(Event.LPOP, 2);
                    }
                },
                "list");
        assertEquals(before + 2, store.engine().statistics().changesSinceSave.sum());
        assertEquals(0L, store.run("EXISTS", "list"));
        watching.run("MULTI");
        watching.run("PING");
        assertEquals(null, watching.run("EXEC"));
    }

    @Test
    void editsOfOneTableDoNotDisturbEachOther() {
        store.run("SET", "{tag}there", "1");
        run(
                call -> {
                    Edit<Entry> one = call.edit(call.arg(1));
                    Edit<Entry> other = call.edit(call.arg(2));
                    Edit<Entry> there = call.edit(call.arg(3));
                    one.setString(slice("one"));
                    other.setString(slice("other"));
                    there.setExpiry(call.now() + 5000);
                    one.remove(Event.DEL);
                    there.done(Event.EXPIRE);
                    other.done(Event.SET);
                },
                "{tag}one",
                "{tag}other",
                "{tag}there");
        assertEquals(0L, store.run("EXISTS", "{tag}one"));
        assertEquals("other", store.run("GET", "{tag}other"));
        assertEquals("1", store.run("GET", "{tag}there"));
        assertEquals(5000L, store.run("PTTL", "{tag}there"));
        assertEquals(2L, store.run("DBSIZE"));
    }

    @Test
    void theAccountOfMemoryIsUpToDateWhateverBecomesOfAValue() {
        fill();
        long before = store.engine().usedBytes();
        run(
                call -> {
                    Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
                    ListValue list = edit.value();
                    if (list != null) {
                        list.push(ListEnd.TAIL, slice("x".repeat(100)));
                        edit.store(new ListValue(Call.newRecord(ValueType.LIST, call.arg(1))));
                        edit.done(Event.LSET);
                    }
                },
                "list");
        assertEquals(0L, store.run("EXISTS", "list"));
        store.run("RPUSH", "list", "a", "b");
        assertEquals(before, store.engine().usedBytes());
    }
}
