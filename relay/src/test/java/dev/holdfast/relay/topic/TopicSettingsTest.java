package dev.holdfast.relay.topic;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.relay.HttpFace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What topics keep, how they treat slow consumers, and what is known of who listens. */
class TopicSettingsTest {
    private RelayServer server;
    private RelayClient anna;

    @BeforeEach
    void start() throws Exception {
        server = new RelayServer();
        anna = server.anna;
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void topic(String settings) throws Exception {
        anna.post("/api/v1/topics", "{\"topic_name\":\"t\"" + settings + "}").expect(201);
    }

    private void publish(int n, String more) throws Exception {
        anna.post("/api/v1/messages", "{\"topic\":\"t\",\"payload\":{\"n\":" + n + "}" + more + "}")
                .expect(201);
    }

    private List<Integer> kept() throws Exception {
        List<Integer> numbers = new ArrayList<>();
        anna.get("/api/v1/topics/t/messages?order=asc&limit=100")
                .expect(200)
                .json()
                .get("messages")
                .forEach(message -> numbers.add(message.get("payload").get("n").asInt()));
        return numbers;
    }

    @Test
    void settingsAreShownAndChecked() throws Exception {
        topic(",\"max_messages\":5,\"slow_consumers\":\"conflate\"");
        JsonNode page = anna.send(
                        "PUT", "/api/v1/topics/t", "{\"retention_seconds\":60,\"max_bytes\":1000,\"is_public\":true}")
                .expect(200)
                .json();
        assertEquals(5, page.get("max_messages").asInt());
        assertEquals(60, page.get("retention_seconds").asInt());
        assertEquals(1000, page.get("max_bytes").asInt());
        assertEquals("conflate", page.get("slow_consumers").asString());
        assertTrue(page.get("is_public").asBoolean());
        for (String bad : new String[] {
            "{\"max_messages\":-1}", "{\"slow_consumers\":\"wait\"}", "{\"compacted\":1}", "{\"compacted\":true}"
        }) {
            anna.send("PUT", "/api/v1/topics/t", bad).expect(422);
        }
        // 0 is what the relay keeps of every topic.
        assertEquals(
                1000,
                anna.send("PUT", "/api/v1/topics/t", "{\"max_messages\":0}")
                        .json()
                        .get("max_messages")
                        .asInt());
    }

    @Test
    void aTopicKeepsSoManyBytes() throws Exception {
        topic(",\"max_bytes\":2000");
        String padding = ",\"metadata\":{\"p\":\"" + "x".repeat(400) + "\"}";
        for (int i = 0; i < 20; i++) {
            publish(i, padding);
        }
        List<Integer> kept = kept();
        assertEquals(4, kept.size(), kept::toString);
        assertEquals(19, kept.getLast());
        // One long message goes when there are others in its place, not before.
        publish(20, ",\"metadata\":{\"p\":\"" + "x".repeat(1900) + "\"}");
        assertEquals(List.of(20), kept());
    }

    @Test
    void whatIsTooOldGoesAlsoFromATopicThatIsQuiet() throws Exception {
        topic(",\"retention_seconds\":3600");
        String stream = server.stream("t");
        server.store.call("XADD", stream, "5-1", "payload", "{\"n\":1}");
        server.store.call("XADD", stream, "6-1", "payload", "{\"n\":2}");
        publish(3, "");
        assertEquals(List.of(1, 2, 3), kept());
        Publisher publisher = new Publisher(server.toolkit.store());
        Topics topics = new Topics(server.toolkit.store(), server.login.users(), RelayServer.SETTINGS);
        server.store.call("DEL", "relay:sweep");
        new Sweep(
                        server.toolkit.store(),
                        server.login.users(),
                        topics,
                        publisher,
                        new Groups(server.toolkit.store(), topics, publisher))
                .run();
        assertEquals(List.of(3), kept());
    }

    @Test
    void aCompactedTopicKeepsTheLastMessageOfEachKey() throws Exception {
        topic(",\"compacted\":true,\"max_messages\":3");
        for (int i = 0; i < 9; i++) {
            publish(i, ",\"key\":\"" + "ab".charAt(i % 2) + "\"");
        }
        publish(9, "");
        assertEquals(List.of(7, 8, 9), kept());
        publish(10, ",\"key\":\"c\"");
        // The oldest goes, and its key is forgotten with it.
        assertEquals(List.of(8, 9, 10), kept());
        String index = "keys:{" + server.stream("t") + "}";
        assertEquals(2L, server.store.call("HLEN", index));
        publish(11, ",\"key\":\"b\"");
        assertEquals(List.of(8, 9, 10, 11).subList(1, 4), kept());
    }

    // ---- slow consumers ----

    /** Publishes more than an outbox and the system's buffers hold, to a socket that reads nothing meanwhile. */
    private List<JsonNode> slowly(String policy, int count) throws Exception {
        topic(",\"slow_consumers\":\"" + policy + "\"");
        try (SlowSocket socket = new SlowSocket(server.face.port(), anna.token)) {
            socket.say("{\"type\":\"subscribe\",\"client_id\":\"slow\",\"topics\":[\"t\"]}");
            assertEquals(
                    "subscribed",
                    Objects.requireNonNull(socket.hear()).get("type").asString());
            String padding = "\"" + "x".repeat(30_000) + "\"";
            StringBuilder bulk = new StringBuilder();
            for (int i = 0; i < count; i++) {
                bulk.append(bulk.isEmpty() ? "" : ",")
                        .append("{\"topic\":\"t\",\"key\":\"k")
                        .append(i % 3)
                        .append("\",\"payload\":{\"n\":")
                        .append(i)
                        .append(",\"p\":")
                        .append(padding)
                        .append("}}");
                if (i % 100 == 99) {
                    anna.post("/api/v1/messages/bulk", "{\"messages\":[" + bulk + "]}")
                            .expect(207);
                    bulk.setLength(0);
                }
            }
            // It reads again once its outbox is full, or everything that its topic's policy leaves has been sent.
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                JsonNode statistics =
                        anna.get("/api/v1/topics/t/stats").expect(200).json();
                JsonNode listeners = statistics.get("listeners");
                return listeners.isEmpty()
                        || listeners.get(0).get("outbox_bytes").asInt() > 100_000
                        || listeners.get(0).get("position").equals(statistics.get("last"));
            });
            List<JsonNode> heard = new ArrayList<>();
            JsonNode frame = socket.hear();
            while (frame != null) {
                heard.add(frame);
                boolean isLast = frame.path("payload").path("n").asInt(-1) == count - 1;
                frame = isLast ? null : socket.hear();
            }
            return heard;
        }
    }

    private static List<Integer> numbers(List<JsonNode> frames) {
        return frames.stream()
                .filter(frame -> frame.path("type").asString("").equals("message"))
                .map(frame -> frame.get("payload").get("n").asInt())
                .toList();
    }

    @Test
    void aSlowConsumerIsDisconnectedWithItsPosition() throws Exception {
        List<JsonNode> heard = slowly("disconnect", 900);
        List<Integer> numbers = numbers(heard);
        assertTrue(numbers.size() < 900);
        JsonNode close = heard.getLast();
        assertEquals(1013, close.get("closed").asInt());
        String last = heard.get(heard.size() - 2).get("message_id").asString();
        assertEquals("too slow: go on behind " + last, close.get("reason").asString());
    }

    @Test
    void aSlowConsumerGoesOnWithTheNewest() throws Exception {
        List<JsonNode> heard = slowly("drop-oldest", 900);
        List<Integer> numbers = numbers(heard);
        assertTrue(numbers.size() < 900, () -> numbers.size() + " messages");
        assertEquals(899, numbers.getLast());
        assertEquals(numbers.stream().sorted().distinct().toList(), numbers);
        assertTrue(
                heard.stream().anyMatch(frame -> frame.path("type").asString("").equals("gap")));
    }

    @Test
    void aSlowConsumerGetsTheLastOfEachKey() throws Exception {
        List<JsonNode> heard = slowly("conflate", 900);
        List<Integer> numbers = numbers(heard);
        assertTrue(numbers.size() < 900, () -> numbers.size() + " messages");
        assertEquals(List.of(897, 898, 899), numbers.subList(numbers.size() - 3, numbers.size()));
        assertEquals(numbers.stream().sorted().distinct().toList(), numbers);
    }

    @Test
    void aSlowConsumerCatchesUp() throws Exception {
        assertEquals(900, numbers(slowly("catch-up", 900)).size());
    }

    // ---- who listens ----

    @Test
    void presenceAndLimitsAreThoseOfAllProcesses() throws Exception {
        anna.publish("t", "{}").expect(201);
        try (HttpFace other = server.another();
                RelayClient there = new RelayClient(other.port())) {
            there.token = anna.token;
            List<RelayClient.Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                RelayClient.Socket socket = (i % 2 == 0 ? anna : there).socket();
                socket.say("{\"type\":\"subscribe\",\"client_id\":\"c" + i + "\",\"topics\":[\"t\"]}");
                assertEquals(
                        "subscribed",
                        Objects.requireNonNull(socket.hear()).get("type").asString());
                sockets.add(socket);
            }
            for (RelayClient client : List.of(anna, there)) {
                assertEquals(429, client.get("/api/v1/events?topics=t").status());
                JsonNode presence =
                        client.get("/api/v1/topics/t/presence").expect(200).json();
                assertEquals(5, presence.size());
                assertEquals("websocket", presence.get(0).get("kind").asString());
            }
            assertEquals(
                    3,
                    anna.get("/api/v1/topics/t/stats")
                            .expect(200)
                            .json()
                            .get("listeners")
                            .size());
            sockets.getFirst().close();
            await().until(() -> there.get("/api/v1/topics/t/presence").json().size() == 4);
            sockets.add(there.socket());
            sockets.forEach(RelayClient.Socket::abort);
        }
        await().until(() -> anna.get("/api/v1/topics/t/presence").json().isEmpty());
    }
}
