package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Messages as they come: the WebSocket at {@code /ws}, server-sent events at {@code /api/v1/events}. */
public final class StreamPages {
    private static final String SUBPROTOCOL = "bearer";

    private final Relay relay;

    public StreamPages(Relay relay) {
        this.relay = relay;
    }

    public void add(Routes routes) {
        routes.get("/ws", this::webSocket).get("/api/v1/events", this::events);
    }

    // ---- server-sent events ----

    private Response events(Request request) {
        Login.Principal principal = relay.login().of(request, User.READ);
        String named = request.query("topics");
        if (named == null || named.isEmpty() || named.split(",").length > TopicSocket.MOST_TOPICS) {
            throw new HttpError(422, "topics names 1 to " + TopicSocket.MOST_TOPICS + " topics, separated by commas");
        }
        List<Topic> topics = new ArrayList<>();
        for (String address : named.split(",")) {
            topics.add(relay.topics().readable(principal.user(), address));
        }
        Map<Topic, EntryId> asked = positions(request, topics);
        String client = request.query("client_id") == null ? "" : String.valueOf(request.query("client_id"));
        Seats.Seat seat = relay.takeStream(principal.user());
        return Response.events(
                relay.settings().outboxBytes(),
                out -> new EventStream(relay, relay.opened(principal, seat, out, "events")).start(asked, client));
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

    // ---- WebSocket ----

    private Response webSocket(Request request) {
        Login.Principal principal = Login.require(principal(request), User.READ);
        Seats.Seat seat = relay.takeStream(principal.user());
        return Response.webSocket(
                        relay.settings().outboxBytes(),
                        out -> new TopicSocket(relay, relay.opened(principal, seat, out, "websocket")))
                .subprotocol(SUBPROTOCOL);
    }

    /** Browsers cannot set headers of a WebSocket: from them the token is among the subprotocols, as {@code bearer.token}. */
    private Login.Principal principal(Request request) {
        if (request.header("authorization") != null || request.header("x-api-key") != null) {
            return relay.login().of(request);
        }
        String offered = request.header("sec-websocket-protocol");
        if (offered != null) {
            for (String protocol : offered.split(",")) {
                if (protocol.strip().startsWith(SUBPROTOCOL + ".")) {
                    return relay.login().of(protocol.strip().substring(SUBPROTOCOL.length() + 1));
                }
            }
        }
        throw new HttpError(Response.error(401, "offer the subprotocols 'bearer' and 'bearer.<token>'")
                .header("www-authenticate", "Bearer"));
    }
}
