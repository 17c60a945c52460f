package dev.holdfast.relay.console;

import dev.holdfast.relay.auth.AccountKeys;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.toolkit.store.KeyWalk;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Which keys there are: search by pattern and type, and the tree of prefixes. */
final class KeyPages implements AutoCloseable {
    static final int MOST_DATABASES = 1 << 20;
    static final int LITTLE = 1024;
    private static final int STEP = 250;
    private static final int MOST_KEYS = 1000;
    private static final int MOST_CHILDREN = 1000;
    private static final Duration SEARCH = Duration.ofMillis(40);

    private final Access access;
    private final Databases databases;
    private final Map<Integer, KeyCensus> censuses = new ConcurrentHashMap<>();

    KeyPages(Access access, Databases databases) {
        this.access = access;
        this.databases = databases;
    }

    void add(Routes routes) {
        routes.get("/console/api/keys", access.reading(this::search))
                .add("DELETE", "/console/api/keys", LITTLE, access.writing(this::deleteSome))
                .get("/console/api/tree", access.reading(this::tree))
                .add("POST", "/console/api/tree", LITTLE, access.reading(this::count))
                .add("DELETE", "/console/api/tree", LITTLE, access.reading(this::stop));
    }

    static int database(Request request) {
        return request.query("db", 0, 0, MOST_DATABASES);
    }

    private KeyWalk walk(Request request) {
        Store store = databases.store(database(request));
        if (store.isCluster()) {
            throw new HttpError(501, "the keys of a cluster are not browsed");
        }
        String pattern = request.query("pattern");
        String type = request.query("type");
        return new KeyWalk(store, pattern == null || pattern.isEmpty() ? "*" : pattern, type == null ? "" : type);
    }

    private static String cursor(Request request) {
        String cursor = request.query("cursor");
        if (cursor == null) {
            return "0";
        }
        if (!cursor.matches("\\d{1,20}")) {
            throw new HttpError(422, "cursor is one that an answer had");
        }
        return cursor;
    }

    /** Until enough are found or the budget is spent, whichever is first. */
    private Response search(Request request) throws InterruptedException {
        int count = request.query("count", 100, 1, MOST_KEYS);
        KeyWalk walk = walk(request);
        String cursor = cursor(request);
        List<Map<String, Object>> found = new ArrayList<>();
        long visited = 0;
        try (Budget budget = Budget.take(SEARCH)) {
            do {
                KeyWalk.Page page = walk.page(cursor, STEP);
                cursor = page.cursor();
                visited += page.visited();
                for (KeyWalk.Key key : page.keys()) {
                    Map<String, Object> each = new LinkedHashMap<>();
                    each.put("key", Octets.of(key.name()));
                    each.put("type", key.type());
                    each.put("bytes", key.bytes());
                    each.put("expires_at", key.expiresAtMillis());
                    found.add(each);
                }
            } while (!cursor.equals("0") && found.size() < count && !budget.isSpent());
        } catch (NumberFormatException e) {
            throw new HttpError(422, "cursor is one that an answer had");
        }
        return Response.json(Map.of("keys", found, "cursor", cursor, "visited", visited));
    }

    /** Removes keys that match a pattern, as far as the budget goes; those of accounts stay. */
    private Response deleteSome(Request request) throws InterruptedException {
        if (request.query("pattern") == null
                || String.valueOf(request.query("pattern")).isEmpty()) {
            throw new HttpError(422, "say by pattern which keys");
        }
        KeyWalk walk = walk(request);
        Store store = databases.store(database(request));
        String cursor = cursor(request);
        long deleted = 0;
        try (Budget budget = Budget.take(SEARCH)) {
            do {
                KeyWalk.Page page = walk.page(cursor, STEP);
                cursor = page.cursor();
                List<byte[]> names = page.keys().stream()
                        .map(KeyWalk.Key::name)
                        .filter(name -> !AccountKeys.isOne(name))
                        .toList();
                deleted += names.isEmpty() ? 0 : store.unlink(names);
            } while (!cursor.equals("0") && !budget.isSpent());
        }
        return Response.json(Map.of("deleted", deleted, "cursor", cursor));
    }

    // ---- the tree ----

    private Response tree(Request request) {
        KeyCensus census = censuses.get(database(request));
        if (census == null) {
            return Response.json(Map.of("state", "none"));
        }
        String prefix = request.query("prefix");
        return Response.json(census.page(
                prefix == null ? "" : prefix,
                "bytes".equals(request.query("sort")),
                request.query("count", 200, 1, MOST_CHILDREN)));
    }

    private Response count(Request request) {
        int database = database(request);
        Store store = databases.store(database);
        if (store.isCluster()) {
            throw new HttpError(501, "the keys of a cluster are not browsed");
        }
        censuses.compute(
                database, (number, known) -> known != null && known.isRunning() ? known : new KeyCensus(store));
        return Response.empty(202);
    }

    private Response stop(Request request) {
        KeyCensus census = censuses.get(database(request));
        if (census != null) {
            census.stop();
        }
        return Response.empty(204);
    }

    @Override
    public void close() {
        censuses.values().forEach(KeyCensus::stop);
    }

    /** That accounts are for administrators. */
    static void guard(byte[] key, User user) {
        if (AccountKeys.isOne(key) && !user.may(User.ADMIN)) {
            throw new HttpError(403, "keys of accounts are for administrators");
        }
    }
}
