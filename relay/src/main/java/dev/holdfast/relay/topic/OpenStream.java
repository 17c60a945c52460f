package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Outbox;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A WebSocket or stream of events, with the topics that it listens to. */
final class OpenStream {
    private final Relay relay;
    private final Login.Principal principal;
    private final Outbox out;
    private final String kind;
    private final List<Listening> listenings = new CopyOnWriteArrayList<>();

    /** A topic that the stream listens to, and how far it is. */
    final class Listening implements AutoCloseable {
        private final Topic topic;
        private final String client;
        private final Supplier<EntryId> position;
        private final Seats.Seat seat;

        private Listening(Topic topic, String client, Supplier<EntryId> position, Seats.Seat seat) {
            this.topic = topic;
            this.client = client;
            this.position = position;
            this.seat = seat;
        }

        Topic topic() {
            return topic;
        }

        /** As the statistics of the topic show it. */
        Map<String, Object> page() {
            Map<String, Object> page = new LinkedHashMap<>();
            page.put("user", principal.user().name());
            page.put("client_id", client);
            page.put("kind", kind);
            page.put("position", position.get().toString());
            page.put("outbox_bytes", out.waitingBytes());
            page.put("outbox_limit_bytes", out.limitBytes());
            return page;
        }

        @Override
        public void close() {
            listenings.remove(this);
            relay.workers().execute(() -> relay.seats().leave(seat));
        }
    }

    OpenStream(Relay relay, Login.Principal principal, Outbox out, String kind) {
        this.relay = relay;
        this.principal = principal;
        this.out = out;
        this.kind = kind;
    }

    Login.Principal principal() {
        return principal;
    }

    Outbox out() {
        return out;
    }

    List<Listening> listenings() {
        return listenings;
    }

    /** Makes known that the stream listens to a topic, to all processes. */
    Listening listen(Topic topic, String client, Supplier<EntryId> position) {
        Listening listening = new Listening(
                topic,
                client,
                position,
                relay.presence().enter(topic, principal.user().name(), client, kind));
        listenings.add(listening);
        return listening;
    }

    /**
     * Closes the stream if its user may no longer read what it sends: it lasts longer than the token that opened it, but not longer than
     * what the token stood for.
     */
    void look(Look look) {
        User user = look.user(principal);
        if (user == null) {
            out.close(1008, "logged out");
        } else if (!listenings.stream().allMatch(each -> look.mayRead(principal, user, each.topic))) {
            out.close(1008, "one of the topics may not be read any more");
        }
    }

    /** One look at all streams: what is found out for one holds for all with the same credential, and the same topic. */
    static final class Look {
        private final Relay relay;
        private final Map<Object, Optional<User>> users = new HashMap<>();
        private final Map<Reading, Boolean> readings = new HashMap<>();

        private record Reading(Object credential, Topic topic) {}

        Look(Relay relay) {
            this.relay = relay;
        }

        private @Nullable User user(Login.Principal principal) {
            return users.computeIfAbsent(
                            principal.credential(),
                            same -> Optional.ofNullable(relay.login().current(principal))
                                    .filter(user -> user.may(User.READ)))
                    .orElse(null);
        }

        private boolean mayRead(Login.Principal principal, User user, Topic topic) {
            return readings.computeIfAbsent(new Reading(principal.credential(), topic), same -> {
                try {
                    relay.topics().readable(user, topic.address());
                    return true;
                } catch (HttpError e) {
                    return false;
                }
            });
        }
    }

    /** Ends all listening. */
    void close() {
        listenings.forEach(Listening::close);
    }

    static String newId() {
        return UUID.randomUUID().toString();
    }
}
