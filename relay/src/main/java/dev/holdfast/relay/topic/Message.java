package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Json;

/**
 * A message. Payload and metadata are JSON as it was stored, and are passed on without being read.
 *
 * @param metadata {@code null} as JSON where there is none
 */
record Message(EntryId id, String payload, String timestamp, String metadata) {
    /** The message as an object, which begins with {@code first}: a field with a comma behind it, or nothing. */
    String json(String first, String address) {
        String quoted = Json.mapper().writeValueAsString(address);
        return "{" + first + "\"message_id\":\"" + id + "\",\"topic\":" + quoted + ",\"payload\":" + payload
                + ",\"timestamp\":" + Json.mapper().writeValueAsString(timestamp) + ",\"metadata\":" + metadata
                + ",\"stream_id\":\"" + id + "\"}";
    }
}
