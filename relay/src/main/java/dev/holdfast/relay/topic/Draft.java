package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.Json;
import java.util.Map;

/**
 * A message that is to be published, well formed.
 *
 * @param address the topic, as its publisher calls it
 * @param payload JSON
 * @param metadata JSON; empty for none
 * @param key what it is about, for topics that keep or send only the last message of each; empty for none
 * @param ttlSeconds after how many seconds it is no longer handed out; 0 for as long as the topic keeps it
 */
record Draft(String address, String payload, String metadata, String key, long ttlSeconds) {
    private static final long MOST_TTL_SECONDS = 10L * 365 * 86_400;
    private static final int MOST_KEY = 255;

    static Draft of(Fields fields) {
        Map<String, String> metadata = fields.textMap("metadata");
        return new Draft(
                fields.text("topic", 1, 310),
                Json.mapper().writeValueAsString(fields.object("payload")),
                metadata.isEmpty() ? "" : Json.mapper().writeValueAsString(metadata),
                fields.text("key", "", MOST_KEY),
                fields.number("ttl", 0, 1, MOST_TTL_SECONDS));
    }

    String digest() {
        return Digests.of(payload, metadata, key, Long.toString(ttlSeconds));
    }
}
