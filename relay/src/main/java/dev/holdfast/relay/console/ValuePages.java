package dev.holdfast.relay.console;

import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a key holds, a page at a time, and changes to it. */
final class ValuePages {
    private static final int PIECE_BYTES = 64 * 1024;
    private static final int MOST_ELEMENTS = 500;
    private static final int BODY_BYTES = 8 << 20;
    private static final String HIGHEST = "18446744073709551615-18446744073709551615";

    private final Access access;
    private final Databases databases;

    ValuePages(Access access, Databases databases) {
        this.access = access;
        this.databases = databases;
    }

    void add(Routes routes) {
        routes.get("/console/api/key", access.reading(this::show))
                .add("PUT", "/console/api/key", BODY_BYTES, access.writing(this::change))
                .add("DELETE", "/console/api/key", KeyPages.LITTLE, access.writing(this::delete))
                .add("PUT", "/console/api/key/ttl", KeyPages.LITTLE, access.writing(this::setTimeToLive));
    }

    private Store store(Request request) {
        return databases.store(KeyPages.database(request));
    }

    private static HttpError missing() {
        return new HttpError(404, "there is no such key");
    }

    // ---- showing ----

    private Response show(Request request, User user) {
        byte[] key = Octets.key(request);
        KeyPages.guard(key, user);
        Store store = store(request);
        String type = store.call("TYPE", key).text();
        if (type.equals("none")) {
            throw missing();
        }
        int count = request.query("count", 100, 1, MOST_ELEMENTS);
        String cursor = request.query("cursor");
        String from = cursor == null ? "" : cursor;
        if (!from.matches("[\\d-]{0,41}")) {
            throw new HttpError(422, "cursor is one that an answer had");
        }
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("key", Octets.of(key));
        page.put("type", type);
        describe(store, key, page);
        switch (type) {
            case "string" -> string(store, key, number(from), page);
            case "list" -> list(store, key, number(from), count, page);
            case "hash" -> scanned(store, "HLEN", "HSCAN", key, from, count, page);
            case "set" -> scanned(store, "SCARD", "SSCAN", key, from, count, page);
            case "zset" -> sorted(store, key, number(from), count, page);
            case "stream" -> stream(store, key, from, count, page);
            default -> page.put("length", 0);
        }
        return Response.json(page);
    }

    private static void describe(Store store, byte[] key, Map<String, Object> page) {
        List<Reply> facts = store.pipeline(List.of(
                Command.of("OBJECT", "ENCODING", key),
                Command.of("MEMORY", "USAGE", key),
                Command.of("PTTL", key),
                Command.of("OBJECT", "IDLETIME", key)));
        if (facts.get(2).orThrow().number() == -2) {
            throw missing();
        }
        page.put("encoding", String.valueOf(facts.get(0).orThrow().textOrNull()));
        page.put(
                "bytes",
                facts.get(1).isError() || facts.get(1).isNull()
                        ? 0
                        : facts.get(1).number());
        page.put("ttl_millis", facts.get(2).number());
        // Not where the policy counts accesses instead.
        if (!facts.get(3).isError() && !facts.get(3).isNull()) {
            page.put("idle_seconds", facts.get(3).number());
        }
    }

    private static long number(String cursor) {
        try {
            return cursor.isEmpty() ? 0 : Long.parseLong(cursor);
        } catch (NumberFormatException e) {
            throw new HttpError(422, "cursor is one that an answer had");
        }
    }

    /** A cursor of zero or none ends a value. */
    private static void cursor(Map<String, Object> page, long next, long length) {
        page.put("length", length);
        page.put("cursor", next < length ? Long.toString(next) : "");
    }

    private static void string(Store store, byte[] key, long from, Map<String, Object> page) {
        long length = store.call("STRLEN", key).number();
        byte[] piece = store.call("GETRANGE", key, from, from + PIECE_BYTES - 1).bytes();
        page.put("value", Octets.of(piece));
        cursor(page, from + piece.length, piece.length == 0 ? 0 : length);
    }

    private static void list(Store store, byte[] key, long from, int count, Map<String, Object> page) {
        long length = store.call("LLEN", key).number();
        List<Map<String, Object>> elements = new ArrayList<>();
        long index = from;
        for (Reply element : store.call("LRANGE", key, from, from + count - 1).list()) {
            elements.add(Map.of("index", index++, "value", shown(element)));
        }
        page.put("elements", elements);
        cursor(page, from + count, length);
    }

    private static Map<String, Object> shown(Reply element) {
        return Octets.of(element.bytes(), Octets.SHOWN);
    }

    private static void scanned(
            Store store,
            String lengthCommand,
            String scan,
            byte[] key,
            String from,
            int count,
            Map<String, Object> page) {
        List<Reply> answer = store.call(scan, key, from.isEmpty() ? "0" : from, "COUNT", count)
                .list();
        List<Reply> items = answer.get(1).list();
        List<Map<String, Object>> elements = new ArrayList<>();
        if (scan.equals("HSCAN")) {
            for (int i = 0; i + 1 < items.size(); i += 2) {
                elements.add(Map.of("field", Octets.of(items.get(i).bytes()), "value", shown(items.get(i + 1))));
            }
        } else {
            items.forEach(item -> elements.add(Map.of("value", shown(item))));
        }
        page.put("elements", elements);
        page.put("length", store.call(lengthCommand, key).number());
        String next = answer.get(0).text();
        page.put("cursor", next.equals("0") ? "" : next);
    }

    private static void sorted(Store store, byte[] key, long from, int count, Map<String, Object> page) {
        long length = store.call("ZCARD", key).number();
        List<Map<String, Object>> elements = new ArrayList<>();
        List<Reply> answer =
                store.call("ZRANGE", key, from, from + count - 1, "WITHSCORES").list();
        // Pairs in RESP3, flat in RESP2.
        for (int i = 0; i < answer.size(); i++) {
            List<Reply> pair = isList(answer.get(i)) ? answer.get(i).list() : List.of(answer.get(i), answer.get(++i));
            elements.add(Map.of(
                    "value",
                    shown(pair.get(0)),
                    "score",
                    Double.toString(pair.get(1).real())));
        }
        page.put("elements", elements);
        cursor(page, from + count, length);
    }

    private static boolean isList(Reply reply) {
        try {
            reply.list();
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    /** The newest first. */
    private static void stream(Store store, byte[] key, String from, int count, Map<String, Object> page) {
        List<Map<String, Object>> elements = new ArrayList<>();
        String last = "";
        for (Reply entry : store.call("XREVRANGE", key, from.isEmpty() ? HIGHEST : "(" + from, "-", "COUNT", count)
                .list()) {
            List<Reply> parts = entry.list();
            List<Map<String, Object>> fields = new ArrayList<>();
            List<Reply> flat = parts.get(1).list();
            for (int i = 0; i + 1 < flat.size(); i += 2) {
                fields.add(Map.of("field", Octets.of(flat.get(i).bytes()), "value", shown(flat.get(i + 1))));
            }
            last = parts.get(0).text();
            elements.add(Map.of("id", last, "fields", fields));
        }
        page.put("elements", elements);
        page.put("length", store.call("XLEN", key).number());
        page.put("cursor", elements.size() < count ? "" : last);
    }

    // ---- changing ----

    /**
     * Changes a part of a value, or all of a string; a key that is not there is made where the change has a type. A time to live stays.
     */
    private Response change(Request request, User user) {
        byte[] key = Octets.key(request);
        KeyPages.guard(key, user);
        Store store = store(request);
        Fields fields = Fields.of(request);
        String wanted = fields.text("type", 1, 10);
        String type = store.call("TYPE", key).text();
        if (!type.equals("none") && !type.equals(wanted)) {
            throw new HttpError(409, "the key holds a " + type);
        }
        boolean remove = fields.flag("remove", false);
        switch (wanted) {
            case "string" -> store.call("SET", key, octets(fields, "value"), "KEEPTTL");
            case "hash" -> {
                if (remove) {
                    found(store.call("HDEL", key, octets(fields, "field")));
                } else {
                    store.call("HSET", key, octets(fields, "field"), octets(fields, "value"));
                }
            }
            case "set" -> {
                if (remove) {
                    found(store.call("SREM", key, octets(fields, "value")));
                } else {
                    store.call("SADD", key, octets(fields, "value"));
                }
            }
            case "zset" -> {
                if (remove) {
                    found(store.call("ZREM", key, octets(fields, "value")));
                } else {
                    store.call("ZADD", key, fields.text("score", 1, 40), octets(fields, "value"));
                }
            }
            case "list" -> list(store, key, fields);
            case "stream" -> stream(store, key, fields, remove);
            default -> throw fields.invalid("type", "must be string, hash, set, zset, list or stream");
        }
        return Response.empty(204);
    }

    private static void found(Reply removed) {
        if (removed.number() == 0) {
            throw new HttpError(404, "that is not there any more");
        }
    }

    private static void list(Store store, byte[] key, Fields fields) {
        if (fields.has("index")) {
            store.call("LSET", key, fields.number("index", 0, 0, Long.MAX_VALUE), octets(fields, "value"));
        } else {
            store.call(fields.flag("left", false) ? "LPUSH" : "RPUSH", key, octets(fields, "value"));
        }
    }

    private static void stream(Store store, byte[] key, Fields fields, boolean remove) {
        if (remove) {
            found(store.call("XDEL", key, fields.text("id", 3, 41)));
            return;
        }
        List<Object> words = new ArrayList<>(List.of(key, "*"));
        fields.textMap("fields").forEach((field, value) -> {
            words.add(field);
            words.add(value);
        });
        store.call("XADD", words.toArray());
    }

    /** A field of a body as bytes: {@code name}, or {@code name64} in base64. */
    private static byte[] octets(Fields fields, String name) {
        if (!fields.has(name + "64")) {
            return fields.text(name, 0, BODY_BYTES).getBytes(StandardCharsets.UTF_8);
        }
        try {
            return Base64.getDecoder().decode(fields.text(name + "64", 0, BODY_BYTES));
        } catch (IllegalArgumentException e) {
            throw fields.invalid(name + "64", "must be base64");
        }
    }

    private Response delete(Request request, User user) {
        byte[] key = Octets.key(request);
        KeyPages.guard(key, user);
        if (store(request).unlink(List.of(key)) == 0) {
            throw missing();
        }
        return Response.empty(204);
    }

    private Response setTimeToLive(Request request, User user) {
        byte[] key = Octets.key(request);
        KeyPages.guard(key, user);
        Fields fields = Fields.of(request);
        long millis = fields.number("ttl_millis", -1, -1, Long.MAX_VALUE / 2);
        if (millis == 0) {
            throw fields.invalid("ttl_millis", "must be at least 1, or -1 for none");
        }
        Store store = store(request);
        boolean done = millis < 0
                ? store.call("PERSIST", key).flag() || store.call("EXISTS", key).flag()
                : store.call("PEXPIRE", key, millis).flag();
        if (!done) {
            throw missing();
        }
        return Response.empty(204);
    }
}
