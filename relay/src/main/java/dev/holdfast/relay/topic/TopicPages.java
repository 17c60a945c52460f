package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/topics}: which topics there are, who may use them, what is in them. */
public final class TopicPages {
    private static final int MOST_DESCRIPTION = 500;
    private static final int MOST_MESSAGES = 100;

    private final Relay relay;

    public TopicPages(Relay relay) {
        this.relay = relay;
    }

    public void add(Routes routes) {
        routes.post("/api/v1/topics", this::create)
                .get(
                        "/api/v1/topics",
                        request -> Response.json(
                                relay.topics().ownedBy(relay.login().of(request).user())))
                .get("/api/v1/topics/stats", this::statistics)
                .get("/api/v1/topics/{name}", this::show)
                .put("/api/v1/topics/{name}", this::change)
                .delete("/api/v1/topics/{name}", this::delete)
                .get("/api/v1/topics/{name}/messages", this::list)
                .post("/api/v1/topics/{name}/trim", this::trim)
                .get("/api/v1/topics/{name}/stats", this::topicStatistics)
                .get(
                        "/api/v1/topics/{name}/presence",
                        request -> Response.json(relay.presence().of(own(request))))
                .get(
                        "/api/v1/topics/{name}/permissions",
                        request -> Response.json(relay.topics().grants(own(request))))
                .put("/api/v1/topics/{name}/permissions/{user}", this::grant)
                .delete("/api/v1/topics/{name}/permissions/{user}", this::revoke);
    }

    private Response create(Request request) {
        User user = relay.login().of(request, User.WRITE).user();
        Fields fields = Fields.of(request);
        String name = fields.text("topic_name", 1, 255);
        if (!Topics.isName(name)) {
            throw fields.invalid("topic_name", "may have letters, digits, hyphens and underscores only");
        }
        Topic topic = relay.topics().of(user.id(), name);
        List<String> settings = relay.topics().settings(topic).changes(fields);
        if (relay.topics().own(user, name) == null
                || !relay.topics().create(topic, fields.text("description", "", MOST_DESCRIPTION))) {
            throw new HttpError(400, "Topic '" + name + "' already exists");
        }
        relay.topics().set(topic, settings);
        return page(201, topic);
    }

    private Response page(int status, Topic topic) {
        Map<String, @Nullable Object> page = relay.topics().page(topic);
        if (page == null) {
            throw missing(topic.name());
        }
        page.put("message_count", relay.messages().length(topic));
        return Response.json(status, page);
    }

    private static HttpError missing(String name) {
        return new HttpError(404, "Topic '" + name + "' not found");
    }

    /** The topic of a request, which its sender owns. */
    Topic own(Request request) {
        User user = relay.login().of(request, User.WRITE).user();
        String name = request.pathParameter("name");
        Topic topic = relay.topics().own(user, name);
        if (topic == null || relay.topics().page(topic) == null) {
            throw missing(name);
        }
        return topic;
    }

    /** The topic of a request, perhaps another's, which its sender may read. */
    Topic readable(Request request) {
        User user = relay.login().of(request, User.READ).user();
        String owner = request.query("owner");
        String name = request.pathParameter("name");
        Topic topic = relay.topics().readable(user, owner == null ? name : owner + "/" + name);
        if (relay.topics().page(topic) == null) {
            throw missing(name);
        }
        return topic;
    }

    private Response show(Request request) {
        return page(200, readable(request));
    }

    private Response statistics(Request request) {
        relay.login().of(request, User.ADMIN);
        return Response.json(Map.of(
                "active_topics", relay.feed().topics(),
                "open_streams", relay.openStreams(),
                "waiting_polls", relay.polls()));
    }

    /** What is in a topic, and who in this process is how far behind. */
    private Response topicStatistics(Request request) {
        Topic topic = own(request);
        Map<String, @Nullable Object> page = relay.messages().statistics(topic);
        page.put("groups", relay.groups().list(topic));
        page.put("listeners", relay.listeners(topic));
        return Response.json(page);
    }

    private Response change(Request request) {
        Topic topic = own(request);
        Fields fields = Fields.of(request);
        List<String> changes = new ArrayList<>(relay.topics().settings(topic).changes(fields));
        if (fields.has("description")) {
            changes.addAll(List.of("description", fields.text("description", 0, MOST_DESCRIPTION)));
        }
        if (fields.has("is_public")) {
            changes.addAll(List.of("public", fields.flag("is_public", false) ? "1" : "0"));
        }
        relay.topics().set(topic, changes);
        return page(200, topic);
    }

    private Response delete(Request request) {
        Topic topic = own(request);
        relay.topics().delete(topic);
        relay.messages().delete(topic);
        return Response.empty(204);
    }

    private Response trim(Request request) {
        Topic topic = own(request);
        long removed = relay.messages().trim(topic, Fields.of(request).number("keep_count", 0, 0, Long.MAX_VALUE));
        return Response.json(Map.of("removed", removed));
    }

    private Response grant(Request request) {
        Topic topic = own(request);
        Fields fields = Fields.of(request);
        String permission = fields.text("permission", 1, 10);
        if (!permission.equals(User.READ) && !permission.equals(User.WRITE)) {
            throw fields.invalid("permission", "must be read or write");
        }
        relay.topics().grant(topic, named(request), permission);
        return Response.json(relay.topics().grants(topic));
    }

    private Response revoke(Request request) {
        relay.topics().grant(own(request), named(request), null);
        return Response.empty(204);
    }

    private User named(Request request) {
        User user = relay.login().users().byName(request.pathParameter("user"));
        if (user == null) {
            throw new HttpError(404, "there is no such user");
        }
        return user;
    }

    private Response list(Request request) {
        Topic topic = readable(request);
        String order = request.query("order") == null ? "desc" : String.valueOf(request.query("order"));
        if (!order.equals("asc") && !order.equals("desc")) {
            throw new HttpError(400, "Order must be 'asc' or 'desc'");
        }
        int limit = Math.min(request.query("limit", 10, 1, Integer.MAX_VALUE), MOST_MESSAGES);
        String cursor = request.query("cursor");
        EntryId position = cursor == null ? null : relay.messages().position(topic, cursor);
        Messages.Page page = order.equals("asc")
                ? relay.messages().after(topic, position == null ? EntryId.ZERO : position, limit)
                : relay.messages().before(topic, position, limit);
        StringBuilder json = new StringBuilder("{\"messages\":[");
        for (Message message : page.messages()) {
            json.append(json.charAt(json.length() - 1) == '[' ? "" : ",").append(message.json("", topic.address()));
        }
        String quotedCursor = cursor == null ? "null" : Json.mapper().writeValueAsString(cursor);
        json.append("],\"total\":")
                .append(page.messages().size())
                .append(",\"limit\":")
                .append(limit)
                .append(",\"order\":\"")
                .append(order)
                .append("\",\"cursor\":")
                .append(quotedCursor)
                .append(",\"next_cursor\":")
                .append(page.read() == 0 ? "null" : "\"" + page.position() + "\"")
                .append('}');
        return Response.text(200, Response.JSON, json.toString());
    }
}
