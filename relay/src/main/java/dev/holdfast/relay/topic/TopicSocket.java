package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Outbox;
import dev.holdfast.relay.http.WebSocketListener;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** One WebSocket. Its client's messages come one after the other. */
final class TopicSocket implements WebSocketListener, Delivery.Frames {
    static final int MOST_TOPICS = 50;
    private static final int MOST_GROUPS = 10;
    private static final int MOST_PREFETCHED = 1000;
    private static final int MOST_IDS = 100;

    private final Relay relay;
    private final OpenStream stream;
    private final User user;
    private final Outbox out;
    private final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
    private final Map<String, GroupConsumer> consumers = new ConcurrentHashMap<>();
    private String client = "";

    private record Subscription(Delivery delivery, OpenStream.Listening listening) {
        void close() {
            delivery.close();
            listening.close();
        }
    }

    TopicSocket(Relay relay, OpenStream stream) {
        this.relay = relay;
        this.stream = stream;
        this.user = stream.principal().user();
        this.out = stream.out();
        out.onClose(this::end);
    }

    private void end() {
        subscriptions.values().forEach(subscription -> subscription.delivery.close());
        consumers.values().forEach(GroupConsumer::close);
    }

    @Override
    public void message(String text) {
        try {
            Fields fields = Fields.of(Json.read(text.getBytes(StandardCharsets.UTF_8)));
            switch (fields.text("type", 1, 30)) {
                case "subscribe" -> subscribe(fields);
                case "unsubscribe" -> unsubscribe(fields);
                case "consume" -> consume(fields);
                case "ack" -> {
                    if (fields.has("group")) {
                        answer(fields, "acked", consumer(fields).acknowledge(ids(fields)));
                    } else {
                        acknowledge(fields);
                    }
                }
                case "nack" -> answer(fields, "nacked", consumer(fields).giveBack(ids(fields), delay(fields)));
                case "extend" -> answer(fields, "extended", consumer(fields).keep(ids(fields)));
                case "ping" -> say(Map.of("type", "pong", "timestamp", now(), "outbox_bytes", out.waitingBytes()));
                default ->
                    error(
                            "UNKNOWN_MESSAGE_TYPE",
                            "types are subscribe, unsubscribe, consume, ack, nack, extend and ping");
            }
        } catch (HttpError e) {
            error("SUBSCRIPTION_ERROR", new String(e.response().body(), StandardCharsets.UTF_8));
        } catch (JacksonException e) {
            error("PROCESSING_ERROR", "the message is not JSON");
        }
    }

    private String now() {
        return Instant.ofEpochMilli(relay.messages().store().millis()).toString();
    }

    private void say(Map<String, ?> message) {
        if (out.offer(Json.write(message)) == Outbox.Outcome.FULL) {
            out.close(1013, "the client does not read its answers");
        }
    }

    private void error(String code, String text) {
        say(Map.of("type", "error", "code", code, "message", text));
    }

    // ---- topics ----

    private void subscribe(Fields fields) {
        client = fields.text("client_id", 1, 255);
        List<String> addresses = fields.texts("topics", 1, MOST_TOPICS);
        String offset = fields.text("offset", "last", 100);
        Map<String, String> since = fields.textMap("since");
        List<Topic> topics = new ArrayList<>();
        for (String address : addresses) {
            topics.add(relay.topics().readable(user, address));
        }
        if (subscriptions.size() + topics.size() > MOST_TOPICS) {
            throw new HttpError(422, "at most " + MOST_TOPICS + " topics for one socket");
        }
        Map<String, String> cursors = new LinkedHashMap<>();
        List<Map<String, @Nullable Object>> lost = new ArrayList<>();
        List<Delivery> begun = new ArrayList<>();
        for (Topic topic : topics) {
            EntryId asked = position(topic, since.getOrDefault(topic.address(), offset));
            Messages.Recovery recovery = relay.messages().recovery(topic, asked);
            if (!recovery.recovered()) {
                lost.add(recovery.page(topic));
            }
            EntryId begin = relay.messages().start(topic, asked);
            cursors.put(topic.address(), begin.toString());
            Delivery delivery = new Delivery(relay, topic, begin, out, this);
            Subscription before = subscriptions.put(
                    topic.address(), new Subscription(delivery, stream.listen(topic, client, delivery::position)));
            if (before != null) {
                before.close();
            }
            begun.add(delivery);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("type", "subscribed");
        answer.put("topics", addresses);
        answer.put("session_id", "sess_" + UUID.randomUUID().toString().substring(24));
        answer.put("timestamp", now());
        answer.put("cursors", cursors);
        answer.put("recovered", lost.isEmpty());
        if (!lost.isEmpty()) {
            answer.put("lost", lost);
        }
        say(answer);
        begun.forEach(Delivery::start);
        endIfClosed();
    }

    /** What has begun after the client went is ended here. */
    private void endIfClosed() {
        if (!out.isOpen()) {
            end();
            stream.close();
        }
    }

    private EntryId position(Topic topic, String offset) {
        return offset.equals("acked")
                ? relay.messages().acknowledged(topic, reader())
                : relay.messages().position(topic, offset);
    }

    private String reader() {
        return user.id() + "/" + client;
    }

    private void unsubscribe(Fields fields) {
        List<String> addresses = fields.texts("topics", 1, MOST_TOPICS);
        Map<String, String> cursors = new LinkedHashMap<>();
        for (String address : addresses) {
            Subscription subscription = subscriptions.remove(address);
            if (subscription != null) {
                subscription.close();
                cursors.put(address, subscription.delivery.position().toString());
            }
        }
        say(Map.of("type", "unsubscribed", "topics", addresses, "cursors", cursors));
    }

    /** Remembers how far a client is, for {@code offset: acked}. Without a topic, it is that of all that it subscribes to. */
    private void acknowledge(Fields fields) {
        EntryId id = EntryId.parse(fields.text("message_id", 1, 50));
        if (id == null) {
            throw fields.invalid("message_id", "is no message's id");
        }
        subscriptions.forEach((address, subscription) -> {
            if (!fields.has("topic") && subscriptions.size() == 1
                    || fields.has("topic") && address.equals(fields.text("topic", 1, 310))) {
                relay.messages().acknowledge(subscription.delivery.topic(), reader(), id);
            }
        });
    }

    @Override
    public byte[] message(Topic topic, Message message) {
        return message.frame(topic.address());
    }

    @Override
    public byte[] gap(Topic topic, Messages.Recovery recovery) {
        Map<String, @Nullable Object> page = recovery.page(topic);
        page.put("type", "gap");
        return Json.write(page);
    }

    // ---- groups ----

    private static String place(Fields fields) {
        return fields.text("topic", 1, 310) + " " + fields.text("group", 1, 255);
    }

    /** Becomes a consumer of a group. */
    private void consume(Fields fields) {
        Topic topic = relay.topics().readable(user, fields.text("topic", 1, 310));
        String group = fields.text("group", 1, 255);
        String name = fields.text("consumer", "ws-" + OpenStream.newId(), 255);
        int most = (int) fields.number("prefetch", 10, 1, MOST_PREFETCHED);
        if (consumers.containsKey(place(fields)) || consumers.size() >= MOST_GROUPS) {
            throw new HttpError(
                    422, "a socket is a consumer of a group once, and of at most " + MOST_GROUPS + " groups");
        }
        GroupConsumer consumer = new GroupConsumer(relay, topic, group, name, most, out);
        consumers.put(place(fields), consumer);
        stream.listen(topic, name, () -> EntryId.ZERO);
        say(Map.of("type", "consuming", "topic", topic.address(), "group", group, "consumer", name));
        relay.workers().execute(consumer);
        endIfClosed();
    }

    private GroupConsumer consumer(Fields fields) {
        GroupConsumer consumer = consumers.get(place(fields));
        if (consumer == null) {
            throw new HttpError(422, "this socket is no consumer of this group; send 'consume'");
        }
        return consumer;
    }

    private static List<String> ids(Fields fields) {
        List<String> ids = fields.has("message_ids")
                ? fields.texts("message_ids", 1, MOST_IDS)
                : List.of(fields.text("message_id", 1, 50));
        return GroupPages.checked(fields, ids);
    }

    private static Duration delay(Fields fields) {
        return Duration.ofSeconds(fields.number("delay", 0, 0, GroupPages.MOST_VISIBILITY_SECONDS));
    }

    private void answer(Fields fields, String type, long count) {
        say(Map.of(
                "type",
                type,
                "topic",
                fields.text("topic", 1, 310),
                "group",
                fields.text("group", 1, 255),
                "count",
                count));
    }
}
