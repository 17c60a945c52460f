package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Fields;
import dev.holdfast.toolkit.store.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a topic keeps, and how it treats slow consumers. It lies in the topic's own hash; a field that is not there is the relay's.
 *
 * @param mostMessages how many messages it keeps, about
 * @param retention how long, about
 * @param mostBytes how many bytes of messages, about; 0 for any number
 * @param compacted whether a message replaces the one before it with the same key
 * @param keepUnacknowledged whether messages that a group has not acknowledged stay beyond the other limits
 * @param hasGroups whether there are, or were, groups
 */
record TopicSettings(
        long mostMessages,
        Duration retention,
        long mostBytes,
        boolean compacted,
        boolean keepUnacknowledged,
        SlowConsumers slowConsumers,
        boolean hasGroups) {
    private static final long MOST_RETENTION_SECONDS = 10L * 365 * 86_400;
    private static final String MOST_MESSAGES = "max_messages";
    private static final String RETENTION = "retention_seconds";
    private static final String MOST_BYTES = "max_bytes";
    private static final String COMPACTED = "compacted";
    private static final String KEEP_UNACKNOWLEDGED = "keep_unacknowledged";
    private static final String SLOW_CONSUMERS = "slow_consumers";
    static final String HAS_GROUPS = "has_groups";

    /** The fields of a topic's hash that are read here, in order. */
    static final List<String> FIELDS =
            List.of(MOST_MESSAGES, RETENTION, MOST_BYTES, COMPACTED, KEEP_UNACKNOWLEDGED, SLOW_CONSUMERS, HAS_GROUPS);

    /** What becomes of a consumer whose outbox is full. */
    enum SlowConsumers {
        /** It reads the stream at its own pace and misses nothing that the topic still has. */
        CATCH_UP,
        /** It is disconnected, with the position from which it can go on. */
        DISCONNECT,
        /** It goes on with the newest messages and learns that it has missed some. */
        DROP_OLDEST,
        /** It catches up, but of several messages with the same key gets the last. */
        CONFLATE;

        static @Nullable SlowConsumers named(String name) {
            for (SlowConsumers each : values()) {
                if (each.toString().equals(name)) {
                    return each;
                }
            }
            return null;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** What the answers to {@link #FIELDS} say. */
    static TopicSettings of(List<Reply> values, RelaySettings relay) {
        SlowConsumers chosen = SlowConsumers.named(text(values.get(5), ""));
        return new TopicSettings(
                number(values.get(0), relay.mostMessages()),
                Duration.ofSeconds(number(values.get(1), relay.retention().toSeconds())),
                number(values.get(2), 0),
                text(values.get(3), "0").equals("1"),
                text(values.get(4), "1").equals("1"),
                chosen == null ? SlowConsumers.CATCH_UP : chosen,
                text(values.get(6), "0").equals("1"));
    }

    private static long number(Reply value, long otherwise) {
        long chosen = value.isNull() ? 0 : Long.parseLong(value.text());
        return chosen == 0 ? otherwise : chosen;
    }

    private static String text(Reply value, String otherwise) {
        return value.isNull() ? otherwise : value.text();
    }

    /**
     * The fields and values, in turn, by which a request changes these settings; a number of 0 is the relay's own again.
     *
     * @throws dev.holdfast.relay.http.HttpError 422 if one is wrong
     */
    List<String> changes(Fields request) {
        List<String> changes = new ArrayList<>();
        number(changes, request, MOST_MESSAGES, Long.MAX_VALUE);
        number(changes, request, RETENTION, MOST_RETENTION_SECONDS);
        number(changes, request, MOST_BYTES, Long.MAX_VALUE / 2);
        flag(changes, request, COMPACTED);
        flag(changes, request, KEEP_UNACKNOWLEDGED);
        if (request.has(SLOW_CONSUMERS)) {
            SlowConsumers chosen = SlowConsumers.named(request.text(SLOW_CONSUMERS, 1, 20));
            if (chosen == null) {
                throw request.invalid(SLOW_CONSUMERS, "must be of catch-up, disconnect, drop-oldest, conflate");
            }
            changes.addAll(List.of(SLOW_CONSUMERS, chosen.toString()));
        }
        if (request.flag(COMPACTED, compacted) && request.number(MOST_BYTES, mostBytes, 0, Long.MAX_VALUE) > 0) {
            throw request.invalid(MOST_BYTES, "a compacted topic is as large as its keys are many");
        }
        return changes;
    }

    private static void number(List<String> changes, Fields request, String name, long most) {
        if (request.has(name)) {
            changes.addAll(List.of(name, Long.toString(request.number(name, 0, 0, most))));
        }
    }

    private static void flag(List<String> changes, Fields request, String name) {
        if (request.has(name)) {
            changes.addAll(List.of(name, request.flag(name, false) ? "1" : "0"));
        }
    }

    /** The settings as a topic's page shows them. */
    Map<String, Object> page() {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put(MOST_MESSAGES, mostMessages);
        page.put(RETENTION, retention.toSeconds());
        page.put(MOST_BYTES, mostBytes);
        page.put(COMPACTED, compacted);
        page.put(KEEP_UNACKNOWLEDGED, keepUnacknowledged);
        page.put(SLOW_CONSUMERS, slowConsumers.toString());
        return page;
    }
}
