package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Outbox;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.Toolkit;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the pages of the relay share: topics, messages, who listens. */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
    private static final long LOOK_SECONDS = 2;

    private final Login login;
    private final Topics topics;
    private final Messages messages;
    private final Feed feed;
    private final RelaySettings settings;
    private final Executor workers;
    private final Set<OpenStream> streams = ConcurrentHashMap.newKeySet();
    private final Map<String, AtomicInteger> streamCounts = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> pollCounts = new ConcurrentHashMap<>();
    private final ScheduledFuture<?> looking;

    private record OpenStream(Login.Principal principal, Outbox out) {}

    public Relay(Toolkit toolkit, Login login, RelaySettings settings) {
        this.login = login;
        this.settings = settings;
        this.topics = new Topics(toolkit.store(), login.users());
        this.messages = new Messages(toolkit.store(), settings.mostMessages(), settings.retention());
        this.workers = toolkit.context().workers();
        this.feed = new Feed(messages, workers);
        this.looking = toolkit.context()
                .timer()
                .scheduleWithFixedDelay(
                        () -> workers.execute(this::lookAtStreams), LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    Login login() {
        return login;
    }

    Topics topics() {
        return topics;
    }

    Messages messages() {
        return messages;
    }

    Feed feed() {
        return feed;
    }

    RelaySettings settings() {
        return settings;
    }

    Executor workers() {
        return workers;
    }

    /**
     * Sees whether a user may open one more stream.
     *
     * @throws HttpError 429 if not
     */
    void checkStreams(User user) {
        AtomicInteger open = streamCounts.get(user.id());
        if (open != null && open.get() >= settings.streamsPerUser()) {
            throw tooMany(settings.streamsPerUser());
        }
    }

    /** Counts a stream as the user's until it ends, and ends it when the user may read no more, or has too many. */
    void opened(Login.Principal principal, Outbox out) {
        OpenStream stream = new OpenStream(principal, out);
        streams.add(stream);
        boolean fits = count(streamCounts, principal.user()) <= settings.streamsPerUser();
        out.onClose(() -> {
            streams.remove(stream);
            leave(streamCounts, principal.user());
        });
        if (!fits) {
            out.close(1008, "too many streams");
        }
    }

    /**
     * Counts a poll as the user's, until {@link #leavePoll}.
     *
     * @throws HttpError 429 if the user has too many
     */
    void takePoll(User user) {
        if (count(pollCounts, user) > settings.pollsPerUser()) {
            leave(pollCounts, user);
            throw tooMany(settings.pollsPerUser());
        }
    }

    void leavePoll(User user) {
        leave(pollCounts, user);
    }

    int polls() {
        return pollCounts.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    int openStreams() {
        return streams.size();
    }

    private static int count(Map<String, AtomicInteger> counts, User user) {
        return counts.compute(user.id(), (id, present) -> {
                    AtomicInteger counted = present == null ? new AtomicInteger() : present;
                    counted.incrementAndGet();
                    return counted;
                })
                .get();
    }

    private static HttpError tooMany(int most) {
        return new HttpError(
                Response.error(429, "at most " + most + " at once for one user").header("retry-after", "5"));
    }

    private static void leave(Map<String, AtomicInteger> counts, User user) {
        counts.computeIfPresent(user.id(), (id, count) -> count.decrementAndGet() <= 0 ? null : count);
    }

    /** A stream lasts longer than the token that opened it, but not longer than what the token stood for. */
    private void lookAtStreams() {
        try {
            for (OpenStream stream : streams) {
                if (!login.isStillIn(stream.principal, User.READ)) {
                    stream.out.close(1008, "logged out");
                }
            }
        } catch (RuntimeException e) {
            LOG.warn("Open streams could not be looked at: {}", e.toString());
        }
    }

    @Override
    public void close() {
        looking.cancel(false);
        feed.close();
    }
}
