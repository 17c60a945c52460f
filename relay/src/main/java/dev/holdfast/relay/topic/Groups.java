package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Consumer groups: of the consumers of a group each message goes to one, which acknowledges it, or gives it back, or loses it to
 * another when its time is over. One that has been delivered too often moves to a topic of dead messages.
 *
 * <p>A group is a group of the topic's stream, so what is pending is there for every process and every client of the store. When a
 * message falls due again follows from its idle time: giving it back makes that long, asking for more time makes it short. A dead
 * message is claimed, published, and acknowledged. A process that dies in between leaves it claimed until its time is over; then it is
 * published again with the same idempotency key, so once.
 */
final class Groups {
    static final int MOST_GROUPS = 100;

    /** How many messages all consumers of a group may have at once; then only those given back are handed out. */
    static final int MOST_PENDING = 10_000;

    private static final Script TAKE = Script.of(Groups.class, "take");
    private static final Script DUE = Script.of(Groups.class, "due");
    private static final String DEAD = "dead";

    private final Store store;
    private final Topics topics;
    private final Publisher publisher;

    /**
     * How a group treats messages.
     *
     * @param visibility how long a message is one consumer's before another may have it
     * @param mostDeliveries how often it is delivered before it is dead; 0 for no limit
     * @param deadTopic the name of the owner's topic that dead messages go to
     */
    record Settings(Duration visibility, int mostDeliveries, String deadTopic) {
        private String json() {
            return Json.mapper()
                    .writeValueAsString(Map.of(
                            "visibility_millis",
                            visibility.toMillis(),
                            "max_deliveries",
                            mostDeliveries,
                            "dead_topic",
                            deadTopic));
        }

        private static Settings of(String json) {
            JsonNode fields = Json.read(json.getBytes(StandardCharsets.UTF_8));
            return new Settings(
                    Duration.ofMillis(fields.get("visibility_millis").asLong()),
                    fields.get("max_deliveries").asInt(),
                    fields.get("dead_topic").asString());
        }
    }

    /** A message that a consumer has been handed, for the {@code deliveries}th time. */
    record Delivered(Message message, long deliveries) {
        /** As {@link Message#json}. */
        String json(String first, String address) {
            return message.json(first + "\"deliveries\":" + deliveries + ",", address);
        }
    }

    Groups(Store store, Topics topics, Publisher publisher) {
        this.store = store;
        this.topics = topics;
        this.publisher = publisher;
    }

    private String stream(Topic topic) {
        return Messages.streamKey(store, topic);
    }

    private String settingsKey(Topic topic) {
        return Messages.beside("groups", store, topic);
    }

    // ---- which there are ----

    /**
     * Makes a group, which begins behind a position.
     *
     * @throws HttpError 409 if there is one of this name, or if there are too many
     */
    void create(Topic topic, String name, EntryId start, Settings settings) {
        if (store.call("HLEN", settingsKey(topic)).number() >= MOST_GROUPS) {
            throw new HttpError(409, "a topic has at most " + MOST_GROUPS + " groups");
        }
        if (!store.call("HSETNX", settingsKey(topic), name, settings.json()).flag()) {
            throw new HttpError(409, "Group '" + name + "' already exists");
        }
        topics.set(topic, List.of(TopicSettings.HAS_GROUPS, "1"));
        begin(topic, name, start);
    }

    /** Makes the group of the stream, which other programs may have made, or removed with the stream. */
    private void begin(Topic topic, String name, EntryId start) {
        try {
            store.call("XGROUP", "CREATE", stream(topic), name, start.toString(), "MKSTREAM");
        } catch (CommandFailedException e) {
            if (!e.code().equals("BUSYGROUP")) {
                throw e;
            }
        }
    }

    /** Removes a group with what it knows. Returns whether it was there. */
    boolean delete(Topic topic, String name) {
        boolean known = store.call("HDEL", settingsKey(topic), name).flag();
        if (known) {
            store.call("XGROUP", "DESTROY", stream(topic), name);
        }
        return known;
    }

    /** @throws HttpError 404 if there is no such group */
    Settings settings(Topic topic, String name) {
        String json = store.call("HGET", settingsKey(topic), name).textOrNull();
        if (json == null) {
            throw new HttpError(404, "Group '" + name + "' not found");
        }
        return Settings.of(json);
    }

    /** Each group with its settings and how far it is. */
    List<Map<String, @Nullable Object>> list(Topic topic) {
        Map<String, Reply> states = new LinkedHashMap<>();
        for (Reply state : groupsOfStream(topic)) {
            states.put(state.field("name").text(), state);
        }
        List<Map<String, @Nullable Object>> pages = new ArrayList<>();
        store.call("HGETALL", settingsKey(topic)).map().forEach((name, json) -> {
            Settings settings = Settings.of(json.text());
            Reply state = states.get(name);
            Map<String, @Nullable Object> page = new LinkedHashMap<>();
            page.put("group", name);
            page.put("visibility_timeout", settings.visibility.toMillis() / 1000.0);
            page.put("max_deliveries", settings.mostDeliveries);
            page.put("dead_topic", settings.deadTopic);
            page.put("consumers", state == null ? 0 : state.field("consumers").number());
            page.put("pending", state == null ? 0 : state.field("pending").number());
            page.put(
                    "lag",
                    state == null || state.field("lag").isNull()
                            ? null
                            : state.field("lag").number());
            page.put(
                    "position",
                    state == null ? "0-0" : state.field("last-delivered-id").text());
            pages.add(page);
        });
        return pages;
    }

    private List<Reply> groupsOfStream(Topic topic) {
        try {
            return store.call("XINFO", "GROUPS", stream(topic)).list();
        } catch (CommandFailedException e) {
            // There is no stream yet.
            return List.of();
        }
    }

    // ---- messages ----

    /** Hands messages to a consumer: at most {@code most}, perhaps none. Puts dead ones away on the way. */
    List<Delivered> take(Topic topic, String group, Settings settings, String consumer, int most) {
        Command take = Command.of(
                TAKE,
                List.of(stream(topic)),
                group,
                consumer,
                settings.visibility.toMillis(),
                settings.mostDeliveries,
                most,
                MOST_PENDING);
        List<Reply> answer;
        try {
            answer = store.call(take).list();
        } catch (CommandFailedException e) {
            if (!e.code().equals("NOGROUP")) {
                throw e;
            }
            // The stream has been removed under the group: all that comes is new.
            begin(topic, group, EntryId.ZERO);
            answer = store.call(take).list();
        }
        for (Delivered dead : delivered(topic, group, answer.get(1))) {
            bury(topic, group, settings, dead);
        }
        return delivered(topic, group, answer.get(0));
    }

    /** Messages of a script's answer; those whose time to live is over are done. */
    private List<Delivered> delivered(Topic topic, String group, Reply entries) {
        List<Delivered> delivered = new ArrayList<>();
        List<String> over = new ArrayList<>();
        for (Reply entry : entries.list()) {
            List<Reply> parts = entry.list();
            EntryId id = EntryId.parse(parts.get(0).text());
            Message message = id == null ? null : Messages.message(id, parts.get(1), store.millis());
            if (message == null) {
                over.add(parts.get(0).text());
            } else {
                delivered.add(new Delivered(message, parts.get(2).number()));
            }
        }
        acknowledge(topic, group, over);
        return delivered;
    }

    private void bury(Topic topic, String group, Settings settings, Delivered dead) {
        Topic grave = topics.of(topic.owner(), settings.deadTopic);
        topics.create(grave, "");
        Message message = dead.message;
        Map<String, Object> metadata = new LinkedHashMap<>();
        Json.read(message.metadata().getBytes(StandardCharsets.UTF_8)).forEachEntry(metadata::put);
        metadata.put("dead_topic", topic.name());
        metadata.put("dead_group", group);
        metadata.put("dead_message_id", message.id().toString());
        metadata.put("dead_deliveries", Long.toString(dead.deliveries));
        publisher.publish(
                new Topics.Target(grave, topics.settings(grave)),
                new Draft(
                        grave.address(),
                        message.payload(),
                        Json.mapper().writeValueAsString(metadata),
                        message.key(),
                        0),
                Digests.of(
                        DEAD, topic.owner(), topic.name(), group, message.id().toString()));
        acknowledge(topic, group, List.of(message.id().toString()));
    }

    /** Ends messages of a group. Returns how many were pending. */
    long acknowledge(Topic topic, String group, List<String> ids) {
        if (ids.isEmpty()) {
            return 0;
        }
        List<Object> words = new ArrayList<>(List.of(stream(topic), group));
        words.addAll(ids);
        return store.call("XACK", words.toArray()).number();
    }

    /**
     * Says when pending messages that a consumer has fall due: with nothing left at once, with the whole visibility time-out as if they
     * had just been delivered.
     *
     * @return how many messages the consumer has of these
     */
    long dueIn(Topic topic, String group, Settings settings, String consumer, List<String> ids, Duration left) {
        if (ids.isEmpty()) {
            return 0;
        }
        List<Object> words = new ArrayList<>(List.of(
                group, consumer, Math.max(0, settings.visibility.minus(left).toMillis())));
        words.addAll(ids);
        return store.call(DUE, List.of(stream(topic)), words.toArray()).number();
    }

    /** Removes consumers that have not been seen for long and hold nothing. */
    void forgetConsumers(Topic topic, Duration after) {
        for (Reply group : groupsOfStream(topic)) {
            String name = group.field("name").text();
            for (Reply consumer :
                    store.call("XINFO", "CONSUMERS", stream(topic), name).list()) {
                if (consumer.field("pending").number() == 0
                        && consumer.field("idle").number() > after.toMillis()) {
                    store.call(
                            "XGROUP",
                            "DELCONSUMER",
                            stream(topic),
                            name,
                            consumer.field("name").text());
                }
            }
        }
    }
}
