package dev.holdfast.toolkit.session;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions: a hash each, which expires when it has not been opened for a while.
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
    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    private static final Script OPEN = Script.of(Sessions.class, "open");
    private static final Script SAVE = Script.of(Sessions.class, "save");
    private static final Script INDEX = Script.of(Sessions.class, "index");
    private static final Script ROTATE = Script.of(Sessions.class, "rotate");

    private final Context context;
    private final Store store;
    private final SessionKeys keys;
    private final String prefix;
    private final Duration ttl;
    private final Optional<Duration> atMost;
    private final int mostPerPrincipal;
    private final Counter created;
    private final Counter found;
    private final Counter missing;
    private final Counter revoked;

    /** What can be chosen. */
    public static final class Builder {
        private final Context context;
        private final String prefix;
        private Duration ttl = Duration.ofHours(1);
        private Optional<Duration> atMost = Optional.empty();
        private int mostPerPrincipal = Integer.MAX_VALUE;

        public Builder(Context context, String prefix) {
            this.context = context;
            this.prefix = prefix;
        }

        /** How long a session lives after it was last opened or saved; an hour unless set. */
        public Builder ttl(Duration time) {
            this.ttl = positive(time);
            return this;
        }

        /** How long a session lives after it was created, however often it is opened; without end unless set. */
        public Builder atMost(Duration time) {
            this.atMost = Optional.of(positive(time));
            return this;
        }

        /**
         * How many sessions a principal has at most; any number unless set. When one too many is saved, the oldest ends. Of two that are
         * saved at the same moment in different processes, both may end others.
         */
        public Builder mostPerPrincipal(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a principal must have one session: " + most);
            }
            this.mostPerPrincipal = most;
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
        this.atMost = builder.atMost;
        this.mostPerPrincipal = builder.mostPerPrincipal;
        this.created = context.instruments(kind(), prefix).counter("created");
        this.found = context.instruments(kind(), prefix).counter("opened", "result", "found");
        this.missing = context.instruments(kind(), prefix).counter("opened", "result", "missing");
        this.revoked = context.instruments(kind(), prefix).counter("revoked");
    }

    /** A length of time as sessions have it: at least a millisecond. */
    static Duration positive(Duration time) {
        if (Durations.millis(time) < 1) {
            throw new IllegalArgumentException("a session must live for a while: " + time);
        }
        return time;
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
        long millis = store.millis();
        byte[] now = Session.millis(millis);
        Map<String, byte[]> attributes = new HashMap<>(Map.of(Session.CREATED, now, Session.ACCESSED, now));
        atMost.ifPresent(time -> attributes.put(Session.ENDS, Session.millis(millis + Durations.millis(time))));
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
                .idempotent(() ->
                        read(id, store.call(OPEN, List.of(keys.session(id)), store.millis(), Durations.millis(ttl))));
        session.ifPresent(this::index);
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
        List<Object> words =
                new ArrayList<>(List.of(isNew ? "1" : "0", Durations.millis(ttl), store.millis(), removed.size()));
        words.addAll(removed);
        changed.forEach((name, value) -> {
            words.add(name);
            words.add(value);
        });
        // Its principal's other sessions come to know of it first: what is saved can always be found and revoked.
        long sessions = index(session);
        boolean saved = context.retry()
                .idempotent(() -> store.call(SAVE, List.of(keys.session(session.id())), words.toArray())
                        .flag());
        if (!saved) {
            session.principal().ifPresent(principal -> store.call("ZREM", keys.of(principal), session.id()));
            throw new SessionEndedException();
        }
        if (sessions > mostPerPrincipal) {
            session.principal().ifPresent(principal -> endOldest(principal, session.id()));
        }
    }

    /** Ends the oldest sessions of a principal who has too many, but not this one. */
    private void endOldest(String principal, String present) {
        record Dated(String id, long created) {}

        List<Dated> others = new ArrayList<>();
        for (String id : ids(principal)) {
            String created = millisOf(id);
            if (created == null) {
                store.call("ZREM", keys.of(principal), id);
            } else if (!id.equals(present)) {
                others.add(new Dated(id, Long.parseLong(created)));
            }
        }
        others.sort(Comparator.comparingLong(Dated::created));
        int surplus = others.size() + 1 - mostPerPrincipal;
        others.subList(0, Math.max(0, surplus)).forEach(oldest -> revoke(oldest.id()));
    }

    /** When a session was created, in digits; null if there is none, or none that can be read. */
    private @Nullable String millisOf(String id) {
        String created = field(keys.session(id), Session.CREATED);
        return created != null && created.matches("\\d{1,18}") ? created : null;
    }

    /** A field of a session; null if there is none, or if its key holds something else. */
    private @Nullable String field(String key, String name) {
        return unlessForeign(
                        () -> Optional.ofNullable(store.call("HGET", key, name).textOrNull()))
                .orElse(null);
    }

    /** Reads a session's key; what holds something else hides no other session. */
    private static <T> Optional<T> unlessForeign(Supplier<Optional<T>> read) {
        try {
            return read.get();
        } catch (CommandFailedException e) {
            if (!e.code().equals("WRONGTYPE")) {
                throw e;
            }
            LOG.warn("The key of a session holds something else");
            return Optional.empty();
        }
    }

    String rotate(Session session) {
        String old = session.id();
        String id = SessionKeys.rotated(old);
        session.principal().ifPresent(principal -> index(principal, id, session.lives(ttl, store.millis())));
        if (!context.retry()
                .once(() -> store.call(ROTATE, List.of(keys.session(old), keys.session(id)))
                        .flag())) {
            throw new SessionEndedException();
        }
        session.principal().ifPresent(principal -> store.call("ZREM", keys.of(principal), old));
        return id;
    }

    /** Notes when a session of a principal expires, and forgets those that have. Returns how many there are; 0 without a principal. */
    private long index(Session session) {
        return session.principal()
                .map(principal -> index(principal, session.id(), session.lives(ttl, store.millis())))
                .orElse(0L);
    }

    private long index(String principal, String id, long livesMillis) {
        long now = store.millis();
        return context.retry()
                .idempotent(() -> store.call(INDEX, List.of(keys.of(principal)), now, now + livesMillis, id))
                .number();
    }

    /** The sessions of a principal, without opening them: their times go on. */
    public List<Session> of(String principal) {
        List<Session> sessions = new ArrayList<>();
        for (String id : ids(principal)) {
            unlessForeign(() -> read(id, store.call("HGETALL", keys.session(id))))
                    .ifPresent(sessions::add);
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
        String principal = field(key, Session.PRINCIPAL);
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
