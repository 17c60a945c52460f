package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/** Who listens to a topic, in all processes. */
final class Presence {
    private final Store store;
    private final Seats seats;

    Presence(Store store, Seats seats) {
        this.store = store;
        this.seats = seats;
    }

    private String key(Topic topic) {
        return Messages.beside("presence", store, topic);
    }

    Seats.Seat enter(Topic topic, String user, String client, String kind) {
        Map<String, String> listener = new LinkedHashMap<>();
        listener.put("user", user);
        listener.put("client_id", client);
        listener.put("kind", kind);
        listener.put("since", Instant.ofEpochMilli(store.millis()).toString());
        listener.put("connection", OpenStream.newId());
        return Objects.requireNonNull(
                seats.take(key(topic), Json.mapper().writeValueAsString(listener), Long.MAX_VALUE));
    }

    /** The listeners of a topic; one that has died stays for less than a minute. */
    List<JsonNode> of(Topic topic) {
        return seats.taken(key(topic)).stream()
                .map(listener -> Json.read(listener.getBytes(StandardCharsets.UTF_8)))
                .toList();
    }
}
