package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.RawHttp;
import dev.holdfast.toolkit.Toolkit;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
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

/** The relay as its clients see it. */
class RelayTest {
    private RelayServer server;
    private Holdfast store;
    private Toolkit toolkit;
    private HttpFace face;
    private RelayClient admin;
    private RelayClient anna;

    @BeforeEach
    void start() throws Exception {
        server = new RelayServer();
        store = server.store;
        toolkit = server.toolkit;
        face = server.face;
        admin = server.admin;
        anna = server.anna;
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private RelayClient user(String name, String permissions) throws Exception {
        return server.user(name, permissions);
    }

    private JsonNode poll(RelayClient client, String body) throws Exception {
        return client.post("/messages/poll", body).expect(200).json();
    }

    private static List<String> ids(JsonNode messages) {
        List<String> ids = new ArrayList<>();
        messages.forEach(message -> ids.add(message.get("message_id").asString()));
        return ids;
    }

    // ---- who may ----

    @Test
    void permissionsAreAskedFor() throws Exception {
        try (RelayClient reader = user("reader", "\"read\"");
                RelayClient writer = user("writer", "\"write\"")) {
            reader.publish("t", "{}").expect(403);
            reader.post("/api/v1/topics", "{\"topic_name\":\"t\"}").expect(403);
            writer.publish("t", "{}").expect(201);
            writer.post("/messages/poll", "{\"topics\":[\"t\"],\"timeout\":1}").expect(403);
            assertThrows(CompletionException.class, writer::socket);
            for (String path : new String[] {"/auth/users", "/auth/users/stats", "/api/v1/topics/stats"}) {
                anna.get(path).expect(403);
                admin.get(path).expect(200);
            }
            anna.post("/auth/register", "{}").expect(403);
        }
    }

    @Test
    void aSecretThatCanBeGuessedIsRefused() {
        for (String weak : new String[] {"", "short", "x".repeat(64)}) {
            assertThrows(IllegalArgumentException.class, () -> new Login(toolkit, weak));
        }
    }

    @Test
    void aTokenEndsWithItsSession() throws Exception {
        anna.get("/auth/me").expect(200);
        String old = anna.token;
        anna.post("/auth/logout", "").expect(204);
        anna.get("/auth/me").expect(401);
        anna.login("anna", "password+of+anna");
        assertNotEquals(old, anna.token);
        anna.get("/auth/me").expect(200);
    }

    @Test
    void aRefreshTokenIsGoodOnceAndItsSecondUseEndsTheFamily() throws Exception {
        String first = anna.login("anna", "password+of+anna");
        JsonNode second = anna.post("/auth/token/refresh", "{\"refresh_token\":\"" + first + "\"}")
                .expect(200)
                .json();
        String access = second.get("access_token").asString();
        anna.token = access;
        anna.get("/auth/me").expect(200);
        anna.post("/auth/token/refresh", "{\"refresh_token\":\"" + first + "\"}")
                .expect(401);
        anna.get("/auth/me").expect(401);
        anna.token = "";
        anna.post(
                        "/auth/token/refresh",
                        "{\"refresh_token\":\"" + second.get("refresh_token").asString() + "\"}")
                .expect(401);
        for (String bad : new String[] {"x", "x.y", first + "x"}) {
            anna.post("/auth/token/refresh", "{\"refresh_token\":\"" + bad + "\"}")
                    .expect(401);
        }
    }

    @Test
    void sessionsAreListedAndEnded() throws Exception {
        anna.login("anna", "password+of+anna");
        JsonNode sessions = anna.get("/auth/sessions").expect(200).json();
        assertEquals(2, sessions.size());
        try (RelayClient ben = user("ben", "\"read\"")) {
            ben.send("DELETE", "/auth/sessions/" + sessions.get(0).get("jti").asString(), "")
                    .expect(404);
        }
        anna.send("DELETE", "/auth/sessions/" + sessions.get(0).get("jti").asString(), "")
                .expect(204);
        anna.send("DELETE", "/auth/sessions/" + sessions.get(1).get("jti").asString(), "");
        anna.get("/auth/me").expect(401);
    }

    @Test
    void aUserWhoIsShutOutIsOutAtOnce() throws Exception {
        String id = anna.get("/auth/me").json().get("user_id").asString();
        RelayClient.Socket socket = anna.socket();
        socket.say("{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"t\"]}");
        assertEquals(
                "subscribed", Objects.requireNonNull(socket.hear()).get("type").asString());
        admin.send("PATCH", "/auth/users/" + id, "{\"is_active\":false}").expect(200);
        assertTrue(anna.get("/auth/me").status() >= 401);
        assertEquals("closed 1008", socket.hearText());
        admin.send("PATCH", "/auth/users/" + id, "{\"is_active\":true,\"password\":\"another password\"}")
                .expect(200);
        anna.get("/auth/me").expect(401);
        anna.login("anna", "another+password");
        admin.send("DELETE", "/auth/users/" + id, "").expect(204);
        anna.get("/auth/me").expect(401);
        admin.get("/auth/me").expect(200);
    }

    @Test
    void guessingPasswordsIsSlow() throws Exception {
        anna.token = "";
        List<CompletableFuture<Integer>> guesses = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            guesses.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return anna.tryLogin("anna", "wrong").status();
                        } catch (Exception e) {
                            throw new CompletionException(e);
                        }
                    },
                    Thread::startVirtualThread));
        }
        List<Integer> statuses = guesses.stream().map(CompletableFuture::join).toList();
        assertFalse(statuses.contains(200));
        assertTrue(statuses.contains(429), statuses::toString);
    }

    // ---- publishing ----

    @Test
    void aMessageComesBackAsItWasSent() throws Exception {
        String payload = "{\"n\":1.10,\"big\":123456789012345678901234567890,\"text\":\"ä\\u2028\\n\",\"deep\":[[{}]]}";
        JsonNode answer = anna.post(
                        "/api/v1/messages", "{\"topic\":\"t\",\"payload\":" + payload + ",\"metadata\":{\"k\":\"v\"}}")
                .expect(201)
                .json();
        JsonNode page = anna.get("/api/v1/topics/t/messages").expect(200).json();
        JsonNode message = page.get("messages").get(0);
        assertEquals(answer.get("message_id"), message.get("message_id"));
        assertEquals(answer.get("timestamp"), message.get("timestamp"));
        assertEquals(Json.read(payload.getBytes(StandardCharsets.UTF_8)), message.get("payload"));
        assertTrue(anna.get("/api/v1/topics/t/messages").text().contains("1.10"));
        assertEquals("v", message.get("metadata").get("k").asString());
        // The layout is pulsar-relay's.
        String id = anna.get("/auth/me").json().get("user_id").asString();
        assertEquals(1L, store.call("XLEN", "stream:topic:" + id + "/t"));
        assertEquals(1L, store.call("SISMEMBER", "user:" + id + ":owned_topics", "t"));
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        String[] bad = {
            "{}",
            "[]",
            "{\"topic\":\"t\"}",
            "{\"topic\":\"a b\",\"payload\":{}}",
            "{\"topic\":\"\",\"payload\":{}}",
            "{\"topic\":\"t\",\"payload\":[]}",
            "{\"topic\":\"t\",\"payload\":{},\"ttl\":0}",
            "{\"topic\":\"t\",\"payload\":{},\"ttl\":\"1\"}",
            "{\"topic\":\"t\",\"payload\":{},\"metadata\":{\"a\":1}}",
            "{\"topic\":\"" + "x".repeat(256) + "\",\"payload\":{}}",
            "{",
            "{\"topic\":\"t\",\"payload\":{}} x"
        };
        for (String body : bad) {
            anna.post("/api/v1/messages", body).expect(422);
        }
        anna.publish("t", "{\"x\":\"" + "x".repeat(1 << 20) + "\"}").expect(413);
        anna.post("/api/v1/messages/bulk", "{\"messages\":[]}").expect(422);
        assertEquals("[]", anna.get("/api/v1/topics").json().toString());
    }

    @Test
    void aKeyMakesAPublicationHappenOnce() throws Exception {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            answers.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return keyed("k1", "{\"a\":1}")
                            .expect(201)
                            .json()
                            .get("message_id")
                            .asString();
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
            }));
        }
        Set<String> ids = new TreeSet<>();
        answers.forEach(answer -> ids.add(answer.join()));
        assertEquals(1, ids.size());
        assertEquals(
                1, anna.get("/api/v1/topics/t/messages").json().get("messages").size());
        keyed("k1", "{\"a\":2}").expect(422);
        assertNotEquals(
                ids,
                Set.of(keyed("k2", "{\"a\":1}")
                        .expect(201)
                        .json()
                        .get("message_id")
                        .asString()));
        // Another user's key is another key.
        try (RelayClient ben = user("ben", "\"write\"")) {
            ben.send(ben.request("/api/v1/messages")
                            .header("Idempotency-Key", "k1")
                            .POST(HttpRequest.BodyPublishers.ofString("{\"topic\":\"t\",\"payload\":{\"b\":1}}")))
                    .expect(201);
        }
    }

    private RelayClient.Answer keyed(String key, String payload) throws Exception {
        return anna.send(anna.request("/api/v1/messages")
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString("{\"topic\":\"t\",\"payload\":" + payload + "}")));
    }

    @Test
    void manyAreAnsweredOneByOne() throws Exception {
        String body =
                "{\"messages\":[{\"topic\":\"a\",\"payload\":{\"n\":1}},{\"topic\":\"b\",\"payload\":{\"n\":2}}]}";
        for (int time = 0; time < 2; time++) {
            JsonNode answer = anna.send(anna.request("/api/v1/messages/bulk")
                            .header("Idempotency-Key", "bulk")
                            .POST(HttpRequest.BodyPublishers.ofString(body)))
                    .expect(207)
                    .json();
            assertEquals("{\"total\":2,\"accepted\":2,\"rejected\":0}", sorted(answer.get("summary")));
            assertEquals("accepted", answer.get("results").get(1).get("status").asString());
        }
        assertEquals(
                1, anna.get("/api/v1/topics/a/messages").json().get("messages").size());
        // One that is malformed, or not allowed, and none is published.
        anna.post("/api/v1/messages/bulk", "{\"messages\":[{\"topic\":\"c\",\"payload\":{}},{\"topic\":\"c\"}]}")
                .expect(422);
        anna.post(
                        "/api/v1/messages/bulk",
                        "{\"messages\":[{\"topic\":\"c\",\"payload\":{}},{\"topic\":\"admin/x\",\"payload\":{}}]}")
                .expect(403);
        assertEquals(
                0,
                anna.get("/api/v1/topics/c")
                        .expect(200)
                        .json()
                        .get("message_count")
                        .asInt());
    }

    private static String sorted(JsonNode summary) {
        return "{\"total\":" + summary.get("total") + ",\"accepted\":" + summary.get("accepted") + ",\"rejected\":"
                + summary.get("rejected") + "}";
    }

    @Test
    void aFullStoreRefusesAndGoesOn() throws Exception {
        anna.publish("t", "{}").expect(201);
        store.call("CONFIG", "SET", "maxmemory", "1");
        anna.publish("t", "{}").expect(507);
        JsonNode bulk = anna.post("/api/v1/messages/bulk", "{\"messages\":[{\"topic\":\"t\",\"payload\":{}}]}")
                .expect(207)
                .json();
        assertEquals("rejected", bulk.get("results").get(0).get("status").asString());
        assertEquals(
                1,
                poll(anna, "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"earliest\"}}")
                        .get("messages")
                        .size());
        store.call("CONFIG", "SET", "maxmemory", "0");
        anna.publish("t", "{}").expect(201);
    }

    // ---- topics ----

    @Test
    void topicsBelongToUsersAndCanBeShared() throws Exception {
        anna.post("/api/v1/topics", "{\"topic_name\":\"jobs\",\"description\":\"d\"}")
                .expect(201);
        anna.post("/api/v1/topics", "{\"topic_name\":\"jobs\"}").expect(400);
        anna.publish("jobs", "{\"by\":\"anna\"}").expect(201);
        try (RelayClient ben = user("ben", "\"read\",\"write\"")) {
            ben.publish("jobs", "{\"by\":\"ben\"}").expect(201);
            assertEquals(
                    "ben",
                    ben.get("/api/v1/topics/jobs/messages")
                            .json()
                            .get("messages")
                            .get(0)
                            .get("payload")
                            .get("by")
                            .asString());
            String since = "{\"topics\":[\"anna/jobs\"],\"timeout\":1,\"since\":{\"anna/jobs\":\"earliest\"}}";
            ben.post("/messages/poll", since).expect(403);
            ben.get("/api/v1/topics/jobs?owner=anna").expect(403);
            ben.publish("anna/jobs", "{}").expect(403);
            ben.publish("nobody/jobs", "{}").expect(403);

            anna.send("PUT", "/api/v1/topics/jobs/permissions/ben", "{\"permission\":\"read\"}")
                    .expect(200);
            assertEquals(
                    "anna",
                    poll(ben, since)
                            .get("messages")
                            .get(0)
                            .get("payload")
                            .get("by")
                            .asString());
            ben.publish("anna/jobs", "{}").expect(403);
            anna.send("PUT", "/api/v1/topics/jobs/permissions/ben", "{\"permission\":\"write\"}")
                    .expect(200);
            ben.publish("anna/jobs", "{}").expect(201);
            anna.send("DELETE", "/api/v1/topics/jobs/permissions/ben", "").expect(204);
            ben.post("/messages/poll", since).expect(403);

            anna.send("PUT", "/api/v1/topics/jobs", "{\"is_public\":true}").expect(200);
            assertEquals(2, poll(ben, since).get("messages").size());
            ben.publish("anna/jobs", "{}").expect(403);
            ben.send("DELETE", "/api/v1/topics/nothing", "").expect(404);
        }
        anna.send("DELETE", "/api/v1/topics/jobs", "").expect(204);
        anna.get("/api/v1/topics/jobs").expect(404);
        assertEquals(
                0,
                poll(anna, "{\"topics\":[\"jobs\"],\"timeout\":1,\"since\":{\"jobs\":\"earliest\"}}")
                        .get("messages")
                        .size());
    }

    @Test
    void messagesArePagedBothWaysAndTrimmed() throws Exception {
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            sent.add(anna.publish("t", "{\"n\":" + i + "}")
                    .expect(201)
                    .json()
                    .get("message_id")
                    .asString());
        }
        List<String> up = new ArrayList<>();
        String cursor = "0-0";
        while (!cursor.equals("null")) {
            JsonNode page = anna.get("/api/v1/topics/t/messages?order=asc&limit=10&cursor=" + cursor)
                    .json();
            up.addAll(ids(page.get("messages")));
            cursor = page.get("next_cursor").isNull()
                    ? "null"
                    : page.get("next_cursor").asString();
        }
        assertEquals(sent, up);
        JsonNode down = anna.get("/api/v1/topics/t/messages?limit=5").json();
        assertEquals(sent.reversed().subList(0, 5), ids(down.get("messages")));
        assertEquals(
                15,
                anna.post("/api/v1/topics/t/trim", "{\"keep_count\":10}")
                        .expect(200)
                        .json()
                        .get("removed")
                        .asInt());
        anna.get("/api/v1/topics/t/messages?order=up").expect(400);
        anna.get("/api/v1/topics/t/messages?limit=0").expect(422);
        JsonNode lost = poll(anna, "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"" + sent.get(3) + "\"}}");
        assertFalse(lost.get("recovered").asBoolean());
        assertEquals(sent.get(15), lost.get("lost").get("t").get("oldest").asString());
        assertEquals(10, lost.get("messages").size());
        JsonNode whole = poll(anna, "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"" + sent.get(16) + "\"}}");
        assertTrue(whole.get("recovered").asBoolean());
        JsonNode future = poll(anna, "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"99999999999999-0\"}}");
        assertFalse(future.get("recovered").asBoolean());
        assertEquals(10, future.get("messages").size());
    }

    @Test
    void aMessageWhoseTimeIsOverIsNotHandedOut() throws Exception {
        anna.post("/api/v1/messages", "{\"topic\":\"t\",\"payload\":{},\"ttl\":1}")
                .expect(201);
        String id = anna.get("/auth/me").json().get("user_id").asString();
        store.call("XADD", "stream:topic:" + id + "/t", "*", "payload", "{}", "expires_at", "1");
        anna.publish("t", "{\"kept\":true}").expect(201);
        JsonNode messages = poll(anna, "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"earliest\"}}")
                .get("messages");
        assertTrue(messages.size() == 1 || messages.size() == 2);
        assertTrue(messages.get(messages.size() - 1).get("payload").get("kept").asBoolean());
    }

    @Test
    void whatAnotherProgramWroteIsPassedOn() throws Exception {
        String id = anna.get("/auth/me").json().get("user_id").asString();
        store.call("XADD", "stream:topic:" + id + "/t", "5-1", "payload", "not json", "timestamp", "\"quoted\"");
        store.call("XADD", "stream:topic:" + id + "/t", "5-2", "other", "x");
        JsonNode messages = poll(anna, "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"0\"}}")
                .get("messages");
        assertEquals("not json", messages.get(0).get("payload").asString());
        assertEquals("\"quoted\"", messages.get(0).get("timestamp").asString());
        assertEquals("{}", messages.get(1).get("payload").toString());
    }

    // ---- polling ----

    @Test
    void aPollWaitsForNewsAndHasACursorEitherWay() throws Exception {
        JsonNode nothing = poll(anna, "{\"topics\":[\"t\",\"u\"],\"timeout\":1}");
        assertEquals(0, nothing.get("messages").size());
        String t = nothing.get("cursors").get("t").asString();
        CompletableFuture<JsonNode> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return poll(
                        anna,
                        "{\"topics\":[\"t\",\"u\"],\"timeout\":30,\"since\":{\"t\":\"" + t + "\",\"u\":\"0-0\"}}");
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
        String id = anna.publish("t", "{\"n\":1}")
                .expect(201)
                .json()
                .get("message_id")
                .asString();
        JsonNode news = waiting.join();
        assertEquals(List.of(id), ids(news.get("messages")));
        assertEquals(id, news.get("cursors").get("t").asString());
        assertEquals("t", news.get("messages").get(0).get("topic").asString());
    }

    /** The reader of the topic, which another poll keeps alive, is ahead of all that there is. */
    @Test
    void aPollOfATopicThatWasDeletedEndsInTime() throws Exception {
        String id = anna.publish("t", "{\"n\":1}")
                .expect(201)
                .json()
                .get("message_id")
                .asString();
        String behind = "{\"topics\":[\"t\"],\"timeout\":30,\"since\":{\"t\":\"" + id + "\"}}";
        CompletableFuture<JsonNode> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return poll(anna, behind);
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
        while (anna.get("/messages/poll/stats").json().get("active_waiters").asInt() == 0) {
            Thread.onSpinWait();
        }
        anna.send("DELETE", "/api/v1/topics/t", "").expect(204);
        String all = "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"earliest\"}}";
        assertEquals(0, poll(anna, all).get("messages").size());
        String again = anna.publish("t", "{\"n\":2}")
                .expect(201)
                .json()
                .get("message_id")
                .asString();
        assertEquals(List.of(again), ids(waiting.join().get("messages")));
        assertEquals(List.of(again), ids(poll(anna, all).get("messages")));
    }

    /** Publishing all the while, and polling with the cursors that came: nothing is missed, nothing comes twice. */
    @Test
    void nothingFallsBetweenTwoPolls() throws Exception {
        int count = 300;
        CompletableFuture<Void> publishing = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    anna.publish("t", "{\"n\":" + i + "}").expect(201);
                }
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
        List<Integer> seen = new ArrayList<>();
        String cursor = "0-0";
        while (seen.size() < count) {
            JsonNode page = poll(anna, "{\"topics\":[\"t\"],\"timeout\":20,\"since\":{\"t\":\"" + cursor + "\"}}");
            page.get("messages")
                    .forEach(message -> seen.add(message.get("payload").get("n").asInt()));
            cursor = page.get("cursors").get("t").asString();
        }
        publishing.join();
        for (int i = 0; i < count; i++) {
            assertEquals(i, seen.get(i));
        }
    }

    @Test
    void aUserHasSoManyPollsAtOnce() throws Exception {
        List<CompletableFuture<Integer>> polls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            polls.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return anna.post("/messages/poll", "{\"topics\":[\"t\"],\"timeout\":2}")
                            .status();
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
            }));
        }
        List<Integer> statuses =
                polls.stream().map(CompletableFuture::join).sorted().toList();
        assertEquals(200, statuses.getFirst());
        assertEquals(429, statuses.getLast());
        assertEquals(
                200,
                anna.post("/messages/poll", "{\"topics\":[\"t\"],\"timeout\":1}")
                        .status());
    }

    // ---- streams ----

    @Test
    void aSocketGetsHistoryThenNewsInOrder() throws Exception {
        for (int i = 0; i < 150; i++) {
            anna.publish("t", "{\"n\":" + i + "}").expect(201);
        }
        RelayClient.Socket socket = anna.socket();
        socket.say("{\"type\":\"ping\"}");
        assertEquals("pong", Objects.requireNonNull(socket.hear()).get("type").asString());
        socket.say("{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"t\"],\"offset\":\"earliest\"}");
        JsonNode subscribed = Objects.requireNonNull(socket.hear());
        assertEquals("subscribed", subscribed.get("type").asString());
        assertTrue(subscribed.get("recovered").asBoolean());
        assertEquals("0-0", subscribed.get("cursors").get("t").asString());
        for (int i = 150; i < 300; i++) {
            anna.publish("t", "{\"n\":" + i + "}").expect(201);
        }
        String last = "";
        for (int i = 0; i < 300; i++) {
            JsonNode message = Objects.requireNonNull(socket.hear());
            assertEquals("message", message.get("type").asString());
            assertEquals(i, message.get("payload").get("n").asInt());
            last = message.get("message_id").asString();
        }
        socket.say("{\"type\":\"ack\",\"message_id\":\"" + last + "\"}");
        socket.say("{\"type\":\"ping\"}");
        assertEquals("pong", Objects.requireNonNull(socket.hear()).get("type").asString());
        socket.abort();
        String missed =
                anna.publish("t", "{\"n\":300}").json().get("message_id").asString();
        RelayClient.Socket again = anna.socket();
        again.say("{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"t\"],\"offset\":\"acked\"}");
        assertEquals(
                last,
                Objects.requireNonNull(again.hear()).get("cursors").get("t").asString());
        assertEquals(
                missed, Objects.requireNonNull(again.hear()).get("message_id").asString());
        again.say("{\"type\":\"unsubscribe\",\"topics\":[\"t\"]}");
        assertEquals(
                missed,
                Objects.requireNonNull(again.hear()).get("cursors").get("t").asString());
        again.close();
    }

    @Test
    void aSocketIsToldWhatIsWrong() throws Exception {
        RelayClient.Socket socket = anna.socket();
        for (String bad : new String[] {
            "x",
            "[]",
            "{}",
            "{\"type\":\"x\"}",
            "{\"type\":\"subscribe\"}",
            "{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"admin/t\"]}",
            "{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"t\"],\"offset\":\"nonsense\"}",
            "{\"type\":\"ack\",\"message_id\":\"nonsense\"}"
        }) {
            socket.say(bad);
            assertEquals(
                    "error",
                    Objects.requireNonNull(socket.hear(), bad).get("type").asString(),
                    bad);
        }
        socket.close();
        assertEquals("closed 1000", socket.hearText());
    }

    @Test
    void aUserHasSoManySocketsAtOnce() throws Exception {
        List<RelayClient.Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sockets.add(anna.socket());
        }
        assertThrows(CompletionException.class, anna::socket);
        sockets.forEach(RelayClient.Socket::abort);
        org.awaitility.Awaitility.await().ignoreExceptions().until(() -> {
            anna.socket().close();
            return true;
        });
    }

    /** A client that does not read for a while holds up no other, and gets everything when it reads again. */
    @Test
    void aSlowClientMissesNothing() throws Exception {
        int count = 400;
        String large = "\"" + "x".repeat(20_000) + "\"";
        try (RawHttp slow = new RawHttp(face.port())) {
            slow.send("GET /api/v1/events?topics=t&since=earliest HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + anna.token + "\r\n\r\n");
            slow.readUntil("event: open", 1);
            RelayClient.Socket quick = anna.socket();
            quick.say("{\"type\":\"subscribe\",\"client_id\":\"q\",\"topics\":[\"t\"]}");
            quick.hear();
            for (int i = 0; i < count; i++) {
                anna.publish("t", "{\"n\":" + i + ",\"x\":" + large + "}").expect(201);
                assertEquals(
                        i,
                        Objects.requireNonNull(quick.hear())
                                .get("payload")
                                .get("n")
                                .asInt());
            }
            String all = slow.readUntil("\"n\":" + (count - 1) + ",", 1);
            int from = 0;
            for (int i = 0; i < count; i++) {
                int place = all.indexOf("\"n\":" + i + ",", from);
                assertTrue(place >= 0, "missing " + i);
                from = place;
            }
            assertEquals(count - 1 + 1, all.split("\"n\":", -1).length - 1);
        }
    }

    @Test
    void eventsGoOnFromTheLastId() throws Exception {
        anna.publish("t", "{\"n\":0}").expect(201);
        String last;
        String head = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + anna.token + "\r\n";
        try (RawHttp events = new RawHttp(face.port())) {
            events.send("GET /api/v1/events?topics=t,u" + head + "\r\n");
            events.readUntil("event: open", 1);
            anna.publish("u", "{\"n\":1}").expect(201);
            String text = events.readUntil("\"n\":1", 1);
            int id = text.lastIndexOf("id: ");
            last = text.substring(id + 4, text.indexOf('\n', id));
        }
        anna.publish("t", "{\"n\":2}").expect(201);
        anna.publish("u", "{\"n\":3}").expect(201);
        try (RawHttp events = new RawHttp(face.port())) {
            events.send("GET /api/v1/events?topics=t,u" + head + "Last-Event-ID: " + last + "\r\n\r\n");
            String text = events.readUntil("\"n\":", 2);
            assertFalse(text.contains("\"n\":0") || text.contains("\"n\":1"), text);
        }
        try (RawHttp events = new RawHttp(face.port())) {
            events.send("GET /api/v1/events?topics=t&since=99999999999999-0" + head + "\r\n");
            String text = events.readUntil("\"n\":2", 1);
            assertTrue(text.contains("event: gap"), text);
            assertTrue(text.contains("\"recovered\":false"), text);
        }
        anna.get("/api/v1/events").expect(422);
        anna.get("/api/v1/events?topics=admin/t").expect(403);
    }

    @Test
    void aSocketIsClosedAtLogout() throws Exception {
        RelayClient.Socket socket = anna.socket();
        anna.post("/auth/logout", "").expect(204);
        assertNull(socket.hear());
    }
}
