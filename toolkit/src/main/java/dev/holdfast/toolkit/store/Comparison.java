package dev.holdfast.toolkit.store;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * Compares what two stores hold: of every key the type, the value, and when it expires; of streams also groups, consumers and what is
 * pending. The stores may be of different kinds and versions. One value of each store is held in memory.
 */
public final class Comparison {
    /** Behind the value, what DUMP gives ends with a version and a checksum. */
    private static final int DUMP_TAIL_BYTES = 10;

    private static final int PAGE = 1000;

    /** What XINFO STREAM tells of memory and of reading, which is no part of a stream. */
    private static final Set<String> NOT_COMPARED =
            Set.of("radix-tree-keys", "radix-tree-nodes", "seen-time", "active-time");

    /** Stands for null. */
    private static final Object NOTHING = new Object();

    private Comparison() {}

    /**
     * Compares every key of a database. Where clients write, keys differ that are on their way: {@link #compare(Store, Store, List,
     * BiConsumer)} looks at them again.
     *
     * @param differences takes each key that differs, and in what
     * @return how many keys of the first store were compared; the cursor may show some twice
     */
    public static long compare(Store one, Store other, BiConsumer<byte[], String> differences) {
        long[] compared = {0};
        one.scan("*", keys -> {
            compare(one, other, keys, differences);
            compared[0] += keys.size();
        });
        other.scan("*", keys -> compare(one, other, missing(one, keys), differences));
        return compared[0];
    }

    private static List<byte[]> missing(Store store, List<byte[]> keys) {
        List<Reply> found = store.pipeline(
                keys.stream().map(key -> Command.of("EXISTS", (Object) key)).toList());
        return IntStream.range(0, keys.size())
                .filter(i -> found.get(i).orThrow().number() == 0)
                .mapToObj(keys::get)
                .toList();
    }

    /** Compares some keys; a few hundred at a time. */
    public static void compare(Store one, Store other, List<byte[]> keys, BiConsumer<byte[], String> differences) {
        List<Reply> here = look(one, keys);
        List<Reply> there = look(other, keys);
        for (int i = 0; i < keys.size(); i++) {
            byte[] key = keys.get(i);
            Reply value = here.get(2 * i + 1).orThrow();
            Reply otherValue = there.get(2 * i + 1).orThrow();
            if (value.isNull() != otherValue.isNull()) {
                long expires =
                        (value.isNull() ? there : here).get(2 * i).orThrow().number();
                // One of them may not have removed it yet.
                if (expires < 0 || expires > one.millis()) {
                    differences.accept(key, "only the " + (value.isNull() ? "second" : "first") + " has it");
                }
            } else if (!value.isNull() && !isSame(here, there, 2 * i)) {
                difference(one, other, key).ifPresent(what -> differences.accept(key, what));
            }
        }
    }

    /** When a key expires, and its value as the server would save it: mostly the same bytes for the same value, but not always. */
    private static List<Reply> look(Store store, List<byte[]> keys) {
        List<Command> asked = new ArrayList<>();
        for (byte[] key : keys) {
            asked.add(Command.of("PEXPIRETIME", (Object) key));
            asked.add(Command.of("DUMP", (Object) key));
        }
        return store.pipeline(asked);
    }

    private static boolean isSame(List<Reply> here, List<Reply> there, int at) {
        byte[] one = here.get(at + 1).bytes();
        byte[] other = there.get(at + 1).bytes();
        return here.get(at).orThrow().number() == there.get(at).orThrow().number()
                && Arrays.equals(
                        one, 0, one.length - DUMP_TAIL_BYTES, other, 0, Math.max(0, other.length - DUMP_TAIL_BYTES));
    }

    /** In what a key differs that both have; nothing where it does not. */
    private static Optional<String> difference(Store one, Store other, byte[] key) {
        String type = type(one, key);
        String otherType = type(other, key);
        if (!type.equals(otherType)) {
            return Optional.of("a " + type + ", and a " + otherType);
        }
        if (type.equals("none")) {
            return Optional.empty();
        }
        long expires = ask(one, "PEXPIRETIME", key).number();
        long otherExpires = ask(other, "PEXPIRETIME", key).number();
        if (expires != otherExpires) {
            return Optional.of("a " + type + " that expires at " + expires + ", and at " + otherExpires);
        }
        return value(one, type, key).equals(value(other, type, key))
                ? Optional.empty()
                : Optional.of("a " + type + " with another value");
    }

    private static String type(Store store, byte[] key) {
        return ask(store, "TYPE", key).text();
    }

    private static Reply ask(Store store, String command, byte[] key, Object... words) {
        Object[] all = new Object[words.length + 1];
        all[0] = key;
        System.arraycopy(words, 0, all, 1, words.length);
        return store.call(Command.of(command, all)).orThrow();
    }

    /** A value in a form that does not depend on how the store keeps it. */
    private static Object value(Store store, String type, byte[] key) {
        return switch (type) {
            case "string" -> form(ask(store, "GET", key));
            case "list" -> form(ask(store, "LRANGE", key, 0, -1));
            case "set" -> Set.copyOf(forms(ask(store, "SMEMBERS", key).list()));
            case "zset" -> scores(ask(store, "ZRANGE", key, 0, -1, "WITHSCORES"));
            case "hash" -> fields(store, key);
            case "stream" ->
                form(store.call(Command.of("XINFO", "STREAM", key, "FULL", "COUNT", 0))
                        .orThrow());
            default -> ByteBuffer.wrap(dump(store, key));
        };
    }

    private static byte[] dump(Store store, byte[] key) {
        byte[] dump = ask(store, "DUMP", key).bytesOrNull();
        return dump == null ? new byte[0] : Arrays.copyOf(dump, Math.max(0, dump.length - DUMP_TAIL_BYTES));
    }

    /** Members with their scores, whether these come in pairs or not; servers write numbers in different ways. */
    private static Map<Object, Double> scores(Reply reply) {
        Map<Object, Double> scores = new HashMap<>();
        List<Reply> flat = new ArrayList<>();
        for (Reply each : reply.list()) {
            if (each.isList()) {
                flat.addAll(each.list());
            } else {
                flat.add(each);
            }
        }
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            scores.put(form(flat.get(i)), flat.get(i + 1).real());
        }
        return scores;
    }

    /** The fields of a hash with their values, and when each expires. */
    private static Map<Object, List<Object>> fields(Store store, byte[] key) {
        Map<Object, List<Object>> fields = new HashMap<>();
        String cursor = "0";
        do {
            List<Reply> page = ask(store, "HSCAN", key, cursor, "COUNT", PAGE).list();
            cursor = page.getFirst().text();
            List<Reply> flat = page.getLast().list();
            List<Object> names = new ArrayList<>();
            for (int i = 0; i + 1 < flat.size(); i += 2) {
                names.add(flat.get(i).bytes());
                fields.put(form(flat.get(i)), List.of(form(flat.get(i + 1))));
            }
            expiries(store, key, names, fields);
        } while (!cursor.equals("0"));
        return fields;
    }

    private static void expiries(Store store, byte[] key, List<Object> names, Map<Object, List<Object>> fields) {
        List<Object> words = new ArrayList<>(List.of(key, "FIELDS", names.size()));
        words.addAll(names);
        if (names.isEmpty()) {
            return;
        }
        // Servers before 9.0 know no fields that expire.
        Reply reply = store.pipeline(List.of(Command.of("HPEXPIRETIME", words.toArray())))
                .getFirst();
        if (reply.isError()) {
            return;
        }
        List<Reply> times = reply.list();
        for (int i = 0; i < times.size(); i++) {
            if (times.get(i).number() >= 0) {
                fields.merge(
                        ByteBuffer.wrap((byte[]) names.get(i)),
                        List.of(times.get(i).number()),
                        (value, time) -> List.of(value.getFirst(), time.getFirst()));
            }
        }
    }

    private static List<Object> forms(List<Reply> replies) {
        return replies.stream().map(Comparison::form).toList();
    }

    /** A reply as something that equals the same reply of another server. */
    private static Object form(Reply reply) {
        if (reply.isMap()) {
            Map<Object, Object> fields = new HashMap<>();
            reply.map().forEach((name, value) -> {
                if (!NOT_COMPARED.contains(name)) {
                    fields.put(name, form(value));
                }
            });
            return fields;
        }
        if (reply.isList()) {
            return forms(reply.list());
        }
        byte[] bytes = reply.bytesOrNull();
        return bytes == null ? NOTHING : ByteBuffer.wrap(bytes);
    }
}
