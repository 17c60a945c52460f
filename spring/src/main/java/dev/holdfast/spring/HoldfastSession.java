package dev.holdfast.spring;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.session.Sessions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.session.Session;

/** One of Spring's sessions. For one thread at a time. */
public final class HoldfastSession implements Session {
    /** The names of Spring's attributes in the toolkit's session, where its own are without it. */
    private static final String ATTRIBUTE = "attribute:";

    private static final String TIMEOUT = "timeout";
    private static final Duration FOR_EVER = Duration.ofDays(3650);

    private final Sessions sessions;
    private final Codec<Object> codec;
    private final Map<String, Object> read = new HashMap<>();
    private dev.holdfast.toolkit.session.Session session;
    private Duration timeout;
    private Instant accessed;

    HoldfastSession(
            Sessions sessions, dev.holdfast.toolkit.session.Session session, Codec<Object> codec, Duration timeout) {
        this.sessions = sessions;
        this.session = session;
        this.codec = codec;
        this.timeout = session.get(TIMEOUT, Long.class).map(Duration::ofMillis).orElse(timeout);
        this.accessed = session.accessed();
    }

    /** A time-out as the toolkit has it: Spring's is for ever where it is not positive. */
    static Duration lasting(Duration timeout) {
        return timeout.isPositive() && timeout.compareTo(FOR_EVER) < 0 ? timeout : FOR_EVER;
    }

    @Override
    public String getId() {
        return session.id();
    }

    @Override
    public String changeSessionId() {
        return session.rotate();
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    @Override
    public <T> @Nullable T getAttribute(String name) {
        Object value = read.get(name);
        if (value == null) {
            value = session.get(ATTRIBUTE + name, codec).orElse(null);
            if (value != null) {
                read.put(name, value);
            }
        }
        return (T) value;
    }

    @Override
    public Set<String> getAttributeNames() {
        return session.names().stream()
                .filter(name -> name.startsWith(ATTRIBUTE))
                .map(name -> name.substring(ATTRIBUTE.length()))
                .collect(Collectors.toSet());
    }

    @Override
    public void setAttribute(String name, @Nullable Object value) {
        if (value == null) {
            removeAttribute(name);
        } else {
            session.set(ATTRIBUTE + name, value, codec);
            read.put(name, value);
        }
    }

    @Override
    public void removeAttribute(String name) {
        session.remove(ATTRIBUTE + name);
        read.remove(name);
    }

    @Override
    public Instant getCreationTime() {
        return session.created();
    }

    @Override
    public void setLastAccessedTime(Instant time) {
        accessed = time;
    }

    @Override
    public Instant getLastAccessedTime() {
        return accessed;
    }

    @Override
    public void setMaxInactiveInterval(Duration time) {
        timeout = time;
        session.set(TIMEOUT, time.toMillis()).ttl(lasting(time));
    }

    @Override
    public Duration getMaxInactiveInterval() {
        return timeout;
    }

    @Override
    public boolean isExpired() {
        return timeout.isPositive() && !Instant.now().minus(timeout).isBefore(accessed);
    }

    /** Saves it as the session of a principal, or of none. */
    void save(@Nullable String principal) {
        Optional<String> before = session.principal();
        if (before.isPresent() && !before.get().equals(principal)) {
            changeOwner();
        }
        if (principal != null) {
            session.principal(principal);
        }
        session.save();
    }

    /** Goes on under another id: a session that has been one principal's is never another's. */
    private void changeOwner() {
        dev.holdfast.toolkit.session.Session next = sessions.create();
        for (String name : getAttributeNames()) {
            Object value = getAttribute(name);
            if (value != null) {
                next.set(ATTRIBUTE + name, value, codec);
            }
        }
        sessions.revoke(session.id());
        session = next;
        setMaxInactiveInterval(timeout);
    }
}
