package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/**
 * The messages of topics, each topic a stream.
 *
 * <pre>
 * stream:topic:{owner}/{name}   stream: payload (JSON), timestamp (ISO 8601), metadata (JSON, if any), expires_at (milliseconds, if any)
 * idem:{{stream}}:{digest}      what a publication with an idempotency key was answered, in the slot of its stream
 * acks:{{stream}}               hash: which message a client has acknowledged last
 * </pre>
 *
 * The id of a message is that of its entry, and so a position in the topic.
 */
final class Messages {
    private static final Duration REMEMBERED = Duration.ofMinutes(10);

    /** Adds one message: its id and time; those of before, if its key is known; or MISMATCH, if it was for another message then. */
    private static final Script PUBLISH = Script.of("relay-publish", """
            local seen = KEYS[2] and redis.call('GET', KEYS[2])
            if seen then
                local digest, id, timestamp = string.match(seen, '^(%S+) (%S+) (%S+)$')
                if digest ~= ARGV[8] then return {'MISMATCH', ''} end
                return {id, timestamp}
            end
            local entry = {'payload', ARGV[1], 'timestamp', ARGV[2]}
            if ARGV[3] ~= '' then entry[#entry + 1] = 'metadata'; entry[#entry + 1] = ARGV[3] end
            if ARGV[4] ~= '' then entry[#entry + 1] = 'expires_at'; entry[#entry + 1] = ARGV[4] end
            local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], '*', unpack(entry))
            redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[6])
            if KEYS[2] then
                redis.call('SET', KEYS[2], ARGV[8] .. ' ' .. id .. ' ' .. ARGV[2], 'EX', ARGV[7])
            end
            return {id, ARGV[2]}
            """);

    /** Moves an acknowledgement forward, never back. */
    private static final Script ACKNOWLEDGE = Script.of("relay-acknowledge", """
            local function parts(id)
                local a, b = string.match(id, '^(%d+)-(%d+)$')
                return tonumber(a), tonumber(b)
            end
            local before = redis.call('HGET', KEYS[1], ARGV[1])
            if before then
                local a, b = parts(before)
                local c, d = parts(ARGV[2])
                if c < a or (c == a and d <= b) then return 0 end
            end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
            return 1
            """);

    private final Store store;
    private final long mostMessages;
    private final Duration retention;

    /** A message that has been added. */
    record Published(String id, String timestamp) {}

    /** What a client that comes back with a position may have missed: nothing, or what lay before the oldest message. */
    record Recovery(
            boolean recovered, String reason, @Nullable String oldest) {
        static final Recovery WHOLE = new Recovery(true, "", null);
    }

    Messages(Store store, long mostMessages, Duration retention) {
        this.store = store;
        this.mostMessages = mostMessages;
        this.retention = retention;
    }

    String streamKey(Topic topic) {
        return store.namespace() + "stream:topic:" + topic.owner() + "/" + topic.name();
    }

    private String acksKey(Topic topic) {
        return "acks:{" + streamKey(topic) + "}";
    }

    // ---- publishing ----

    /**
     * Adds a message.
     *
     * @param metadata JSON, or empty
     * @param ttlSeconds 0 for as long as the topic keeps messages
     * @param idempotency a digest of caller and key, or null: a second publication with it adds nothing and is answered the same
     * @throws HttpError 422 if the key came with another message before
     */
    Published publish(Topic topic, String payload, String metadata, long ttlSeconds, @Nullable String idempotency) {
        long now = store.millis();
        String key = streamKey(topic);
        List<String> keys = idempotency == null ? List.of(key) : List.of(key, "idem:{" + key + "}:" + idempotency);
        List<Reply> answer = store.call(
                        PUBLISH,
                        keys,
                        payload,
                        Instant.ofEpochMilli(now).toString(),
                        metadata,
                        ttlSeconds == 0 ? "" : Long.toString(now + ttlSeconds * 1000),
                        mostMessages,
                        Long.toString(now - retention.toMillis()),
                        REMEMBERED.toSeconds(),
                        Digests.of(payload, metadata, Long.toString(ttlSeconds)))
                .list();
        if (answer.get(0).text().equals("MISMATCH")) {
            throw new HttpError(422, "this Idempotency-Key has been used for another message");
        }
        return new Published(answer.get(0).text(), answer.get(1).text());
    }

    // ---- reading ----

    /** Messages behind a position, oldest first; those whose time is over are left out. */
    Page after(Topic topic, EntryId position, int limit) {
        return page(
                store.call("XRANGE", streamKey(topic), "(" + position, "+", "COUNT", limit)
                        .list(),
                position);
    }

    /** Messages before a position, or the last ones, newest first. */
    Page before(Topic topic, @Nullable EntryId position, int limit) {
        String end = position == null ? "+" : "(" + position;
        return page(
                store.call("XREVRANGE", streamKey(topic), end, "-", "COUNT", limit)
                        .list(),
                EntryId.ZERO);
    }

    /**
     * Some messages, and how far they reach.
     *
     * @param position that of the last entry that was read, be it one whose time is over
     * @param read how many entries were read
     */
    record Page(List<Message> messages, EntryId position, int read) {}

    Page page(List<Reply> entries, EntryId otherwise) {
        List<Message> messages = new ArrayList<>(entries.size());
        EntryId last = otherwise;
        long now = store.millis();
        for (Reply entry : entries) {
            List<Reply> parts = entry.list();
            EntryId id = EntryId.parse(parts.get(0).text());
            if (id == null) {
                continue;
            }
            last = id;
            Map<String, Reply> fields = parts.get(1).map();
            Reply expires = fields.get("expires_at");
            if (expires == null || Long.parseLong(expires.text()) > now) {
                messages.add(new Message(
                        id,
                        json(fields.get("payload"), "{}"),
                        text(
                                fields.get("timestamp"),
                                Instant.ofEpochMilli(id.millis()).toString()),
                        json(fields.get("metadata"), "{}")));
            }
        }
        return new Page(messages, last, entries.size());
    }

    private static String text(@Nullable Reply value, String otherwise) {
        return value == null ? otherwise : value.text();
    }

    /** What another program has written need not be JSON; it is passed on as text then. */
    private static String json(@Nullable Reply value, String otherwise) {
        if (value == null) {
            return otherwise;
        }
        String text = value.text();
        try (JsonParser parser = Json.mapper().createParser(text)) {
            parser.nextToken();
            parser.skipChildren();
            if (parser.currentToken() != null && parser.nextToken() == null) {
                return text;
            }
        } catch (JacksonException e) {
            // Written as text below.
        }
        return Json.mapper().writeValueAsString(text);
    }

    // ---- positions ----

    /** The id that was given last, also where the message has gone since. */
    EntryId last(Topic topic) {
        String id = info(topic, "last-generated-id");
        EntryId parsed = id == null ? null : EntryId.parse(id);
        return parsed == null ? EntryId.ZERO : parsed;
    }

    private @Nullable String info(Topic topic, String field) {
        try {
            Reply value = store.call("XINFO", "STREAM", streamKey(topic)).field(field);
            return value.isNull() ? null : value.text();
        } catch (CommandFailedException e) {
            // There is no such stream: nothing has been published yet.
            return null;
        }
    }

    private @Nullable EntryId oldest(Topic topic) {
        List<Reply> first =
                store.call("XRANGE", streamKey(topic), "-", "+", "COUNT", 1).list();
        return first.isEmpty()
                ? null
                : EntryId.parse(first.getFirst().list().getFirst().text());
    }

    /**
     * The position that a client asks for: an id, {@code earliest}, {@code latest} (or {@code last}), or a time in ISO 8601.
     *
     * @throws HttpError 422 if it is nothing of that kind
     */
    EntryId position(Topic topic, String since) {
        return switch (since) {
            case "earliest", "0" -> EntryId.ZERO;
            case "latest", "last", "$" -> last(topic);
            default -> {
                EntryId id = EntryId.parse(since);
                if (id == null) {
                    id = atTime(since);
                }
                yield id;
            }
        };
    }

    private static EntryId atTime(String since) {
        try {
            long millis = Instant.parse(since).toEpochMilli();
            return millis <= 0 ? EntryId.ZERO : new EntryId(millis - 1, Long.MAX_VALUE);
        } catch (java.time.format.DateTimeParseException e) {
            throw new HttpError(422, "a position is a message id, 'earliest', 'latest' or a time in ISO 8601");
        }
    }

    /** Whether everything that came behind a position is still there. */
    Recovery recovery(Topic topic, EntryId position) {
        if (position.equals(EntryId.ZERO)) {
            return Recovery.WHOLE;
        }
        EntryId oldest = oldest(topic);
        if (position.compareTo(last(topic)) > 0) {
            return new Recovery(false, "the topic has not reached this position", show(oldest));
        }
        if (oldest != null && position.compareTo(oldest) >= 0) {
            return Recovery.WHOLE;
        }
        String added = info(topic, "entries-added");
        String length = info(topic, "length");
        boolean nothingGone = added != null && added.equals(length);
        if (nothingGone || oldest == null && position.equals(last(topic))) {
            return Recovery.WHOLE;
        }
        return new Recovery(false, "messages behind this position have been removed", show(oldest));
    }

    private static @Nullable String show(@Nullable EntryId id) {
        return id == null ? null : id.toString();
    }

    // ---- the topic as a whole ----

    long length(Topic topic) {
        return store.call("XLEN", streamKey(topic)).number();
    }

    /** Keeps so many of the newest messages. Returns how many were removed. */
    long trim(Topic topic, long keep) {
        return store.call("XTRIM", streamKey(topic), "MAXLEN", keep).number();
    }

    void delete(Topic topic) {
        store.unlink(List.of(
                streamKey(topic).getBytes(StandardCharsets.UTF_8),
                acksKey(topic).getBytes(StandardCharsets.UTF_8)));
    }

    void acknowledge(Topic topic, String client, EntryId id) {
        store.call(ACKNOWLEDGE, List.of(acksKey(topic)), client, id.toString());
    }

    /** What a client has acknowledged last; the beginning if nothing. */
    EntryId acknowledged(Topic topic, String client) {
        String id = store.call("HGET", acksKey(topic), client).textOrNull();
        EntryId parsed = id == null ? null : EntryId.parse(id);
        return parsed == null ? EntryId.ZERO : parsed;
    }

    Store store() {
        return store;
    }
}
