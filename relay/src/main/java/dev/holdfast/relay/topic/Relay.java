package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Outbox;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the pages of the relay share: topics, messages, groups, who listens. */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
    private static final long LOOK_SECONDS = 2;

    private final Login login;
    private final Store store;
    private final Topics topics;
    private final Messages messages;
    private final Publisher publisher;
    private final Groups groups;
    private final Seats seats;
    private final Presence presence;
    private final Feed feed;
    private final RelaySettings settings;
    private final Executor workers;
    private final Set<OpenStream> streams = ConcurrentHashMap.newKeySet();
    private final AtomicInteger polls = new AtomicInteger();
    private final List<ScheduledFuture<?>> regular = new ArrayList<>();

    public Relay(Toolkit toolkit, Login login, RelaySettings settings) {
        this.login = login;
        this.settings = settings;
        this.store = toolkit.store();
        this.topics = new Topics(store, login.users(), settings);
        this.messages = new Messages(store);
        this.publisher = new Publisher(store);
        this.groups = new Groups(store, topics, publisher);
        this.seats = new Seats(store);
        this.presence = new Presence(store, seats);
        this.workers = toolkit.context().workers();
        this.feed = new Feed(messages, workers);
        Sweep sweep = new Sweep(store, login.users(), topics, publisher, groups);
        regularly(toolkit, LOOK_SECONDS, "Open streams could not be looked at", this::look);
        regularly(toolkit, Seats.RENEWED_EVERY.toSeconds(), "Connections could not be made known", seats::renew);
        regularly(toolkit, Sweep.EVERY_SECONDS, "Old messages could not be dropped", sweep::run);
        toolkit.context().meters().gauge("holdfast.relay.streams", streams, Set::size);
        toolkit.context()
                .meters()
                .gauge(
                        "holdfast.relay.outbox.bytes",
                        streams,
                        open -> open.stream()
                                .mapToLong(stream -> stream.out().waitingBytes())
                                .sum());
    }

    private void regularly(Toolkit toolkit, long seconds, String failure, Runnable work) {
        Runnable guarded = () -> {
            try {
                work.run();
            } catch (StoreException | IllegalStateException e) {
                LOG.warn("{}: {}", failure, e.toString());
            } catch (RuntimeException e) {
                LOG.error(failure, e);
            }
        };
        regular.add(toolkit.context()
                .timer()
                .scheduleWithFixedDelay(() -> workers.execute(guarded), seconds, seconds, TimeUnit.SECONDS));
    }

    /** Closes streams whose users may read no more. */
    private void look() {
        OpenStream.Look look = new OpenStream.Look(this);
        streams.forEach(stream -> stream.look(look));
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

    Publisher publisher() {
        return publisher;
    }

    Groups groups() {
        return groups;
    }

    Seats seats() {
        return seats;
    }

    Presence presence() {
        return presence;
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
     * Takes a place for one more stream of a user, in all processes together; it falls free again unless it is {@link #opened}.
     *
     * @throws HttpError 429 if there is none
     */
    Seats.Seat takeStream(User user) {
        return take("streams", user, settings.streamsPerUser());
    }

    /** As {@link #takeStream}, for a poll, until it is left. */
    Seats.Seat takePoll(User user) {
        Seats.Seat seat = take("polls", user, settings.pollsPerUser());
        polls.incrementAndGet();
        return seat;
    }

    private Seats.Seat take(String what, User user, int most) {
        Seats.Seat seat = seats.take(store.namespace() + "relay:" + what + ":" + user.id(), OpenStream.newId(), most);
        if (seat == null) {
            throw new HttpError(Response.error(429, "at most " + most + " at once for one user")
                    .header("retry-after", "5"));
        }
        return seat;
    }

    void leavePoll(Seats.Seat seat) {
        polls.decrementAndGet();
        seats.leave(seat);
    }

    /** A stream from now on, until its client goes or may read no more. */
    OpenStream opened(Login.Principal principal, Seats.Seat seat, Outbox out, String kind) {
        OpenStream stream = new OpenStream(this, principal, out, kind);
        streams.add(stream);
        out.onClose(() -> {
            streams.remove(stream);
            stream.close();
            workers.execute(() -> seats.leave(seat));
        });
        return stream;
    }

    int polls() {
        return polls.get();
    }

    int openStreams() {
        return streams.size();
    }

    /** Those in this process that listen to a topic, with what waits for them. */
    List<Map<String, Object>> listeners(Topic topic) {
        String key = messages.streamKey(topic);
        return streams.stream()
                .flatMap(stream -> stream.listenings().stream())
                .filter(listening -> messages.streamKey(listening.topic()).equals(key))
                .map(OpenStream.Listening::page)
                .toList();
    }

    @Override
    public void close() {
        regular.forEach(each -> each.cancel(false));
        feed.close();
        try {
            seats.close();
        } catch (StoreException | IllegalStateException e) {
            LOG.debug("Connections fall free by themselves", e);
        }
    }
}
