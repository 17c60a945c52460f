package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * {@code /api/v1/topics/{name}/groups}: consumer groups. The owner makes and removes them; every reader of the topic may be a consumer.
 */
public final class GroupPages {
    static final int MOST_VISIBILITY_SECONDS = 12 * 3600;
    private static final int MOST_DELIVERIES = 1000;
    private static final int MOST_MESSAGES = 100;
    private static final int MOST_WAIT_SECONDS = 60;
    private static final String GROUPS = "/api/v1/topics/{name}/groups";

    private final Relay relay;
    private final TopicPages topics;

    public GroupPages(Relay relay, TopicPages topics) {
        this.relay = relay;
        this.topics = topics;
    }

    public void add(Routes routes) {
        String group = GROUPS + "/{group}";
        routes.post(GROUPS, this::create)
                .get(GROUPS, request -> Response.json(relay.groups().list(topics.readable(request))))
                .delete(group, this::delete)
                .post(group + "/receive", this::receive)
                .post(group + "/ack", this::acknowledge)
                .post(group + "/nack", request -> due(request, true))
                .post(group + "/extend", request -> due(request, false));
    }

    private Response create(Request request) {
        Topic topic = topics.own(request);
        Fields fields = Fields.of(request);
        String name = fields.text("group", 1, 255);
        if (!Topics.isName(name)) {
            throw fields.invalid("group", "may have letters, digits, hyphens and underscores only");
        }
        String suffix = "-dead";
        String dead = fields.text(
                "dead_topic",
                topic.name().substring(0, Math.min(topic.name().length(), 255 - suffix.length())) + suffix,
                255);
        if (!Topics.isName(dead) || dead.equals(topic.name())) {
            throw fields.invalid("dead_topic", "must be the name of another topic");
        }
        Groups.Settings settings = new Groups.Settings(
                Duration.ofSeconds(fields.number("visibility_timeout", 30, 1, MOST_VISIBILITY_SECONDS)),
                (int) fields.number("max_deliveries", 5, 0, MOST_DELIVERIES),
                dead);
        EntryId start = relay.messages().position(topic, fields.text("start", "latest", 100));
        relay.groups().create(topic, name, start, settings);
        return Response.json(
                201,
                relay.groups().list(topic).stream()
                        .filter(page -> name.equals(page.get("group")))
                        .findFirst()
                        .orElseThrow());
    }

    private static String group(Request request) {
        return request.pathParameter("group");
    }

    private Response delete(Request request) {
        if (!relay.groups().delete(topics.own(request), group(request))) {
            throw new HttpError(404, "Group '" + group(request) + "' not found");
        }
        return Response.empty(204);
    }

    /** Waits until there are messages, or until time is over. */
    private Response receive(Request request) throws InterruptedException {
        User user = relay.login().of(request, User.READ).user();
        Topic topic = topics.readable(request);
        Groups.Settings settings = relay.groups().settings(topic, group(request));
        Fields fields = Fields.of(request);
        String consumer = fields.text("consumer", 1, 255);
        int limit = (int) fields.number("limit", 10, 1, MOST_MESSAGES);
        long timeout = fields.number("timeout", 0, 0, MOST_WAIT_SECONDS);
        Semaphore news = new Semaphore(0);
        request.onClose(news::release);
        Seats.Seat seat = relay.takePoll(user);
        try (Feed.Registration registration = relay.feed().register(topic, batch -> news.release())) {
            registration.hear();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeout);
            List<Groups.Delivered> taken = List.of();
            while (request.isConnected()) {
                taken = relay.groups().take(topic, group(request), settings, consumer, limit);
                long left = deadline - System.nanoTime();
                if (!taken.isEmpty() || left <= 0) {
                    break;
                }
                GroupConsumer.await(news, Math.min(left, GroupConsumer.LOOKS_EVERY.toNanos()));
            }
            StringBuilder json = new StringBuilder("{\"messages\":[");
            for (Groups.Delivered each : taken) {
                json.append(json.charAt(json.length() - 1) == '[' ? "" : ",").append(each.json("", topic.address()));
            }
            return Response.text(200, Response.JSON, json.append("]}").toString());
        } finally {
            relay.leavePoll(seat);
        }
    }

    /** The ids of messages that a request names. */
    private static List<String> ids(Fields fields) {
        return checked(fields, fields.texts("message_ids", 1, MOST_MESSAGES));
    }

    /** @throws HttpError 422 if one is none */
    static List<String> checked(Fields fields, List<String> ids) {
        if (ids.stream().anyMatch(id -> id.indexOf('-') < 0 || EntryId.parse(id) == null)) {
            throw fields.invalid("message_ids", "must be ids of messages");
        }
        return ids;
    }

    private Response acknowledge(Request request) {
        Topic topic = topics.readable(request);
        relay.groups().settings(topic, group(request));
        return Response.json(
                Map.of("acknowledged", relay.groups().acknowledge(topic, group(request), ids(Fields.of(request)))));
    }

    private Response due(Request request, boolean back) {
        Topic topic = topics.readable(request);
        Groups.Settings settings = relay.groups().settings(topic, group(request));
        Fields fields = Fields.of(request);
        Duration left = back
                ? Duration.ofSeconds(fields.number("delay", 0, 0, MOST_VISIBILITY_SECONDS))
                : settings.visibility();
        return Response.json(Map.of(
                back ? "returned" : "extended",
                relay.groups()
                        .dueIn(topic, group(request), settings, fields.text("consumer", 1, 255), ids(fields), left)));
    }
}
