package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.holdfast.toolkit.store.Reply;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Who may use which endpoint: all of them, with every kind of credential that is not enough. */
@SuppressWarnings("JavaUtilDate") // What the library for tokens takes.
class AccessTest {
    private enum Needs {
        NOTHING,
        /** A token or a key, with any permission. */
        USER,
        /** A token, not a key. */
        SESSION,
        READ,
        WRITE,
        ADMIN
    }

    private static final String TOPIC = "/api/v1/topics/{name}";

    private static final Map<String, Needs> NEEDS = new LinkedHashMap<>();

    static {
        for (String open : new String[] {
            "GET /",
            "GET /console/{file}",
            "GET /health",
            "GET /ready",
            "GET /metrics",
            "POST /search",
            "POST /unique",
            "POST /auth/login",
            "POST /auth/token/refresh",
            "POST /auth/token/revoke",
            "POST /auth/device/code",
            "POST /auth/device/token",
            "POST /auth/device/deny",
            "GET /auth/first",
            "POST /auth/first",
            "GET /auth/device",
            "POST /auth/device",
            "POST /console/api/session"
        }) {
            NEEDS.put(open, Needs.NOTHING);
        }
        NEEDS.put("GET /auth/me", Needs.USER);
        NEEDS.put("GET /api/v1/topics", Needs.USER);
        NEEDS.put("GET /messages/poll/stats", Needs.USER);
        NEEDS.put("POST /auth/logout", Needs.SESSION);
        NEEDS.put("GET /auth/sessions", Needs.SESSION);
        NEEDS.put("DELETE /auth/sessions/{jti}", Needs.SESSION);
        NEEDS.put("POST /auth/keys", Needs.SESSION);
        NEEDS.put("GET /auth/keys", Needs.SESSION);
        NEEDS.put("DELETE /auth/keys/{id}", Needs.SESSION);
        NEEDS.put("POST /auth/device/approve", Needs.SESSION);
        NEEDS.put("POST /auth/register", Needs.ADMIN);
        NEEDS.put("GET /auth/users", Needs.ADMIN);
        NEEDS.put("GET /auth/users/stats", Needs.ADMIN);
        NEEDS.put("PATCH /auth/users/{id}", Needs.ADMIN);
        NEEDS.put("DELETE /auth/users/{id}", Needs.ADMIN);
        NEEDS.put("GET /api/v1/topics/stats", Needs.ADMIN);
        NEEDS.put("POST /api/v1/topics", Needs.WRITE);
        NEEDS.put("PUT " + TOPIC, Needs.WRITE);
        NEEDS.put("DELETE " + TOPIC, Needs.WRITE);
        NEEDS.put("POST " + TOPIC + "/trim", Needs.WRITE);
        NEEDS.put("GET " + TOPIC + "/stats", Needs.WRITE);
        NEEDS.put("GET " + TOPIC + "/presence", Needs.WRITE);
        NEEDS.put("GET " + TOPIC + "/permissions", Needs.WRITE);
        NEEDS.put("PUT " + TOPIC + "/permissions/{user}", Needs.WRITE);
        NEEDS.put("DELETE " + TOPIC + "/permissions/{user}", Needs.WRITE);
        NEEDS.put("POST " + TOPIC + "/groups", Needs.WRITE);
        NEEDS.put("DELETE " + TOPIC + "/groups/{group}", Needs.WRITE);
        NEEDS.put("POST /api/v1/messages", Needs.WRITE);
        NEEDS.put("POST /api/v1/messages/bulk", Needs.WRITE);
        NEEDS.put("GET " + TOPIC, Needs.READ);
        NEEDS.put("GET " + TOPIC + "/messages", Needs.READ);
        NEEDS.put("GET " + TOPIC + "/groups", Needs.READ);
        NEEDS.put("POST " + TOPIC + "/groups/{group}/receive", Needs.READ);
        NEEDS.put("POST " + TOPIC + "/groups/{group}/ack", Needs.READ);
        NEEDS.put("POST " + TOPIC + "/groups/{group}/nack", Needs.READ);
        NEEDS.put("POST " + TOPIC + "/groups/{group}/extend", Needs.READ);
        NEEDS.put("POST /messages/poll", Needs.READ);
        NEEDS.put("GET /api/v1/events", Needs.READ);
        NEEDS.put("GET /ws", Needs.READ);
        // The console is for all users here.
        NEEDS.put("GET /console/api/session", Needs.READ);
        NEEDS.put("DELETE /console/api/session", Needs.READ);
        NEEDS.put("GET /console/api/overview", Needs.READ);
        NEEDS.put("GET /console/api/live", Needs.READ);
        NEEDS.put("GET /console/api/keys", Needs.READ);
        NEEDS.put("DELETE /console/api/keys", Needs.WRITE);
        NEEDS.put("GET /console/api/tree", Needs.READ);
        NEEDS.put("POST /console/api/tree", Needs.READ);
        NEEDS.put("DELETE /console/api/tree", Needs.READ);
        NEEDS.put("GET /console/api/key", Needs.READ);
        NEEDS.put("PUT /console/api/key", Needs.WRITE);
        NEEDS.put("DELETE /console/api/key", Needs.WRITE);
        NEEDS.put("PUT /console/api/key/ttl", Needs.WRITE);
    }

    private RelayServer server;
    private RelayClient anna;
    private RelayClient stranger;

    @BeforeEach
    void start() throws Exception {
        server = new RelayServer();
        anna = server.anna;
        stranger = new RelayClient(server.face.port());
    }

    @AfterEach
    void stop() {
        stranger.close();
        server.close();
    }

    @Test
    void everyEndpointIsListed() {
        assertEquals(new TreeSet<>(server.face.routes()), new TreeSet<>(NEEDS.keySet()));
    }

    /** What an endpoint answers to an empty request with this token or key. */
    private int status(String endpoint, String credential, boolean inOwnHeader) throws Exception {
        String[] parts = endpoint.split(" ", 2);
        HttpRequest.Builder request = stranger.request(parts[1].replaceAll("\\{\\w+}", "x"))
                .header("Content-Type", "application/json")
                .method(
                        parts[0],
                        parts[0].equals("GET")
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString("{}"));
        if (!credential.isEmpty()) {
            request.header(inOwnHeader ? "X-API-Key" : "Authorization", (inOwnHeader ? "" : "Bearer ") + credential);
        }
        return stranger.send(request).status();
    }

    private void refusedEverywhere(String credential, String why) throws Exception {
        for (Map.Entry<String, Needs> endpoint : NEEDS.entrySet()) {
            int status = status(endpoint.getKey(), credential, false);
            if (endpoint.getValue() == Needs.NOTHING) {
                assertTrue(
                        status != 403 && (status != 401 || endpoint.getKey().contains("refresh")),
                        endpoint + " " + why);
            } else {
                assertEquals(401, status, endpoint + " " + why);
                if (!credential.isEmpty()) {
                    assertEquals(401, status(endpoint.getKey(), credential, true), endpoint + " " + why);
                }
            }
        }
    }

    @Test
    void noneAndWrongAreRefused() throws Exception {
        refusedEverywhere("", "none");
        refusedEverywhere(anna.token + "x", "wrong signature");
        refusedEverywhere(unsigned(), "no signature");
        refusedEverywhere(signed("another secret of thirty-two chars", 600_000), "another's signature");
        JsonNode key = key("", anna);
        refusedEverywhere(key.get("key").asString() + "x", "wrong key");
        refusedEverywhere("hf_x_y", "no key");
    }

    @Test
    void expiredOnesAreRefused() throws Exception {
        refusedEverywhere(signed(RelayServer.SECRET, -1000), "expired token");
        assertEquals(200, status("GET /auth/me", signed(RelayServer.SECRET, 600_000), false));
        JsonNode key = key(",\"expires_in_days\":1", anna);
        String id = key.get("key_id").asString();
        assertEquals(200, status("GET /auth/me", key.get("key").asString(), true));
        assertTrue((long) Objects.requireNonNull(server.store.call("TTL", "apikey:" + id)) > 86_000);
        server.store.call("HSET", "apikey:" + id, "expires_at", "1");
        refusedEverywhere(key.get("key").asString(), "expired key");
    }

    @Test
    void revokedOnesAreRefused() throws Exception {
        JsonNode key = key("", anna);
        anna.send("DELETE", "/auth/keys/" + key.get("key_id").asString(), "").expect(204);
        refusedEverywhere(key.get("key").asString(), "revoked key");
        anna.send("DELETE", "/auth/keys/" + key.get("key_id").asString(), "").expect(404);
        String refresh = anna.login("anna", "password+of+anna");
        anna.post("/auth/token/revoke", "{\"refresh_token\":\"" + refresh + "\"}")
                .expect(204);
        refusedEverywhere(anna.token, "revoked token");
    }

    @Test
    void aNewPasswordEndsWhatTheOldOneGave() throws Exception {
        String refresh = anna.login("anna", "password+of+anna");
        String id = anna.get("/auth/me").json().get("user_id").asString();
        server.admin
                .send("PATCH", "/auth/users/" + id, "{\"password\":\"another password\"}")
                .expect(200);
        anna.get("/auth/me").expect(401);
        anna.post("/auth/token/refresh", "{\"refresh_token\":\"" + refresh + "\"}")
                .expect(401);
    }

    @Test
    void tooWeakOnesAreRefused() throws Exception {
        String reads = key(",\"permissions\":[\"read\"]", anna).get("key").asString();
        String writes = key(",\"permissions\":[\"write\"]", anna).get("key").asString();
        String both = key("", anna).get("key").asString();
        for (Map.Entry<String, Needs> endpoint : NEEDS.entrySet()) {
            String weak = switch (endpoint.getValue()) {
                case READ -> writes;
                case WRITE -> reads;
                case ADMIN, SESSION -> both;
                case NOTHING, USER -> "";
            };
            if (!weak.isEmpty()) {
                assertEquals(403, status(endpoint.getKey(), weak, true), endpoint.toString());
                assertEquals(403, status(endpoint.getKey(), weak, false), endpoint.toString());
            }
        }
        for (String endpoint : NEEDS.keySet()) {
            if (NEEDS.get(endpoint) == Needs.ADMIN) {
                assertEquals(403, status(endpoint, anna.token, false), endpoint);
            }
        }
        anna.post("/auth/keys", "{\"name\":\"more\",\"permissions\":[\"admin\"]}")
                .expect(403);
    }

    @Test
    void aSocketOfARevokedKeyIsClosed() throws Exception {
        JsonNode key = key("", anna);
        try (RelayClient machine = new RelayClient(server.face.port())) {
            machine.token = key.get("key").asString();
            RelayClient.Socket socket = machine.socket();
            socket.say("{\"type\":\"ping\"}");
            assertEquals(
                    "pong", Objects.requireNonNull(socket.hear()).get("type").asString());
            anna.send("DELETE", "/auth/keys/" + key.get("key_id").asString(), "")
                    .expect(204);
            assertEquals("closed 1008", socket.hearText());
        }
    }

    @Test
    void aSocketOnATopicThatIsNoLongerSharedIsClosed() throws Exception {
        anna.publish("t", "{}").expect(201);
        try (RelayClient ben = server.user("ben", "\"read\"")) {
            anna.send("PUT", "/api/v1/topics/t/permissions/ben", "{\"permission\":\"read\"}")
                    .expect(200);
            RelayClient.Socket socket = ben.socket();
            socket.say("{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"anna/t\"]}");
            assertEquals(
                    "subscribed",
                    Objects.requireNonNull(socket.hear()).get("type").asString());
            anna.send("DELETE", "/api/v1/topics/t/permissions/ben", "").expect(204);
            assertEquals("closed 1008", socket.hearText());
        }
    }

    private static JsonNode key(String more, RelayClient user) throws Exception {
        return user.post("/auth/keys", "{\"name\":\"machine\"" + more + "}")
                .expect(201)
                .json();
    }

    /** A token that says of itself that it needs no signature. */
    private static String unsigned() {
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        return encoder.encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8)) + "."
                + encoder.encodeToString("{\"sub\":\"x\",\"exp\":99999999999}".getBytes(StandardCharsets.UTF_8))
                + ".";
    }

    private String signed(String secret, long millisLeft) throws Exception {
        long now = System.currentTimeMillis();
        SignedJWT token = new SignedJWT(
                new JWSHeader(JWSAlgorithm.HS256),
                new JWTClaimsSet.Builder()
                        .subject(anna.get("/auth/me").json().get("user_id").asString())
                        .claim("family", "f")
                        .claim("iat_ms", now)
                        .jwtID("j")
                        .expirationTime(new Date(now + millisLeft))
                        .build());
        token.sign(new MACSigner(secret));
        return token.serialize();
    }

    // ---- the device flow ----

    private JsonNode begin(RelayClient device) throws Exception {
        return form(device, "/auth/device/code", "client_hint=a+%3Cb%3Etest&pair=true")
                .expect(200)
                .json();
    }

    private RelayClient.Answer form(RelayClient device, String path, String body) throws Exception {
        return device.send(device.request(path)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private RelayClient.Answer exchange(RelayClient device, JsonNode codes) throws Exception {
        return exchange(device, codes, "0");
    }

    /** @param polled when the device has asked last, in milliseconds */
    private RelayClient.Answer exchange(RelayClient device, JsonNode codes, String polled) throws Exception {
        for (byte[] key : server.toolkit.store().call("KEYS", "device:tok:*").list().stream()
                .map(Reply::bytes)
                .toList()) {
            server.store.call("HSET", new String(key, StandardCharsets.UTF_8), "polled", polled);
        }
        return form(
                device,
                "/auth/device/token",
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code="
                        + codes.get("device_code").asString());
    }

    private static String error(RelayClient.Answer answer) {
        return answer.expect(400).json().get("error").asString();
    }

    @Test
    void aDeviceLogsInOnceAUserApproves() throws Exception {
        try (RelayClient device = new RelayClient(server.face.port())) {
            JsonNode codes = begin(device);
            String user = codes.get("user_code").asString();
            assertEquals("authorization_pending", error(exchange(device, codes)));
            assertEquals("slow_down", error(exchange(device, codes, "99999999999999")));
            String page =
                    device.get("/auth/device?user_code=" + user).expect(200).text();
            assertTrue(page.contains(user) && page.contains("a &lt;b&gt;test"), page);
            anna.post("/auth/device/approve", "{\"user_code\":\"" + user + "\"}")
                    .expect(200);
            anna.post("/auth/device/approve", "{\"user_code\":\"" + user + "\"}")
                    .expect(404);
            JsonNode tokens = exchange(device, codes).expect(200).json();
            assertTrue(tokens.has("refresh_token_secondary"));
            device.token = tokens.get("access_token").asString();
            assertEquals("anna", device.get("/auth/me").json().get("username").asString());
            assertEquals("expired_token", error(exchange(device, codes)));
        }
    }

    @Test
    void aDeviceIsApprovedOrRefusedOnThePage() throws Exception {
        try (RelayClient device = new RelayClient(server.face.port())) {
            JsonNode codes = begin(device);
            String form = "user_code=" + codes.get("user_code").asString() + "&username=anna&decision=";
            form(device, "/auth/device", form + "approve&password=wrong").expect(401);
            form(device, "/auth/device", form + "approve&password=password+of+anna")
                    .expect(200);
            exchange(device, codes).expect(200);
            JsonNode others = begin(device);
            form(
                            device,
                            "/auth/device/deny",
                            "user_code=" + others.get("user_code").asString())
                    .expect(200);
            assertEquals("access_denied", error(exchange(device, others)));
            device.get("/auth/device?user_code=AAAA-AAAA").expect(404);
            assertEquals("expired_token", error(exchange(device, codes)));
        }
    }
}
