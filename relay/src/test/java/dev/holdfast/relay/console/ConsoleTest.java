package dev.holdfast.relay.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.topic.RelaySettings;
import dev.holdfast.server.Endpoint;
import dev.holdfast.toolkit.Toolkit;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The console's requests as a browser sends them. */
class ConsoleTest {
    private final Holdfast store = Holdfast.open();
    private final Toolkit toolkit = Toolkit.over(store);
    private final Login login = new Login(toolkit, "7c1b0f5e9a3d4c2b8e6f1a0d9c8b7a65");
    private final HttpClient client = HttpClient.newHttpClient();
    private HttpFace face = serve(ConsoleUsers.ALL);
    private String cookie = "";
    private @Nullable String setCookie;

    private HttpFace serve(ConsoleUsers users) {
        HttpFace opened = HttpFace.over(toolkit)
                .relay(login, RelaySettings.DEFAULT)
                .console(users)
                .build();
        try {
            opened.serveAll(
                    accept -> Endpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), accept));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return opened;
    }

    @BeforeEach
    void logIn() throws Exception {
        login.bootstrap("admin", "password of admin", "");
        logIn("admin");
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        face.close();
        toolkit.close();
        store.close();
    }

    private record Answer(int status, String text, HttpResponse<String> response) {
        JsonNode json() {
            return Json.read(text.getBytes(StandardCharsets.UTF_8));
        }

        Answer expect(int expected) {
            assertEquals(expected, status, text);
            return this;
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    private Answer send(String method, String path, String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + face.port() + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (!cookie.isEmpty()) {
            request.header("Cookie", "other=1; " + cookie);
        }
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        setCookie = answer.headers().firstValue("set-cookie").orElse(null);
        return new Answer(answer.statusCode(), answer.body(), answer);
    }

    private Answer get(String path) throws Exception {
        return send("GET", "/console/api/" + path, "");
    }

    private Answer change(String method, String path, String body) throws Exception {
        return send(method, "/console/api/" + path, body, "X-Holdfast-Console", "1");
    }

    private Answer logIn(String name) throws Exception {
        cookie = "";
        Answer answer = send(
                "POST",
                "/console/api/session",
                "username=" + name + "&password=password+of+" + name,
                "X-Holdfast-Console",
                "1",
                "Content-Type",
                "application/x-www-form-urlencoded");
        if (answer.status == 200) {
            cookie = Objects.requireNonNull(setCookie).split(";")[0];
        }
        return answer;
    }

    /** Adds a user, who is logged in then. */
    private void user(String name, String permissions) throws Exception {
        String token = send(
                        "POST",
                        "/auth/login",
                        "username=admin&password=password+of+admin",
                        "Content-Type",
                        "application/x-www-form-urlencoded")
                .json()
                .get("access_token")
                .asString();
        send(
                        "POST",
                        "/auth/register",
                        "{\"username\":\"" + name + "\",\"password\":\"password of " + name + "\",\"permissions\":["
                                + permissions + "]}",
                        "Authorization",
                        "Bearer " + token)
                .expect(201);
        logIn(name).expect(200);
    }

    // ---- the page ----

    @Test
    void aBrowserGetsThePageAndOthersWhatTheyGotBefore() throws Exception {
        Answer page = send("GET", "/", "", "Accept", "text/html,*/*").expect(200);
        assertEquals("text/html; charset=utf-8", page.header("content-type"));
        String policy = page.header("content-security-policy");
        assertTrue(policy.startsWith("default-src 'none'; script-src 'self'"), policy);
        assertFalse(policy.contains("unsafe"), policy);
        assertEquals("{\"name\":\"holdfast\"}", send("GET", "/", "").expect(200).text());
        send("GET", "/console/..%2findex.html", "").expect(404);
    }

    // ---- who is in ----

    @Test
    void theCookieIsOutOfReachOfScriptsAndOtherSites() {
        String set = Objects.requireNonNull(setCookie);
        assertTrue(
                set.contains("; HttpOnly") && set.contains("; SameSite=Strict") && set.contains("; Path=/console/"),
                set);
    }

    @Test
    void aChangeByTheCookieAloneIsRefused() throws Exception {
        send("PUT", "/console/api/key?key=k", "{\"type\":\"string\",\"value\":\"v\"}")
                .expect(403);
        change("PUT", "key?key=k", "{\"type\":\"string\",\"value\":\"v\"}").expect(204);
        assertEquals("v", store.get("k"));
        get("session").expect(200);
        send("GET", "/auth/me", "").expect(401);
    }

    @Test
    void anOpenPageStaysLoggedInAndLoggingOutEndsAllItsTokens() throws Exception {
        String first = cookie;
        get("session").expect(200);
        String second = Objects.requireNonNull(setCookie).split(";")[0];
        assertFalse(second.equals(first));
        cookie = second;
        get("overview").expect(200);
        change("DELETE", "session", "").expect(204);
        get("overview").expect(401);
        cookie = first;
        get("overview").expect(401);
    }

    @Test
    void readersDoNotWriteAndNobodyReachesAccountsButAdministrators() throws Exception {
        store.set("k", "v");
        user("rea", "\"read\"");
        get("key?key=k").expect(200);
        change("PUT", "key?key=k", "{\"type\":\"string\",\"value\":\"w\"}").expect(403);
        change("DELETE", "key?key=k", "").expect(403);
        change("DELETE", "keys?pattern=*", "").expect(403);
        get("key?key=user:username_index").expect(403);
        user("wil", "\"read\",\"write\"");
        change("PUT", "key?key=k", "{\"type\":\"string\",\"value\":\"w\"}").expect(204);
        String id = toolkit.store().call("HGET", "user:username_index", "wil").text();
        change(
                        "PUT",
                        "key?key=user:" + id,
                        "{\"type\":\"hash\",\"field\":\"permissions\",\"value\":\"[\\\"admin\\\"]\"}")
                .expect(403);
        change("DELETE", "key?key=user:" + id, "").expect(403);
        change("PUT", "key/ttl?key=user:" + id, "{\"ttl_millis\":1000}").expect(403);
        JsonNode deleted = change("DELETE", "keys?pattern=*", "").expect(200).json();
        assertTrue(deleted.get("deleted").asInt() >= 1);
        assertNull(store.get("k"));
        logIn("wil").expect(200);
    }

    @Test
    void forAdministratorsMeansForThemAlone() throws Exception {
        user("rea", "\"read\",\"write\"");
        face.close();
        face = serve(ConsoleUsers.ADMINS);
        get("session").expect(403);
        get("overview").expect(403);
        logIn("rea").expect(403);
        logIn("admin").expect(200);
        get("overview").expect(200);
        face.close();
        face = serve(ConsoleUsers.NONE);
        get("overview").expect(404);
        assertEquals(
                "{\"name\":\"holdfast\"}",
                send("GET", "/", "", "Accept", "text/html").expect(200).text());
    }

    // ---- keys ----

    @Test
    void everyKeyIsFoundOnceThoughARequestLooksAtFew() throws Exception {
        for (int i = 0; i < 5000; i++) {
            store.set("a:" + i, "v");
        }
        store.call("SADD", "s", "m");
        Set<String> found = new HashSet<>();
        String cursor = "0";
        int requests = 0;
        do {
            JsonNode page = get("keys?pattern=a:*&type=string&count=500&cursor=" + cursor)
                    .expect(200)
                    .json();
            page.get("keys").forEach(key -> found.add(key.get("key").get("text").asString()));
            cursor = page.get("cursor").asString();
            requests++;
        } while (!cursor.equals("0"));
        assertEquals(5000, found.size());
        assertTrue(requests >= 5, requests + " requests");
    }

    @Test
    void theTreeCountsEveryKey() throws Exception {
        for (int i = 0; i < 1000; i++) {
            store.call("SET", "user:" + i % 10 + ":name:" + i, "v", "EX", 1000);
            store.set("plain" + i, "v");
        }
        store.call("HSET", "user:1", "f", "v");
        assertEquals("none", get("tree").json().get("state").asString());
        change("POST", "tree", "").expect(202);
        Awaitility.await()
                .until(() -> get("tree").json().get("state").asString().equals("done"));
        JsonNode root = get("tree").json().get("branch");
        assertEquals(toolkit.store().call("DBSIZE").number(), root.get("keys").asLong());
        JsonNode user = get("tree?prefix=user:").json().get("branch");
        // An account is user:{uuid}, and so is the index of their names.
        assertTrue(user.get("keys").asLong() >= 1001);
        JsonNode one = get("tree?prefix=user:1:").json().get("branch");
        assertEquals(100, one.get("keys").asLong());
        assertEquals(100, one.get("expiring").asLong());
        assertEquals(100, one.get("types").get("string").asLong());
        assertEquals("user:1:name:", one.get("children").get(0).get("prefix").asString());
        long bytes = 0;
        for (int i = 1; i < 1000; i += 10) {
            bytes += toolkit.store().call("MEMORY", "USAGE", "user:1:name:" + i).number();
        }
        assertTrue(one.get("bytes").asLong() > 0 && one.get("bytes").asLong() <= bytes, one + " " + bytes);
    }

    @Test
    void aLargeValueComesInPieces() throws Exception {
        store.set("s", "x".repeat(200_000));
        StringBuilder whole = new StringBuilder();
        String cursor = "";
        do {
            JsonNode page = get("key?key=s&cursor=" + cursor).expect(200).json();
            whole.append(page.get("value").get("text").asString());
            cursor = page.get("cursor").asString();
        } while (!cursor.isEmpty());
        assertEquals(200_000, whole.length());
        List<Object> words = new ArrayList<>(List.of("h"));
        for (int i = 0; i < 3000; i++) {
            words.addAll(List.of("f" + i, "v"));
        }
        store.call("HSET", words.toArray());
        words.removeIf(word -> word.equals("v") || word.equals("h"));
        store.call("RPUSH", withKey("l", words));
        for (int i = 0; i < 700; i++) {
            store.call("ZADD", "z", i, "m" + i);
            store.call("XADD", "x", (i + 1) + "-0", "f", i);
        }
        assertEquals(3000, elements("h"));
        assertEquals(3000, elements("l"));
        assertEquals(700, elements("z"));
        assertEquals(700, elements("x"));
    }

    private static Object[] withKey(String key, List<Object> words) {
        List<Object> all = new ArrayList<>(List.of(key));
        all.addAll(words);
        return all.toArray();
    }

    private int elements(String key) throws Exception {
        Set<String> found = new HashSet<>();
        String cursor = "";
        do {
            JsonNode page = get("key?count=100&key=" + key + "&cursor=" + cursor)
                    .expect(200)
                    .json();
            page.get("elements").forEach(element -> found.add(element.toString()));
            cursor = page.get("cursor").asString();
        } while (!cursor.isEmpty());
        return found.size();
    }

    @Test
    void whatIsNoTextIsShownAndChanged() throws Exception {
        byte[] key = {(byte) 0xff, 0, 'k'};
        store.call("SET", key, new byte[] {(byte) 0x80});
        String coded = Base64.getUrlEncoder().encodeToString(key);
        JsonNode page = get("key?key64=" + coded).expect(200).json();
        assertEquals("gA==", page.get("value").get("base64").asString());
        change("PUT", "key?key64=" + coded, "{\"type\":\"string\",\"value64\":\"gYI=\"}")
                .expect(204);
        assertEquals(2L, store.call("STRLEN", key));
        JsonNode listed = get("keys?type=string").json().get("keys").get(0).get("key");
        assertTrue(listed.has("base64"), listed.toString());
    }

    @Test
    void anElementIsAddedChangedAndRemovedAndTheTimeToLiveStays() throws Exception {
        change("PUT", "key?key=h", "{\"type\":\"hash\",\"field\":\"f\",\"value\":\"1\"}")
                .expect(204);
        change("PUT", "key/ttl?key=h", "{\"ttl_millis\":100000}").expect(204);
        change("PUT", "key?key=h", "{\"type\":\"hash\",\"field\":\"f\",\"value\":\"2\"}")
                .expect(204);
        assertTrue(toolkit.store().call("PTTL", "h").number() > 0);
        change("PUT", "key?key=h", "{\"type\":\"hash\",\"field\":\"f\",\"remove\":true}")
                .expect(204);
        change("PUT", "key?key=h", "{\"type\":\"hash\",\"field\":\"f\",\"remove\":true}")
                .expect(404);
        change("PUT", "key?key=l", "{\"type\":\"list\",\"value\":\"a\"}").expect(204);
        change("PUT", "key?key=l", "{\"type\":\"list\",\"index\":0,\"value\":\"b\"}")
                .expect(204);
        assertTrue(change("PUT", "key?key=l", "{\"type\":\"list\",\"index\":9,\"value\":\"b\"}")
                .expect(409)
                .text()
                .contains("index out of range"));
        change("PUT", "key?key=s", "{\"type\":\"string\",\"value\":\"1\"}").expect(204);
        change("PUT", "key/ttl?key=s", "{\"ttl_millis\":100000}").expect(204);
        change("PUT", "key?key=s", "{\"type\":\"string\",\"value\":\"2\"}").expect(204);
        assertTrue(toolkit.store().call("PTTL", "s").number() > 0);
        change("PUT", "key/ttl?key=s", "{\"ttl_millis\":-1}").expect(204);
        assertEquals(-1L, store.call("PTTL", "s"));
    }

    // ---- live ----

    @Test
    void aTabHearsTheFiguresUntilItsUserIsOut() throws Exception {
        user("rea", "\"read\"");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        WebSocket socket = client.newWebSocketBuilder()
                .header("Cookie", cookie)
                .buildAsync(
                        URI.create("ws://127.0.0.1:" + face.port() + "/console/api/live"), new WebSocket.Listener() {
                            private final StringBuilder text = new StringBuilder();

                            @Override
                            public @Nullable CompletionStage<?> onText(
                                    WebSocket from, CharSequence data, boolean last) {
                                text.append(data);
                                if (last) {
                                    heard.add(text.toString());
                                    text.setLength(0);
                                }
                                from.request(1);
                                return null;
                            }

                            @Override
                            public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                                heard.add("closed " + status);
                                return null;
                            }
                        })
                .join();
        assertTrue(String.valueOf(heard.poll(10, TimeUnit.SECONDS)).contains("\"history\""));
        assertTrue(String.valueOf(heard.poll(10, TimeUnit.SECONDS)).contains("\"overview\""));
        for (int i = 0; i < 50; i++) {
            store.get("missing");
        }
        JsonNode second =
                Json.read(String.valueOf(heard.poll(10, TimeUnit.SECONDS)).getBytes(StandardCharsets.UTF_8));
        assertTrue(second.get("sample").get("commands").asLong() > 0, second.toString());
        assertTrue(second.get("sample").get("hit_rate").asDouble() < 0.5, second.toString());
        change("DELETE", "session", "").expect(204);
        Awaitility.await()
                .until(() -> String.valueOf(heard.poll(10, TimeUnit.SECONDS)).equals("closed 1008"));
        socket.abort();
    }
}
