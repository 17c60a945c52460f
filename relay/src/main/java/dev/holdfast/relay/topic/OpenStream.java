package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Outbox;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

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

    /** A stream lasts longer than the token that opened it, but not longer than what the token stood for. */
    void look() {
        if (!relay.login().isStillIn(principal, User.READ)) {
            out.close(1008, "logged out");
            return;
        }
        for (Listening listening : listenings) {
            try {
                relay.topics().readable(principal.user(), listening.topic.address());
            } catch (HttpError e) {
                out.close(1008, "one of the topics may not be read any more");
                return;
            }
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
