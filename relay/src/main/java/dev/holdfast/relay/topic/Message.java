package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Events;
import dev.holdfast.relay.http.Json;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A message. Payload and metadata are JSON as it was stored, and are passed on without being read. All listeners of a topic are given the
 * same object, which keeps what it was written as for the last of them: mostly the next one wants the same bytes.
 */
final class Message {
    private final EntryId id;
    private final String payload;
    private final String timestamp;
    private final String metadata;
    private final String key;
    private volatile @Nullable Written frame;
    private volatile @Nullable Written event;

    /** The message in UTF-8, as those get it who call its topic {@code address} and, with events, are at {@code cursor}. */
    private static final class Written {
        private final String address;
        private final String cursor;
        private final byte[] bytes;

        Written(String address, String cursor, byte[] bytes) {
            this.address = address;
            this.cursor = cursor;
            this.bytes = bytes;
        }

        boolean is(String itsAddress, String itsCursor) {
            return address.equals(itsAddress) && cursor.equals(itsCursor);
        }
    }

    /**
     * @param metadata {@code {}} where there is none
     * @param key what it is about; empty if that was not said
     */
    Message(EntryId id, String payload, String timestamp, String metadata, String key) {
        this.id = id;
        this.payload = payload;
        this.timestamp = timestamp;
        this.metadata = metadata;
        this.key = key;
    }

    EntryId id() {
        return id;
    }

    String payload() {
        return payload;
    }

    String metadata() {
        return metadata;
    }

    String key() {
        return key;
    }

    /** The message as an object, which begins with {@code first}: a field with a comma behind it, or nothing. */
    String json(String first, String address) {
        String quoted = Json.mapper().writeValueAsString(address);
        return "{" + first + "\"message_id\":\"" + id + "\",\"topic\":" + quoted + ",\"payload\":" + payload
                + ",\"timestamp\":" + Json.mapper().writeValueAsString(timestamp) + ",\"metadata\":" + metadata
                + (key.isEmpty() ? "" : ",\"key\":" + Json.mapper().writeValueAsString(key)) + ",\"stream_id\":\"" + id
                + "\"}";
    }

    /** The message as a WebSocket's client gets it. */
    byte[] frame(String address) {
        Written written = frame;
        if (written == null || !written.is(address, "")) {
            written = new Written(
                    address, "", json("\"type\":\"message\",", address).getBytes(StandardCharsets.UTF_8));
            frame = written;
        }
        return written.bytes;
    }

    /** The message as an event whose id is {@code cursor}. */
    byte[] event(String cursor, String address) {
        Written written = event;
        if (written == null || !written.is(address, cursor)) {
            written = new Written(
                    address, cursor, Events.event(cursor, "", json("", address)).getBytes(StandardCharsets.UTF_8));
            event = written;
        }
        return written.bytes;
    }
}
