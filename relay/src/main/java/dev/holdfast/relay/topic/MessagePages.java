package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Publishing, one message or many, and the long poll. */
public final class MessagePages {
    private static final int MOST_BULK = 100;
    private static final int MOST_TOPICS = 20;
    private static final int MOST_MESSAGES = 100;
    private static final int MOST_KEY = 255;

    private final Relay relay;

    public MessagePages(Relay relay) {
        this.relay = relay;
    }

    public void add(Routes routes) {
        routes.post("/api/v1/messages", this::publish)
                .add("POST", "/api/v1/messages/bulk", 8 << 20, this::publishBulk)
                .post("/messages/poll", this::poll)
                .get("/messages/poll/stats", this::pollStatistics);
    }

    // ---- publishing ----

    /** What a publication is known by: who sent it, where to, and the key that the sender chose. */
    private static @Nullable String idempotency(Request request, User user) {
        String key = request.header("idempotency-key");
        if (key == null || key.isEmpty()) {
            return null;
        }
        if (key.length() > MOST_KEY) {
            throw new HttpError(422, "an Idempotency-Key has at most " + MOST_KEY + " characters");
        }
        return Digests.of(user.id(), request.path(), key);
    }

    private Response publish(Request request) {
        User user = relay.login().of(request, User.WRITE).user();
        Draft draft = Draft.of(Fields.of(request));
        Topics.Target target = relay.topics().writable(user, draft.address());
        Publisher.Published published = relay.publisher().publish(target, draft, idempotency(request, user));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("message_id", published.id());
        answer.put("topic", draft.address());
        answer.put("timestamp", published.timestamp());
        return Response.json(201, answer);
    }

    private Response publishBulk(Request request) {
        User user = relay.login().of(request, User.WRITE).user();
        // Nothing is published unless every message is well formed and every topic may be written to.
        List<Draft> all = Fields.of(request).objects("messages", 1, MOST_BULK).stream()
                .map(Draft::of)
                .toList();
        String idempotency = idempotency(request, user);
        Map<String, Topics.Target> targets = new HashMap<>();
        List<Publisher.Outgoing> outgoing = new ArrayList<>();
        for (Draft draft : all) {
            Topics.Target target = targets.computeIfAbsent(
                    draft.address(), address -> relay.topics().writable(user, address));
            outgoing.add(relay.publisher()
                    .outgoing(target, draft, idempotency == null ? null : idempotency + ":" + outgoing.size()));
        }
        List<Reply> answers = relay.messages()
                .store()
                .pipeline(outgoing.stream().map(Publisher.Outgoing::command).toList());
        List<Map<String, @Nullable Object>> results = new ArrayList<>();
        int accepted = 0;
        for (int i = 0; i < all.size(); i++) {
            Map<String, @Nullable Object> result = new LinkedHashMap<>();
            result.put("topic", all.get(i).address());
            try {
                result.put(
                        "message_id", outgoing.get(i).published(answers.get(i)).id());
                result.put("status", "accepted");
                result.put("error", null);
                accepted++;
            } catch (CommandFailedException e) {
                result.put("message_id", null);
                result.put("status", "rejected");
                result.put("error", e.code().equals("OOM") ? "the store is full" : "the store refuses: " + e.code());
            } catch (HttpError e) {
                result.put("message_id", null);
                result.put("status", "rejected");
                result.put("error", "this Idempotency-Key has been used for another message");
            }
            results.add(result);
        }
        return Response.json(
                207,
                Map.of(
                        "results",
                        results,
                        "summary",
                        Map.of("total", all.size(), "accepted", accepted, "rejected", all.size() - accepted)));
    }

    // ---- the long poll ----

    private Response poll(Request request) throws InterruptedException {
        User user = relay.login().of(request, User.READ).user();
        Fields fields = Fields.of(request);
        List<String> addresses = fields.texts("topics", 1, MOST_TOPICS);
        long timeout = fields.number("timeout", 30, 1, 60);
        int limit = (int) fields.number("limit", MOST_MESSAGES, 1, MOST_MESSAGES);
        Map<String, String> since = fields.textMap("since");
        List<Topic> topics = new ArrayList<>();
        for (String address : addresses) {
            topics.add(relay.topics().readable(user, address));
        }
        Seats.Seat seat = relay.takePoll(user);
        try {
            return new Poll(topics, since, limit).run(request, timeout);
        } finally {
            relay.leavePoll(seat);
        }
    }

    /** One poll. It registers before it reads history, so nothing that comes in between is missed. */
    private final class Poll {
        private final List<Topic> topics;
        private final Map<String, String> since;
        private final int limit;
        private final Map<Topic, EntryId> positions = new LinkedHashMap<>();
        private final Map<String, Messages.Recovery> lost = new LinkedHashMap<>();
        private final List<String> found = new ArrayList<>();
        private final Semaphore news = new Semaphore(0);

        Poll(List<Topic> topics, Map<String, String> since, int limit) {
            this.topics = topics;
            this.since = since;
            this.limit = limit;
        }

        Response run(Request request, long timeoutSeconds) throws InterruptedException {
            List<Feed.Registration> registrations = new ArrayList<>();
            request.onClose(news::release);
            try {
                for (Topic topic : topics) {
                    registrations.add(relay.feed().register(topic, batch -> news.release()));
                    positions.put(topic, start(topic));
                }
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
                boolean more = read(registrations);
                while (found.isEmpty() && lost.isEmpty() && request.isConnected() && deadline - System.nanoTime() > 0) {
                    boolean live = true;
                    for (int i = 0; i < topics.size(); i++) {
                        EntryId position = positions.get(topics.get(i));
                        live &= position != null && registrations.get(i).goLive(position);
                    }
                    // Not live where news came meanwhile: then there is something to read, and nothing to wait for.
                    if (live && !news.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                        break;
                    }
                    more = read(registrations);
                }
                return answer(more);
            } finally {
                registrations.forEach(Feed.Registration::close);
            }
        }

        /** Without any position a client wants what comes from now on; with some, all of the other topics. */
        private EntryId start(Topic topic) {
            String asked = since.get(topic.address());
            if (asked == null) {
                return since.isEmpty() ? relay.messages().last(topic) : EntryId.ZERO;
            }
            EntryId position = relay.messages().position(topic, asked);
            Messages.Recovery recovery = relay.messages().recovery(topic, position);
            if (recovery.recovered()) {
                return position;
            }
            lost.put(topic.address(), recovery);
            return relay.messages().start(topic, position);
        }

        private boolean read(List<Feed.Registration> registrations) {
            registrations.forEach(Feed.Registration::beforeReading);
            boolean more = false;
            for (Topic topic : topics) {
                EntryId position = positions.getOrDefault(topic, EntryId.ZERO);
                Messages.Page page = relay.messages().after(topic, position, limit);
                page.messages().forEach(message -> found.add(message.json("", topic.address())));
                positions.put(topic, page.position());
                more |= page.read() >= limit;
            }
            return more;
        }

        private Response answer(boolean more) {
            Map<String, String> cursors = new LinkedHashMap<>();
            positions.forEach((topic, position) -> cursors.put(topic.address(), position.toString()));
            StringBuilder json = new StringBuilder("{\"messages\":[");
            json.append(String.join(",", found));
            json.append("],\"has_more\":").append(more).append(",\"cursors\":");
            json.append(Json.mapper().writeValueAsString(cursors));
            json.append(",\"recovered\":").append(lost.isEmpty());
            if (!lost.isEmpty()) {
                json.append(",\"lost\":").append(Json.mapper().writeValueAsString(lost));
            }
            return Response.text(200, Response.JSON, json.append('}').toString());
        }
    }

    private Response pollStatistics(Request request) {
        User user = relay.login().of(request).user();
        boolean all = user.permissions().contains(User.ADMIN);
        Map<String, Integer> listeners = new LinkedHashMap<>();
        relay.feed().listeners().forEach((name, count) -> {
            if (all || name.startsWith(user.id() + "/")) {
                listeners.put(name, count);
            }
        });
        return Response.json(Map.of(
                "active_waiters", relay.polls(),
                "subscribed_topics", listeners.size(),
                "topic_subscriber_counts", listeners));
    }
}
