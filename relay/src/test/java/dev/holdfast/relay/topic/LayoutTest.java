package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.store.Reply;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The flat keys of older relays: a name is one topic's, and what those relays wrote and read is what this one reads and writes. */
class LayoutTest {
    private RelayServer server;
    private RelayClient anna;
    private RelayClient admin;

    @BeforeEach
    void start() throws Exception {
        server = new RelayServer(RelayServer.SETTINGS.layout(Layout.FLAT));
        anna = server.anna;
        admin = server.admin;
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String id(RelayClient user) throws Exception {
        return user.get("/auth/me").json().get("user_id").asString();
    }

    private static List<Integer> numbers(RelayClient user, String topic) throws Exception {
        return user.get("/api/v1/topics/" + topic + "/messages?order=asc")
                .expect(200)
                .json()
                .get("messages")
                .valueStream()
                .map(message -> message.get("payload").get("n").asInt())
                .toList();
    }

    @Test
    void aMessageHasTheFieldsThatOlderProgramsRead() throws Exception {
        JsonNode published = anna.post(
                        "/api/v1/messages",
                        "{\"topic\":\"orders\",\"payload\":{\"n\":1},\"metadata\":{\"source\":\"api\"}}")
                .expect(201)
                .json();
        List<Reply> entry = server.toolkit
                .store()
                .call("XRANGE", "stream:topic:orders", "-", "+")
                .list()
                .getFirst()
                .list();
        assertEquals(published.get("message_id").asString(), entry.getFirst().text());
        List<String> fields = entry.get(1).texts();
        assertEquals(
                List.of(
                        "payload",
                        "{\"n\":1}",
                        "timestamp",
                        published.get("timestamp").asString()),
                fields.subList(0, 4));
        assertEquals(List.of("metadata", "{\"source\":\"api\"}", "message_id"), fields.subList(4, 7));
        assertTrue(fields.get(7).startsWith("msg_"), fields.get(7));
        assertEquals(
                id(anna),
                server.toolkit
                        .store()
                        .call("HGET", "meta:topic:orders", "owner_id")
                        .text());
        // The same by the script that remembers a publication.
        anna.send(anna.request("/api/v1/messages")
                        .header("Content-Type", "application/json")
                        .header("Idempotency-Key", "k")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"topic\":\"orders\",\"payload\":{\"n\":2}}")))
                .expect(201);
        assertEquals(List.of(1, 2), numbers(anna, "orders"));
        Reply last = server.toolkit
                .store()
                .call("XREVRANGE", "stream:topic:orders", "+", "-", "COUNT", 1)
                .list()
                .getFirst();
        assertTrue(last.list().get(1).texts().getLast().startsWith("msg_"));
    }

    @Test
    void aNameIsOneTopicsWhoeverCalls() throws Exception {
        anna.publish("orders", "{\"n\":1}").expect(201);
        RelayClient ben = server.user("ben", "\"read\",\"write\"");
        ben.publish("orders", "{\"n\":2}").expect(403);
        ben.get("/api/v1/topics/orders/messages").expect(403);
        ben.post("/api/v1/topics", "{\"topic_name\":\"orders\"}").expect(400);
        ben.send("PUT", "/api/v1/topics/orders", "{\"is_public\":true}").expect(404);
        ben.send("DELETE", "/api/v1/topics/orders", "").expect(404);
        ben.get("/api/v1/topics/orders/messages?owner=ben").expect(403);
        anna.send("PUT", "/api/v1/topics/orders/permissions/ben", "{\"permission\":\"write\"}")
                .expect(200);
        // By its bare name, and by that of its owner.
        ben.publish("orders", "{\"n\":3}").expect(201);
        ben.publish("anna/orders", "{\"n\":4}").expect(201);
        assertEquals(List.of(1, 3, 4), numbers(ben, "orders"));
        assertEquals(List.of(1, 3, 4), numbers(admin, "orders"));
        ben.close();
    }

    @Test
    void whatOlderRelaysLeftIsAnAdministrators() throws Exception {
        server.store.call(
                "XADD",
                "stream:topic:old",
                "5-1",
                "message_id",
                "msg_abc123",
                "payload",
                "{\"n\":1}",
                "timestamp",
                "2025-01-01T12:00:00");
        anna.publish("old", "{\"n\":2}").expect(403);
        anna.get("/api/v1/topics/old/messages").expect(403);
        anna.post("/messages/poll", "{\"topics\":[\"old\"],\"since\":{\"old\":\"earliest\"}}")
                .expect(403);
        JsonNode message = admin.post("/messages/poll", "{\"topics\":[\"old\"],\"since\":{\"old\":\"earliest\"}}")
                .expect(200)
                .json()
                .get("messages")
                .get(0);
        assertEquals("5-1", message.get("message_id").asString());
        assertEquals("2025-01-01T12:00:00", message.get("timestamp").asString());
        admin.publish("old", "{\"n\":2}").expect(201);
        admin.send("PUT", "/api/v1/topics/old/permissions/anna", "{\"permission\":\"read\"}")
                .expect(200);
        assertEquals(List.of(1, 2), numbers(anna, "old"));
    }

    @Test
    void ofSeveralWhoPublishFirstOneBecomesTheOwner() throws Exception {
        RelayClient ben = server.user("ben", "\"read\",\"write\"");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 20; round++) {
                String topic = "first" + round;
                List<Future<Integer>> statuses = threads.invokeAll(Stream.of(anna, ben, anna, ben)
                        .<Callable<Integer>>map(
                                user -> () -> user.publish(topic, "{\"n\":1}").status())
                        .toList());
                long published = 0;
                for (Future<Integer> status : statuses) {
                    published += status.get() == 201 ? 1 : 0;
                }
                assertEquals(2, published);
                assertEquals(2L, server.store.call("XLEN", "stream:topic:" + topic));
            }
        }
        ben.close();
    }
}
