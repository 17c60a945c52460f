package dev.holdfast.toolkit.session;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.type.TypeReference;

/**
 * A session as one request sees it: attributes by name, a principal once somebody has logged in. Changes are kept here until
 * {@link #save} writes those, and only those, to the store; so two requests that change different attributes do not undo each
 * other's. One thread at a time may use it.
 */
public final class Session {
    static final String CREATED = "@created";
    static final String ACCESSED = "@accessed";
    static final String PRINCIPAL = "@principal";
    /** For how many milliseconds it lives after it was opened, where it says so itself. */
    static final String TTL = "@ttl";
    /** When it ends, however often it is opened: milliseconds since 1970. */
    static final String ENDS = "@ends";

    private final Sessions sessions;
    private final Codecs codecs;
    private final Map<String, byte[]> attributes;
    private final Map<String, byte[]> changed = new HashMap<>();
    private final Set<String> removed = new HashSet<>();
    private String id;
    private boolean isNew;

    Session(Sessions sessions, Codecs codecs, String id, Map<String, byte[]> attributes, boolean isNew) {
        this.sessions = sessions;
        this.codecs = codecs;
        this.id = id;
        this.attributes = attributes;
        this.isNew = isNew;
        if (isNew) {
            changed.putAll(attributes);
        }
    }

    /** What the browser keeps: 65 characters that cannot be guessed. */
    public String id() {
        return id;
    }

    public Instant created() {
        return time(CREATED);
    }

    /** When the session was last opened before this time, or when it was created. */
    public Instant accessed() {
        return time(ACCESSED);
    }

    private Instant time(String field) {
        byte[] millis = attributes.getOrDefault(field, new byte[] {'0'});
        return Instant.ofEpochMilli(Long.parseLong(Codecs.text().decode(millis)));
    }

    /** Whose session it is, if anybody has logged in. */
    public Optional<String> principal() {
        byte[] name = attributes.get(PRINCIPAL);
        return name == null ? Optional.empty() : Optional.of(Codecs.text().decode(name));
    }

    /**
     * Says whose session it is. Give it another id then: see {@link #rotate}.
     *
     * @throws IllegalArgumentException if the session is already another's
     */
    public Session principal(String name) {
        if (principal().isPresent() && !principal().get().equals(name)) {
            throw new IllegalArgumentException("the session is already another's");
        }
        return put(PRINCIPAL, Codecs.text().encode(name));
    }

    static byte[] millis(long number) {
        return Codecs.text().encode(Long.toString(number));
    }

    /** Has the session live for another time than others after it was opened or saved: one that is remembered, for instance. */
    public Session ttl(Duration time) {
        return put(TTL, millis(Durations.millis(Sessions.positive(time))));
    }

    /** When the session ends however often it is opened, if ever. */
    public Optional<Instant> endsAt() {
        return number(ENDS).map(Instant::ofEpochMilli);
    }

    /** Has the session end at a time, however often it is opened. */
    public Session endsAt(Instant time) {
        return put(ENDS, millis(Durations.epochMillis(time)));
    }

    private Optional<Long> number(String field) {
        byte[] digits = attributes.get(field);
        return digits == null
                ? Optional.empty()
                : Optional.of(Long.parseLong(Codecs.text().decode(digits)));
    }

    /** How many milliseconds it lives from now on, if it is not opened. */
    long lives(Duration usual, long now) {
        long lives = number(TTL).orElse(Durations.millis(usual));
        return number(ENDS).map(ends -> Math.clamp(ends - now, 0, lives)).orElse(lives);
    }

    /** The names of all attributes. */
    public Set<String> names() {
        Set<String> names = new TreeSet<>(attributes.keySet());
        names.removeIf(name -> name.startsWith("@"));
        return names;
    }

    /** An attribute, read as a type. */
    public <T> Optional<T> get(String name, Class<T> type) {
        byte[] bytes = attributes.get(checked(name));
        return bytes == null ? Optional.empty() : Optional.of(codecs.of(type).decode(bytes));
    }

    /** The same, read as a type with parameters. */
    public <T> Optional<T> get(String name, TypeReference<T> type) {
        return get(name, codecs.json(type));
    }

    /** The same, read by a codec. */
    public <T> Optional<T> get(String name, Codec<T> codec) {
        byte[] bytes = attributes.get(checked(name));
        return bytes == null ? Optional.empty() : Optional.of(codec.decode(bytes));
    }

    /** Sets an attribute that a codec writes. */
    public <T> Session set(String name, T value, Codec<T> codec) {
        return put(checked(name), codec.encode(Objects.requireNonNull(value, "an attribute must have a value")));
    }

    /** Sets an attribute: text and numbers as they are, all else as JSON. Its name must not begin with @. */
    public <T> Session set(String name, T value) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>)
                Objects.requireNonNull(value, "an attribute must have a value").getClass();
        return put(checked(name), codecs.of(type).encode(value));
    }

    public Session remove(String name) {
        attributes.remove(checked(name));
        changed.remove(name);
        removed.add(name);
        return this;
    }

    private static String checked(String name) {
        if (name.startsWith("@")) {
            throw new IllegalArgumentException("names with @ are the session's own: " + name);
        }
        return name;
    }

    private Session put(String name, byte[] value) {
        attributes.put(name, value);
        changed.put(name, value);
        removed.remove(name);
        return this;
    }

    /**
     * Writes what has changed, and lets the session's time begin anew.
     *
     * @throws SessionEndedException if it has been revoked, or has expired, meanwhile
     */
    public void save() {
        sessions.save(this, isNew, Map.copyOf(changed), Set.copyOf(removed));
        isNew = false;
        changed.clear();
        removed.clear();
    }

    /**
     * Gives the session another id, as whenever somebody logs in: who knows the old one, knows nothing. Unsaved changes are saved.
     *
     * @throws SessionEndedException if it has been revoked, or has expired, meanwhile
     */
    public String rotate() {
        save();
        id = sessions.rotate(this);
        return id;
    }

    /** Ends the session. */
    public void revoke() {
        sessions.revoke(id);
    }
}
