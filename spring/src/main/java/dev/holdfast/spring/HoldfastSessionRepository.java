package dev.holdfast.spring;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.session.SessionEndedException;
import dev.holdfast.toolkit.session.Sessions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.session.PrincipalNameIndexResolver;

/** Spring's sessions over the toolkit's; found by id, and by the name of who has logged in. */
public final class HoldfastSessionRepository implements FindByIndexNameSessionRepository<HoldfastSession> {
    private final Sessions sessions;
    private final Codec<Object> codec;
    private final Duration timeout;
    private final PrincipalNameIndexResolver<HoldfastSession> principals = new PrincipalNameIndexResolver<>();

    /**
     * @param codec what writes the attributes
     * @param timeout how long a session lives after it was last used, unless it says so itself
     */
    public HoldfastSessionRepository(Sessions sessions, Codec<Object> codec, Duration timeout) {
        this.sessions = sessions;
        this.codec = codec;
        this.timeout = timeout;
    }

    @Override
    public HoldfastSession createSession() {
        return new HoldfastSession(sessions, sessions.create(), codec, timeout);
    }

    /** @throws IllegalStateException if the session has been ended meanwhile */
    @Override
    public void save(HoldfastSession session) {
        try {
            session.save(principals.resolveIndexesFor(session).get(PRINCIPAL_NAME_INDEX_NAME));
        } catch (SessionEndedException e) {
            throw new IllegalStateException("the session was ended meanwhile", e);
        }
    }

    @Override
    public @Nullable HoldfastSession findById(String id) {
        return sessions.find(id)
                .map(found -> new HoldfastSession(sessions, found, codec, timeout))
                .orElse(null);
    }

    @Override
    public void deleteById(String id) {
        sessions.revoke(id);
    }

    @Override
    public Map<String, HoldfastSession> findByIndexNameAndIndexValue(String index, String value) {
        Map<String, HoldfastSession> found = new HashMap<>();
        if (index.equals(PRINCIPAL_NAME_INDEX_NAME)) {
            sessions.of(value)
                    .forEach(
                            session -> found.put(session.id(), new HoldfastSession(sessions, session, codec, timeout)));
        }
        return found;
    }
}
