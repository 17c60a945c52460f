package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Json;

/**
 * A message. Payload and metadata are JSON as it was stored, and are passed on without being read.
 *
 * @param metadata {@code {}} where there is none
 * @param key what it is about; empty if that was not said
 */
record Message(EntryId id, String payload, String timestamp, String metadata, String key) {
    /** The message as an object, which begins with {@code first}: a field with a comma behind it, or nothing. */
    String json(String first, String address) {
        String quoted = Json.mapper().writeValueAsString(address);
        return "{" + first + "\"message_id\":\"" + id + "\",\"topic\":" + quoted + ",\"payload\":" + payload
                + ",\"timestamp\":" + Json.mapper().writeValueAsString(timestamp) + ",\"metadata\":" + metadata
                + (key.isEmpty() ? "" : ",\"key\":" + Json.mapper().writeValueAsString(key)) + ",\"stream_id\":\"" + id
                + "\"}";
    }
}
