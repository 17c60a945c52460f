package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Events;
import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Outbox;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.relay.http.WebSocketListener;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** Messages as they come: the WebSocket at {@code /ws}, server-sent events at {@code /api/v1/events}. */
public final class StreamPages {
    private static final String SUBPROTOCOL = "bearer";
    private static final int MOST_TOPICS = 50;

    private final Relay relay;

    public StreamPages(Relay relay) {
        this.relay = relay;
    }

    public void add(Routes routes) {
        routes.get("/ws", this::webSocket).get("/api/v1/events", this::events);
    }

    private static Map<String, @Nullable Object> lost(Topic topic, Messages.Recovery recovery) {
        Map<String, @Nullable Object> page = new LinkedHashMap<>();
        page.put("topic", topic.address());
        page.put("recovered", false);
        page.put("oldest", recovery.oldest());
        page.put("reason", recovery.reason());
        return page;
    }

    /** Where a client begins: where it asks to, or, if the topic never was there, at its beginning. */
    private EntryId start(Topic topic, EntryId asked) {
        return asked.compareTo(relay.messages().last(topic)) > 0 ? EntryId.ZERO : asked;
    }

    // ---- server-sent events ----

    private Response events(Request request) {
        Login.Principal principal = relay.login().of(request, User.READ);
        String named = request.query("topics");
        if (named == null || named.isEmpty() || named.split(",").length > MOST_TOPICS) {
            throw new HttpError(422, "topics names 1 to " + MOST_TOPICS + " topics, separated by commas");
        }
        List<Topic> topics = new ArrayList<>();
        for (String address : named.split(",")) {
            topics.add(relay.topics().readable(principal.user(), address));
        }
        Map<Topic, EntryId> asked = positions(request, topics);
        relay.checkStreams(principal.user());
        return Response.events(relay.settings().outboxBytes(), out -> {
            relay.opened(principal, out);
            new EventStream(asked, out).start();
        });
    }

    /** Where each topic begins: by {@code Last-Event-ID}, else by {@code since}, else from now on. */
    private Map<Topic, EntryId> positions(Request request, List<Topic> topics) {
        String before = request.header("last-event-id");
        String since = before == null ? request.query("since") : before;
        Map<String, String> each = new LinkedHashMap<>();
        if (since != null && since.indexOf('=') >= 0) {
            for (String part : since.split(";")) {
                int equals = part.indexOf('=');
                if (equals > 0) {
                    each.put(part.substring(0, equals), part.substring(equals + 1));
                }
            }
        }
        Map<Topic, EntryId> positions = new LinkedHashMap<>();
        for (Topic topic : topics) {
            String own = each.isEmpty() ? since : each.get(topic.address());
            positions.put(topic, relay.messages().position(topic, own == null ? "latest" : own));
        }
        return positions;
    }

    /** One client's events. The id of each is the position of every topic: {@code topic=id;topic=id}. */
    private final class EventStream implements Delivery.Frames {
        private final Map<Topic, EntryId> asked;
        private final Outbox out;
        private final Map<Topic, Delivery> deliveries = new LinkedHashMap<>();

        EventStream(Map<Topic, EntryId> asked, Outbox out) {
            this.asked = asked;
            this.out = out;
        }

        void start() {
            asked.forEach((topic, position) -> {
                Messages.Recovery recovery = relay.messages().recovery(topic, position);
                if (!recovery.recovered()) {
                    out.offer(gap(topic, recovery));
                }
                deliveries.put(
                        topic,
                        new Delivery(
                                relay.messages(),
                                relay.feed(),
                                topic,
                                StreamPages.this.start(topic, position),
                                out,
                                this,
                                relay.workers()));
            });
            // The first event has positions and no message, so that a client has some from the first moment.
            out.offer(Events.event(cursor(null, null), "open", "{}"));
            out.onClose(() -> deliveries.values().forEach(Delivery::close));
            deliveries.values().forEach(Delivery::start);
        }

        /** What the client has of each topic when it has got a message; of the others only what it has been sent for sure. */
        private String cursor(@Nullable Topic its, @Nullable Message message) {
            StringBuilder text = new StringBuilder();
            deliveries.forEach((topic, delivery) -> text.append(text.isEmpty() ? "" : ";")
                    .append(topic.address())
                    .append('=')
                    .append(message != null && topic.equals(its) ? message.id() : delivery.position()));
            return text.toString();
        }

        @Override
        public String message(Topic topic, Message message) {
            return Events.event(cursor(topic, message), "", message.json("", topic.address()));
        }

        @Override
        public String gap(Topic topic, Messages.Recovery recovery) {
            return Events.event("", "gap", Json.mapper().writeValueAsString(lost(topic, recovery)));
        }
    }

    // ---- WebSocket ----

    private Response webSocket(Request request) {
        Login.Principal principal = Login.require(relay.login().of(token(request)), User.READ);
        relay.checkStreams(principal.user());
        return Response.webSocket(relay.settings().outboxBytes(), out -> {
                    relay.opened(principal, out);
                    return new Socket(principal, out);
                })
                .subprotocol(SUBPROTOCOL);
    }

    /** The token is in {@code Authorization} or, since browsers cannot set that, among the subprotocols, as {@code bearer.token}. */
    private static String token(Request request) {
        String authorization = request.header("authorization");
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return authorization.substring(7).strip();
        }
        String offered = request.header("sec-websocket-protocol");
        if (offered != null) {
            for (String protocol : offered.split(",")) {
                if (protocol.strip().startsWith(SUBPROTOCOL + ".")) {
                    return protocol.strip().substring(SUBPROTOCOL.length() + 1);
                }
            }
        }
        throw new HttpError(Response.error(401, "offer the subprotocols 'bearer' and 'bearer.<token>'")
                .header("www-authenticate", "Bearer"));
    }

    /** One WebSocket. Its messages come one after the other. */
    private final class Socket implements WebSocketListener, Delivery.Frames {
        private final Login.Principal principal;
        private final Outbox out;
        private final Map<String, Delivery> deliveries = new ConcurrentHashMap<>();
        private String client = "";

        Socket(Login.Principal principal, Outbox out) {
            this.principal = principal;
            this.out = out;
            out.onClose(() -> deliveries.values().forEach(Delivery::close));
        }

        @Override
        public void message(String text) {
            try {
                Fields fields = Fields.of(Json.read(text.getBytes(StandardCharsets.UTF_8)));
                switch (fields.text("type", 1, 30)) {
                    case "subscribe" -> subscribe(fields);
                    case "unsubscribe" -> unsubscribe(fields);
                    case "ack" -> acknowledge(fields);
                    case "ping" -> say(Map.of("type", "pong", "timestamp", now()));
                    default -> error("UNKNOWN_MESSAGE_TYPE", "types are subscribe, unsubscribe, ack and ping");
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

        private void subscribe(Fields fields) {
            client = fields.text("client_id", 1, 255);
            List<String> addresses = fields.texts("topics", 1, MOST_TOPICS);
            String offset = fields.text("offset", "last", 100);
            Map<String, String> since = fields.textMap("since");
            List<Topic> topics = new ArrayList<>();
            for (String address : addresses) {
                topics.add(relay.topics().readable(principal.user(), address));
            }
            if (deliveries.size() + topics.size() > MOST_TOPICS) {
                throw new HttpError(422, "at most " + MOST_TOPICS + " topics for one socket");
            }
            Map<String, String> cursors = new LinkedHashMap<>();
            List<Map<String, @Nullable Object>> lost = new ArrayList<>();
            List<Delivery> begun = new ArrayList<>();
            for (Topic topic : topics) {
                EntryId asked = position(topic, since.getOrDefault(topic.address(), offset));
                Messages.Recovery recovery = relay.messages().recovery(topic, asked);
                if (!recovery.recovered()) {
                    lost.add(lost(topic, recovery));
                }
                EntryId begin = start(topic, asked);
                cursors.put(topic.address(), begin.toString());
                Delivery delivery =
                        new Delivery(relay.messages(), relay.feed(), topic, begin, out, this, relay.workers());
                Delivery before = deliveries.put(topic.address(), delivery);
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
            if (!out.isOpen()) {
                deliveries.values().forEach(Delivery::close);
            }
        }

        private EntryId position(Topic topic, String offset) {
            return offset.equals("acked")
                    ? relay.messages().acknowledged(topic, consumer())
                    : relay.messages().position(topic, offset);
        }

        private String consumer() {
            return principal.user().id() + "/" + client;
        }

        private void unsubscribe(Fields fields) {
            List<String> addresses = fields.texts("topics", 1, MOST_TOPICS);
            Map<String, String> cursors = new LinkedHashMap<>();
            for (String address : addresses) {
                Delivery delivery = deliveries.remove(address);
                if (delivery != null) {
                    delivery.close();
                    cursors.put(address, delivery.position().toString());
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
            for (Map.Entry<String, Delivery> each : deliveries.entrySet()) {
                if (!fields.has("topic") && deliveries.size() == 1
                        || fields.has("topic") && each.getKey().equals(fields.text("topic", 1, 310))) {
                    relay.messages().acknowledge(each.getValue().topic(), consumer(), id);
                }
            }
        }

        @Override
        public String message(Topic topic, Message message) {
            return message.json("\"type\":\"message\",", topic.address());
        }

        @Override
        public String gap(Topic topic, Messages.Recovery recovery) {
            Map<String, @Nullable Object> page = lost(topic, recovery);
            page.put("type", "gap");
            return Json.mapper().writeValueAsString(page);
        }
    }
}
