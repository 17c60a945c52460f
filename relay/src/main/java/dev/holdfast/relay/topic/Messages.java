package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/**
 * The messages of topics, each topic a stream.
 *
 * <pre>
 * stream:topic:{owner}/{name}   stream: payload (JSON), timestamp (ISO 8601), and if there are such metadata (JSON), key, expires_at
 *                               (milliseconds), bytes_before (how many bytes had been added before it); message_id in the
 *                               {@linkplain Layout#FLAT flat layout}, for older readers
 * idem:{{stream}}:{digest}      what a publication with an idempotency key was answered, in the slot of its stream
 * acks:{{stream}}               hash: which message a client has acknowledged last
 * keys:{{stream}}               hash: the last message of each key, of a compacted topic
 * bytes:{{stream}}              how many bytes were ever added, where that is limited
 * groups:{{stream}}             hash: the settings of its consumer groups; see {@link Groups}
 * presence:{{stream}}           sorted set of who listens; see {@link Seats}
 * </pre>
 *
 * The id of a message is that of its entry, and so a position in the topic.
 */
final class Messages {
    private static final Script ACKNOWLEDGE = Script.of(Messages.class, "acknowledge");

    private final Store store;

    /** What a client that comes back with a position may have missed: nothing, or what lay before the oldest message. */
    record Recovery(
            boolean recovered, String reason, @Nullable String oldest) {
        static final Recovery WHOLE = new Recovery(true, "", null);

        /** As a consumer of several topics gets it. */
        Map<String, @Nullable Object> page(Topic topic) {
            Map<String, @Nullable Object> page = new LinkedHashMap<>();
            page.put("topic", topic.address());
            page.put("recovered", recovered);
            page.put("oldest", oldest);
            page.put("reason", reason);
            return page;
        }
    }

    Messages(Store store) {
        this.store = store;
    }

    static String streamKey(Store store, Topic topic) {
        return store.namespace() + topic.stream();
    }

    /** A key in the slot of a topic's stream. */
    static String beside(String name, Store store, Topic topic) {
        return name + ":{" + streamKey(store, topic) + "}";
    }

    String streamKey(Topic topic) {
        return streamKey(store, topic);
    }

    private String acksKey(Topic topic) {
        return beside("acks", store, topic);
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
            Message message = message(id, parts.get(1), now);
            if (message != null) {
                messages.add(message);
            }
        }
        return new Page(messages, last, entries.size());
    }

    /** A message, or null if its time is over. */
    static @Nullable Message message(EntryId id, Reply entry, long now) {
        Map<String, Reply> fields = entry.map();
        Reply expires = fields.get("expires_at");
        EntryId end = expires == null ? null : EntryId.parse(expires.text());
        if (end != null && end.millis() <= now) {
            return null;
        }
        return new Message(
                id,
                json(fields.get("payload"), "{}"),
                text(fields.get("timestamp"), Instant.ofEpochMilli(id.millis()).toString()),
                json(fields.get("metadata"), "{}"),
                text(fields.get("key"), ""));
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

    /** Where a client begins: where it asks to, or, where the topic has never been, at its beginning. */
    EntryId start(Topic topic, EntryId asked) {
        return asked.compareTo(last(topic)) > 0 ? EntryId.ZERO : asked;
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

    /** How many messages there are and ever were, which ones, and the memory that they take. */
    Map<String, @Nullable Object> statistics(Topic topic) {
        Map<String, @Nullable Object> page = new LinkedHashMap<>();
        String added = info(topic, "entries-added");
        EntryId last = last(topic);
        page.put("messages", length(topic));
        page.put("messages_published", added == null ? 0 : Long.parseLong(added));
        page.put("oldest", show(oldest(topic)));
        page.put("last", last.equals(EntryId.ZERO) ? null : last.toString());
        Reply bytes = store.call("MEMORY", "USAGE", streamKey(topic));
        page.put("memory_bytes", bytes.isNull() ? 0 : bytes.number());
        return page;
    }

    /** Keeps so many of the newest messages. Returns how many were removed. */
    long trim(Topic topic, long keep) {
        return store.call("XTRIM", streamKey(topic), "MAXLEN", keep).number();
    }

    void delete(Topic topic) {
        List<byte[]> keys = new ArrayList<>();
        keys.add(streamKey(topic).getBytes(StandardCharsets.UTF_8));
        for (String name : List.of("acks", "keys", "bytes", "groups", "presence")) {
            keys.add(beside(name, store, topic).getBytes(StandardCharsets.UTF_8));
        }
        store.unlink(keys);
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
