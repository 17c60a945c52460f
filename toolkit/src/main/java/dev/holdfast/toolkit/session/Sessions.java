package dev.holdfast.toolkit.session;

import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Sessions: a hash each, which expires when nobody has opened it for a while.
 *
 * <pre>
 * Sessions sessions = toolkit.sessions("session:").ttl(Duration.ofHours(1)).build();
 * Session session = sessions.create();
 * session.set("cart", cart).principal("anna").save();
 * …
 * sessions.find(id).ifPresent(found -&gt; found.set("cart", more).save());
 * sessions.revokeAll("anna");
 * </pre>
 *
 * <p>The ids of a principal's sessions stand in a sorted set by the time when they expire. It is brought up to date whenever one of
 * them is opened or saved, forgets those that have expired, and expires itself with the last: no event of the server is
 * needed, and nothing is left behind.
 */
public final class Sessions implements Pattern {
    private static final Script OPEN = Script.of(Sessions.class, "open");
    private static final Script SAVE = Script.of(Sessions.class, "save");
    private static final Script ROTATE = Script.of(Sessions.class, "rotate");

    private final Context context;
    private final Store store;
    private final SessionKeys keys;
    private final String prefix;
    private final Duration ttl;
    private final Counter created;
    private final Counter found;
    private final Counter missing;
    private final Counter revoked;

    /** What can be chosen. */
    public static final class Builder {
        private final Context context;
        private final String prefix;
        private Duration ttl = Duration.ofHours(1);

        public Builder(Context context, String prefix) {
            this.context = context;
            this.prefix = prefix;
        }

        /** How long a session lives after it was last opened or saved; an hour unless set. */
        public Builder ttl(Duration time) {
            this.ttl = time;
            return this;
        }

        public Sessions build() {
            return context.register(new Sessions(this));
        }
    }

    private Sessions(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.prefix = builder.prefix;
        this.keys = new SessionKeys(prefix);
        this.ttl = builder.ttl;
        this.created = context.instruments(kind(), prefix).counter("created");
        this.found = context.instruments(kind(), prefix).counter("opened", "result", "found");
        this.missing = context.instruments(kind(), prefix).counter("opened", "result", "missing");
        this.revoked = context.instruments(kind(), prefix).counter("revoked");
    }

    @Override
    public String kind() {
        return "sessions";
    }

    @Override
    public String name() {
        return prefix;
    }

    /** A new session, which is in the store once it is saved. */
    public Session create() {
        byte[] now = Codecs.text().encode(Long.toString(store.millis()));
        Map<String, byte[]> attributes = new HashMap<>(Map.of(Session.CREATED, now, Session.ACCESSED, now));
        created.increment();
        return new Session(this, context.codecs(), SessionKeys.newId(), attributes, true);
    }

    /** Opens a session, whose time then begins anew; empty if there is none, or if the text is no id at all. */
    public Optional<Session> find(String id) {
        if (!SessionKeys.isId(id)) {
            missing.increment();
            return Optional.empty();
        }
        Optional<Session> session = context.retry()
                .idempotent(
                        () -> read(id, store.call(OPEN, List.of(keys.session(id)), store.millis(), ttl.toMillis())));
        session.flatMap(Session::principal).ifPresent(principal -> index(principal, id));
        (session.isPresent() ? found : missing).increment();
        return session;
    }

    private Optional<Session> read(String id, Reply fields) {
        Map<String, byte[]> attributes = new HashMap<>();
        fields.map().forEach((name, value) -> attributes.put(name, value.bytes()));
        return attributes.isEmpty()
                ? Optional.empty()
                : Optional.of(new Session(this, context.codecs(), id, attributes, false));
    }

    void save(Session session, boolean isNew, Map<String, byte[]> changed, Set<String> removed) {
        List<Object> words = new ArrayList<>(List.of(isNew ? "1" : "0", ttl.toMillis(), removed.size()));
        words.addAll(removed);
        changed.forEach((name, value) -> {
            words.add(name);
            words.add(value);
        });
        boolean saved = context.retry()
                .idempotent(() -> store.call(SAVE, List.of(keys.session(session.id())), words.toArray())
                        .flag());
        if (!saved) {
            throw new SessionEndedException();
        }
        session.principal().ifPresent(principal -> index(principal, session.id()));
    }

    String rotate(Session session) {
        String old = session.id();
        String id = SessionKeys.rotated(old);
        if (!context.retry()
                .once(() -> store.call(ROTATE, List.of(keys.session(old), keys.session(id)))
                        .flag())) {
            throw new SessionEndedException();
        }
        session.principal().ifPresent(principal -> {
            index(principal, id);
            store.call("ZREM", keys.of(principal), old);
        });
        return id;
    }

    /** Notes when a session of a principal expires, and forgets those that have. */
    private void index(String principal, String id) {
        String index = keys.of(principal);
        long now = store.millis();
        store.pipeline(List.of(
                        Command.of("ZADD", index, now + ttl.toMillis(), id),
                        Command.of("ZREMRANGEBYSCORE", index, "-inf", now),
                        Command.of("PEXPIRE", index, ttl.toMillis())))
                .forEach(Reply::orThrow);
    }

    /** The sessions of a principal, without opening them: their times go on. */
    public List<Session> of(String principal) {
        List<Session> sessions = new ArrayList<>();
        for (String id : ids(principal)) {
            read(id, store.call("HGETALL", keys.session(id))).ifPresent(sessions::add);
        }
        return sessions;
    }

    private List<String> ids(String principal) {
        return store.call("ZRANGEBYSCORE", keys.of(principal), "(" + store.millis(), "+inf")
                .texts();
    }

    /** Visits the ids of all sessions, in no order. */
    public void forEach(Consumer<String> visitor) {
        store.scan(
                keys.all(),
                batch -> batch.forEach(key -> visitor.accept(keys.id(new String(key, StandardCharsets.UTF_8)))));
    }

    /** Ends a session. A request that has it open can no longer save it. Returns whether there was one. */
    public boolean revoke(String id) {
        if (!SessionKeys.isId(id)) {
            return false;
        }
        String key = keys.session(id);
        String principal = store.call("HGET", key, Session.PRINCIPAL).textOrNull();
        boolean ended = store.call("UNLINK", key).flag();
        if (principal != null) {
            store.call("ZREM", keys.of(principal), id);
        }
        if (ended) {
            revoked.increment();
        }
        return ended;
    }

    /** Ends all sessions of a principal, and returns how many there were. */
    public int revokeAll(String principal) {
        int ended = 0;
        for (String id : ids(principal)) {
            ended += revoke(id) ? 1 : 0;
        }
        return ended;
    }

    @Override
    public Health health() {
        return Health.up(Map.of("ttl.seconds", ttl.toSeconds()));
    }

    @Override
    public void close() {
        context.unregister(this);
    }
}
