package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Events;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Outbox;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One client's server-sent events. The id of each is the position of every topic: {@code topic=id;topic=id}. */
final class EventStream implements Delivery.Frames {
    private final Relay relay;
    private final OpenStream stream;
    private final Map<Topic, Delivery> deliveries = new LinkedHashMap<>();

    EventStream(Relay relay, OpenStream stream) {
        this.relay = relay;
        this.stream = stream;
    }

    /** Begins behind a position of each topic. */
    void start(Map<Topic, EntryId> asked, String client) {
        Outbox out = stream.out();
        asked.forEach((topic, position) -> {
            Messages.Recovery recovery = relay.messages().recovery(topic, position);
            if (!recovery.recovered()) {
                out.offer(gap(topic, recovery));
            }
            Delivery delivery = new Delivery(relay, topic, relay.messages().start(topic, position), out, this);
            deliveries.put(topic, delivery);
            stream.listen(topic, client, delivery::position);
        });
        // The first event has positions and no message, so that a client has some from the first moment.
        out.offer(Events.event(cursor(null, null), "open", "{}"));
        out.onClose(() -> deliveries.values().forEach(Delivery::close));
        deliveries.values().forEach(Delivery::start);
    }

    /** What the client has of each topic when it has got a message; of the others only what it has been sent for sure. */
    private String cursor(@Nullable Topic its, @Nullable Message message) {
        StringBuilder text = new StringBuilder();
        deliveries.forEach((topic, delivery) -> text.append(text.isEmpty() ? "" : ";")
                .append(topic.address())
                .append('=')
                .append(message != null && topic.equals(its) ? message.id() : delivery.position()));
        return text.toString();
    }

    @Override
    public byte[] message(Topic topic, Message message) {
        return message.event(cursor(topic, message), topic.address());
    }

    @Override
    public byte[] gap(Topic topic, Messages.Recovery recovery) {
        return Events.event("", "gap", Json.mapper().writeValueAsString(recovery.page(topic)))
                .getBytes(StandardCharsets.UTF_8);
    }
}
