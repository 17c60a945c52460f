package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Consumer groups as their consumers see them. */
class GroupsTest {
    private static final String GROUPS = "/api/v1/topics/t/groups";

    private RelayServer server;
    private RelayClient anna;

    @BeforeEach
    void start() throws Exception {
        server = new RelayServer();
        anna = server.anna;
        anna.post("/api/v1/topics", "{\"topic_name\":\"t\"}").expect(201);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private JsonNode group(String settings) throws Exception {
        return anna.post(GROUPS, "{\"group\":\"g\",\"start\":\"earliest\"" + settings + "}")
                .expect(201)
                .json();
    }

    private void publish(int from, int count) throws Exception {
        for (int i = from; i < from + count; i++) {
            anna.publish("t", "{\"n\":" + i + "}").expect(201);
        }
    }

    private JsonNode receive(RelayClient client, String consumer, String more) throws Exception {
        return client.post(GROUPS + "/g/receive?owner=anna", "{\"consumer\":\"" + consumer + "\"" + more + "}")
                .expect(200)
                .json()
                .get("messages");
    }

    private static List<Integer> numbers(JsonNode messages) {
        List<Integer> numbers = new ArrayList<>();
        messages.forEach(message -> numbers.add(message.get("payload").get("n").asInt()));
        return numbers;
    }

    private static String ids(JsonNode messages) {
        List<String> ids = new ArrayList<>();
        messages.forEach(message -> ids.add("\"" + message.get("message_id").asString() + "\""));
        return "\"message_ids\":[" + String.join(",", ids) + "]";
    }

    /** Makes everything that is pending look as if it had been so for long. */
    private void age() throws Exception {
        for (Object pending : (List<?>)
                Objects.requireNonNull(server.store.call("XPENDING", server.stream("t"), "g", "-", "+", 100))) {
            List<?> fields = (List<?>) pending;
            server.store.call(
                    "XCLAIM", server.stream("t"), "g", fields.get(1), 0, fields.get(0), "IDLE", 3_600_000, "JUSTID");
        }
    }

    @Test
    void eachMessageGoesToOneConsumerUntilItIsAcknowledged() throws Exception {
        group("");
        publish(0, 5);
        JsonNode first = receive(anna, "a", ",\"limit\":3");
        assertEquals(List.of(0, 1, 2), numbers(first));
        assertEquals(List.of(3, 4), numbers(receive(anna, "b", "")));
        assertEquals(List.of(), numbers(receive(anna, "c", "")));
        assertEquals(
                3,
                anna.post(GROUPS + "/g/ack", "{" + ids(first) + "}")
                        .expect(200)
                        .json()
                        .get("acknowledged")
                        .asInt());
        age();
        JsonNode again = receive(anna, "c", "");
        assertEquals(List.of(3, 4), numbers(again));
        assertEquals(2, again.get(0).get("deliveries").asInt());
    }

    @Test
    void aMessageThatIsGivenBackComesAgainAtOnceAndOneThatIsKeptDoesNot() throws Exception {
        group("");
        publish(0, 2);
        JsonNode both = receive(anna, "a", "");
        String last = "\"message_ids\":[\"" + both.get(1).get("message_id").asString() + "\"]";
        // What another consumer has is not one's own to give back.
        assertEquals(
                0,
                anna.post(GROUPS + "/g/nack", "{\"consumer\":\"b\"," + ids(both) + "}")
                        .expect(200)
                        .json()
                        .get("returned")
                        .asInt());
        assertEquals(
                2,
                anna.post(GROUPS + "/g/nack", "{\"consumer\":\"a\"," + ids(both) + "}")
                        .json()
                        .get("returned")
                        .asInt());
        anna.post(GROUPS + "/g/extend", "{\"consumer\":\"a\"," + last + "}").expect(200);
        assertEquals(List.of(0), numbers(receive(anna, "b", "")));
        // One that is given back for later is not there yet.
        anna.post(GROUPS + "/g/nack", "{\"consumer\":\"a\",\"delay\":20," + last + "}")
                .expect(200);
        assertEquals(List.of(), numbers(receive(anna, "b", "")));
    }

    @Test
    void aMessageThatIsDeliveredTooOftenMovesToTheDead() throws Exception {
        group(",\"max_deliveries\":2,\"dead_topic\":\"graves\"");
        publish(7, 1);
        for (int delivery = 1; delivery <= 2; delivery++) {
            JsonNode messages = receive(anna, "a", "");
            assertEquals(delivery, messages.get(0).get("deliveries").asInt());
            age();
        }
        assertEquals(List.of(), numbers(receive(anna, "a", "")));
        JsonNode dead =
                anna.get("/api/v1/topics/graves/messages").expect(200).json().get("messages");
        assertEquals(List.of(7), numbers(dead));
        assertEquals("g", dead.get(0).get("metadata").get("dead_group").asString());
        assertEquals("2", dead.get(0).get("metadata").get("dead_deliveries").asString());
        assertEquals(0, anna.get(GROUPS).json().get(0).get("pending").asInt());
    }

    @Test
    void aConsumerWaitsForMessages() throws Exception {
        group("");
        CompletableFuture<JsonNode> waiting = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return receive(anna, "a", ",\"timeout\":30");
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                Thread::startVirtualThread);
        publish(1, 1);
        assertEquals(List.of(1), numbers(waiting.join()));
    }

    @Test
    void aSocketIsSentAsMuchAsItMayHaveAndGivesBackWhatItHas() throws Exception {
        group("");
        publish(0, 3);
        RelayClient.Socket socket = anna.socket();
        socket.say("{\"type\":\"consume\",\"topic\":\"t\",\"group\":\"g\",\"consumer\":\"s\",\"prefetch\":2}");
        assertEquals("consuming", heard(socket).get("type").asString());
        JsonNode first = heard(socket);
        assertEquals("delivery", first.get("type").asString());
        assertEquals(0, first.get("payload").get("n").asInt());
        JsonNode second = heard(socket);
        assertEquals(1, second.get("payload").get("n").asInt());
        say(socket, "ack", first);
        Set<String> types = new TreeSet<>();
        JsonNode third = null;
        for (int i = 0; i < 2; i++) {
            JsonNode frame = heard(socket);
            types.add(frame.get("type").asString());
            third = frame.get("type").asString().equals("delivery") ? frame : third;
        }
        assertEquals(Set.of("acked", "delivery"), types);
        assertEquals(2, Objects.requireNonNull(third).get("payload").get("n").asInt());
        say(socket, "extend", second);
        assertEquals(1, heard(socket).get("count").asInt());
        say(socket, "nack", second);
        types.clear();
        for (int i = 0; i < 2; i++) {
            JsonNode frame = heard(socket);
            types.add(frame.get("type").asString());
            if (frame.get("type").asString().equals("delivery")) {
                assertEquals(2, frame.get("deliveries").asInt());
            }
        }
        assertEquals(Set.of("nacked", "delivery"), types);
        socket.abort();
        // What it had is another's at once, long before the time-out.
        TreeSet<Integer> got = new TreeSet<>();
        while (got.size() < 2) {
            got.addAll(numbers(receive(anna, "b", ",\"timeout\":5")));
        }
        assertEquals(Set.of(1, 2), got);
    }

    private static JsonNode heard(RelayClient.Socket socket) throws InterruptedException {
        return Objects.requireNonNull(socket.hear());
    }

    private static void say(RelayClient.Socket socket, String type, JsonNode delivery) {
        socket.say("{\"type\":\"" + type + "\",\"topic\":\"t\",\"group\":\"g\",\"message_id\":\""
                + delivery.get("message_id").asString() + "\"}");
    }

    @Test
    void retentionWaitsForGroupsUnlessItIsToldNotTo() throws Exception {
        anna.send("PUT", "/api/v1/topics/t", "{\"max_messages\":3}").expect(200);
        group("");
        publish(0, 10);
        JsonNode four = receive(anna, "a", ",\"limit\":4");
        assertEquals(List.of(0, 1, 2, 3), numbers(four));
        anna.post(GROUPS + "/g/ack", "{" + ids(four) + "}").expect(200);
        publish(10, 1);
        assertEquals(7, count());
        anna.send("PUT", "/api/v1/topics/t", "{\"keep_unacknowledged\":false,\"max_bytes\":100000}")
                .expect(200);
        publish(11, 3);
        assertEquals(3, count());
    }

    private int count() throws Exception {
        return anna.get("/api/v1/topics/t")
                .expect(200)
                .json()
                .get("message_count")
                .asInt();
    }

    @Test
    void theOwnerMakesGroupsAndReadersConsume() throws Exception {
        group("");
        anna.post(GROUPS, "{\"group\":\"g\"}").expect(409);
        anna.post(GROUPS, "{\"group\":\"a b\"}").expect(422);
        anna.post(GROUPS, "{\"group\":\"h\",\"dead_topic\":\"t\"}").expect(422);
        anna.post(GROUPS + "/x/receive", "{\"consumer\":\"a\"}").expect(404);
        anna.post(GROUPS + "/g/ack", "{\"message_ids\":[\"x\"]}").expect(422);
        publish(0, 1);
        try (RelayClient ben = server.user("ben", "\"read\",\"write\"")) {
            ben.post(GROUPS + "/g/receive?owner=anna", "{\"consumer\":\"b\"}").expect(403);
            anna.send("PUT", "/api/v1/topics/t/permissions/ben", "{\"permission\":\"read\"}")
                    .expect(200);
            assertEquals(List.of(0), numbers(receive(ben, "b", "")));
            ben.post(GROUPS + "?owner=anna", "{\"group\":\"x\"}").expect(404);
            ben.send("DELETE", GROUPS + "/g?owner=anna", "").expect(404);
        }
        anna.send("DELETE", GROUPS + "/g", "").expect(204);
        anna.send("DELETE", GROUPS + "/g", "").expect(404);
        assertTrue(anna.get(GROUPS).json().isEmpty());
        assertEquals(List.of(), server.store.call("XINFO", "GROUPS", server.stream("t")));
    }

    @Test
    void aGroupOutlivesItsStream() throws Exception {
        group("");
        publish(0, 1);
        assertEquals(1, receive(anna, "a", "").size());
        server.store.call("DEL", server.stream("t"));
        publish(1, 1);
        assertEquals(List.of(1), numbers(receive(anna, "a", "")));
    }
}
