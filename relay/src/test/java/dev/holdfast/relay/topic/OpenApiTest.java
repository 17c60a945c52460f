package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.holdfast.relay.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** docs/openapi.yaml lists what is served and nothing else, and the server's answers are as it says. */
class OpenApiTest {
    private static final JsonNode DESCRIPTION = description();
    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private RelayServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    /** Operations and statuses that have been seen, as {@code GET /path 200}. */
    private final Set<String> seen = new TreeSet<>();

    private static JsonNode description() {
        try {
            return new YAMLMapper().readTree(Files.readString(Path.of("..", "docs", "openapi.yaml")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = new RelayServer();
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        server.close();
    }

    private static List<String> operations() {
        List<String> operations = new ArrayList<>();
        DESCRIPTION
                .get("paths")
                .forEachEntry((path, methods) -> methods.forEachEntry((method, operation) -> {
                    if (!method.equals("parameters")) {
                        operations.add(method.toUpperCase(Locale.ROOT) + " " + path);
                    }
                }));
        return operations;
    }

    private static JsonNode responses(String operation) {
        String[] parts = operation.split(" ", 2);
        JsonNode described = DESCRIPTION.get("paths").path(parts[1]).get(parts[0].toLowerCase(Locale.ROOT));
        assertNotNull(described, operation);
        return described.get("responses");
    }

    @Test
    void theDescriptionListsEveryRoute() {
        assertEquals(new TreeSet<>(server.face.routes()), new TreeSet<>(operations()));
    }

    /** Sends a request, and holds the answer to what the description says of this operation and status. */
    private JsonNode call(String operation, int status, String path, String type, String body, String token)
            throws Exception {
        String method = operation.substring(0, operation.indexOf(' '));
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.face.port() + path))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (!body.isEmpty()) {
            request.header("Content-Type", type);
        }
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<InputStream> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        String answered = answer.headers().firstValue("content-type").orElse("");
        String text;
        try (InputStream in = answer.body()) {
            // A stream of events has no end.
            text = answered.startsWith("text/event-stream")
                    ? ""
                    : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertEquals(status, answer.statusCode(), operation + " " + text);
        seen.add(operation + " " + status);
        JsonNode response = responses(operation).get(Integer.toString(status));
        assertNotNull(response, operation + " may not be answered " + status);
        return held(operation, resolved(response), answered, text);
    }

    private static JsonNode resolved(JsonNode response) {
        JsonNode reference = response.get("$ref");
        return reference == null
                ? response
                : DESCRIPTION.at(reference.asString().substring(1));
    }

    private static JsonNode held(String operation, JsonNode response, String type, String text) {
        JsonNode content = response.get("content");
        if (content == null) {
            assertEquals("", text, operation);
            assertEquals("", type, operation);
            return Json.read("{}".getBytes(StandardCharsets.UTF_8));
        }
        JsonNode media = content.get(type);
        assertNotNull(media, operation + " may not be answered with " + type);
        JsonNode schema = media.get("schema");
        if (schema == null) {
            return Json.read("{}".getBytes(StandardCharsets.UTF_8));
        }
        ObjectNode whole = Json.mapper().createObjectNode();
        whole.set("components", DESCRIPTION.get("components"));
        whole.putArray("allOf").add(schema);
        JsonNode body = Json.read(text.getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(), SCHEMAS.getSchema(whole).validate(body), operation + " " + text);
        return body;
    }

    private JsonNode json(String operation, int status, String path, String body) throws Exception {
        return call(operation, status, path, "application/json", body, server.anna.token);
    }

    private JsonNode admin(String operation, int status, String path, String body) throws Exception {
        return call(operation, status, path, "application/json", body, server.admin.token);
    }

    private JsonNode form(String operation, int status, String path, String body) throws Exception {
        return call(operation, status, path, "application/x-www-form-urlencoded", body, "");
    }

    private JsonNode plain(String operation, int status) throws Exception {
        return call(
                operation,
                status,
                operation.substring(operation.indexOf(' ') + 1),
                "application/json",
                "",
                server.anna.token);
    }

    @Test
    void everyOperationAnswersAsDescribed() throws Exception {
        refusals();
        openPages();
        accounts();
        devices();
        firstUser();
        topics();
        groups();
        messages();
        console();
        Set<String> missing = new TreeSet<>();
        for (String operation : operations()) {
            responses(operation).propertyNames().forEach(status -> {
                if (status.charAt(0) == '2' && !seen.contains(operation + " " + status)) {
                    missing.add(operation + " " + status);
                }
            });
        }
        assertEquals(Set.of(), missing);
    }

    /** What every operation answers to a stranger, and those with a body to one that is none. */
    private void refusals() throws Exception {
        for (String operation : operations()) {
            String path = operation.substring(operation.indexOf(' ') + 1).replaceAll("\\{\\w+}", "x");
            JsonNode responses = responses(operation);
            if (responses.has("401")
                    && !operation.equals("POST /auth/device")
                    && !operation.equals("POST /auth/login")
                    && !operation.equals("POST /console/api/session")) {
                String body = operation.endsWith("/refresh") ? "{\"refresh_token\":\"x.y\"}" : "";
                call(operation, 401, path, "application/json", body, "");
            }
            if (responses.has("404") && !operation.contains("/auth/") && !operation.contains(CONSOLE)) {
                String body = operation.startsWith("GET") || operation.startsWith("DELETE")
                        ? ""
                        : "{\"permission\":\"read\"}";
                call(operation, 404, path, "application/json", body, server.anna.token);
            }
            if (responses.has("415")) {
                call(operation, 415, path, "text/plain", "x", "");
            }
        }
    }

    private void openPages() throws Exception {
        plain("GET /", 200);
        plain("GET /health", 200);
        plain("GET /ready", 200);
        plain("GET /metrics", 200);
        for (String operation : List.of("POST /search", "POST /unique")) {
            json(operation, 200, operation.substring(5), "{\"query\":[\"outlook\"]}");
            json(operation, 400, operation.substring(5), "{}");
        }
    }

    /** The link is there only while there are no users. */
    private void firstUser() throws Exception {
        server.store.call("RENAME", "user:username_index", "aside");
        String link = String.valueOf(server.login.first().newLink());
        form("GET /auth/first", 404, "/auth/first?code=x", "");
        form("GET /auth/first", 200, link, "");
        String form = "username=first&password=password+of+first&" + link.substring(link.indexOf('?') + 1);
        form("POST /auth/first", 422, "/auth/first", form.replace("password+of+first", "short"));
        form("POST /auth/first", 201, "/auth/first", form);
        form("POST /auth/first", 404, "/auth/first", form);
        form("POST /auth/login", 200, "/auth/login", "username=first&password=password+of+first");
        assertEquals(null, server.login.first().newLink());
        server.store.call("RENAME", "aside", "user:username_index");
    }

    private void accounts() throws Exception {
        form("POST /auth/login", 401, "/auth/login", "username=anna&password=wrong");
        form("POST /auth/login", 422, "/auth/login", "username=anna");
        JsonNode tokens = form("POST /auth/login", 200, "/auth/login", "username=anna&password=password+of+anna");
        String refresh = tokens.get("refresh_token").asString();
        JsonNode next =
                json("POST /auth/token/refresh", 200, "/auth/token/refresh", "{\"refresh_token\":\"" + refresh + "\"}");
        call(
                "POST /auth/logout",
                204,
                "/auth/logout",
                "",
                "",
                next.get("access_token").asString());
        json(
                "POST /auth/token/revoke",
                204,
                "/auth/token/revoke",
                "{\"refresh_token\":\"" + next.get("refresh_token").asString() + "\"}");
        plain("GET /auth/me", 200);
        plain("GET /auth/sessions", 200);
        JsonNode second = form("POST /auth/login", 200, "/auth/login", "username=anna&password=password+of+anna");
        String session = second.get("refresh_token").asString();
        json("DELETE /auth/sessions/{jti}", 204, "/auth/sessions/" + session.substring(0, session.indexOf('.')), "");
        json("DELETE /auth/sessions/{jti}", 404, "/auth/sessions/x", "");
        JsonNode key = json("POST /auth/keys", 201, "/auth/keys", "{\"name\":\"machine\",\"expires_in_days\":1}");
        json("POST /auth/keys", 422, "/auth/keys", "{}");
        json("POST /auth/keys", 403, "/auth/keys", "{\"name\":\"x\",\"permissions\":[\"admin\"]}");
        plain("GET /auth/keys", 200);
        json("DELETE /auth/keys/{id}", 204, "/auth/keys/" + key.get("key_id").asString(), "");
        json("DELETE /auth/keys/{id}", 404, "/auth/keys/x", "");
        String ben = "{\"username\":\"ben\",\"password\":\"password of ben\",\"permissions\":[\"read\"]}";
        JsonNode user = admin("POST /auth/register", 201, "/auth/register", ben);
        admin("POST /auth/register", 400, "/auth/register", ben);
        admin("POST /auth/register", 422, "/auth/register", "{}");
        json("POST /auth/register", 403, "/auth/register", "{}");
        admin("GET /auth/users", 200, "/auth/users", "");
        admin("GET /auth/users/stats", 200, "/auth/users/stats", "");
        String path = "/auth/users/" + user.get("user_id").asString();
        admin("PATCH /auth/users/{id}", 200, path, "{\"email\":\"ben@example.com\"}");
        admin("PATCH /auth/users/{id}", 404, "/auth/users/x", "{}");
        admin("DELETE /auth/users/{id}", 204, path, "");
        admin("DELETE /auth/users/{id}", 404, path, "");
    }

    private JsonNode device() throws Exception {
        return form("POST /auth/device/code", 200, "/auth/device/code", "client_hint=test");
    }

    private void devices() throws Exception {
        JsonNode codes = device();
        String poll = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=";
        String approve = "{\"user_code\":\"" + codes.get("user_code").asString() + "\"}";
        json("POST /auth/device/approve", 200, "/auth/device/approve", approve);
        json("POST /auth/device/approve", 404, "/auth/device/approve", approve);
        String device = codes.get("device_code").asString();
        form("POST /auth/device/token", 200, "/auth/device/token", poll + device);
        form("POST /auth/device/token", 400, "/auth/device/token", poll + device);
        String code = device().get("user_code").asString();
        form("GET /auth/device", 200, "/auth/device?user_code=" + code, "");
        form("GET /auth/device", 404, "/auth/device?user_code=x", "");
        String decide = "username=anna&password=password+of+anna&decision=approve&user_code=";
        form("POST /auth/device", 200, "/auth/device", decide + code);
        form("POST /auth/device", 404, "/auth/device", decide + code);
        form(
                "POST /auth/device/deny",
                200,
                "/auth/device/deny",
                "user_code=" + device().get("user_code").asString());
        form("POST /auth/device/deny", 404, "/auth/device/deny", "user_code=x");
    }

    private void topics() throws Exception {
        json("POST /api/v1/topics", 201, "/api/v1/topics", "{\"topic_name\":\"t\",\"max_messages\":100}");
        json("POST /api/v1/topics", 400, "/api/v1/topics", "{\"topic_name\":\"t\"}");
        json("POST /api/v1/topics", 422, "/api/v1/topics", "{\"topic_name\":\"a b\"}");
        plain("GET /api/v1/topics", 200);
        String one = "/api/v1/topics/{name}";
        String path = "/api/v1/topics/t";
        json("GET " + one, 200, path, "");
        json("PUT " + one, 200, path, "{\"description\":\"d\",\"is_public\":true,\"slow_consumers\":\"conflate\"}");
        json("PUT " + one, 422, path, "{\"max_messages\":\"x\"}");
        json("GET " + one + "/messages", 200, path + "/messages", "");
        json("GET " + one + "/messages", 422, path + "/messages?limit=x", "");
        json("GET " + one + "/messages", 400, path + "/messages?order=x", "");
        json("POST " + one + "/trim", 200, path + "/trim", "{\"keep_count\":5}");
        json("GET " + one + "/permissions", 200, path + "/permissions", "");
        json("PUT " + one + "/permissions/{user}", 200, path + "/permissions/admin", "{\"permission\":\"write\"}");
        json("PUT " + one + "/permissions/{user}", 422, path + "/permissions/admin", "{\"permission\":\"x\"}");
        json("DELETE " + one + "/permissions/{user}", 204, path + "/permissions/admin", "");
        admin("GET /api/v1/topics/stats", 200, "/api/v1/topics/stats", "");
        json("GET /api/v1/topics/stats", 403, "/api/v1/topics/stats", "");
        json("POST /api/v1/topics", 201, "/api/v1/topics", "{\"topic_name\":\"u\"}");
        json("DELETE " + one, 204, "/api/v1/topics/u", "");
    }

    private void groups() throws Exception {
        String all = "/api/v1/topics/{name}/groups";
        String path = "/api/v1/topics/t/groups";
        json("POST " + all, 201, path, "{\"group\":\"g\"}");
        json("POST " + all, 409, path, "{\"group\":\"g\"}");
        json("POST " + all, 422, path, "{}");
        json("GET " + all, 200, path, "");
        publish();
        String receive = "POST " + all + "/{group}/receive";
        JsonNode received = json(receive, 200, path + "/g/receive", "{\"consumer\":\"c\"}");
        json(receive, 422, path + "/g/receive", "{}");
        String ids = "\"message_ids\":[\""
                + received.get("messages").get(0).get("message_id").asString() + "\"]";
        json("POST " + all + "/{group}/extend", 200, path + "/g/extend", "{\"consumer\":\"c\"," + ids + "}");
        json("POST " + all + "/{group}/nack", 200, path + "/g/nack", "{\"consumer\":\"c\"," + ids + "}");
        json("POST " + all + "/{group}/ack", 200, path + "/g/ack", "{" + ids + "}");
        json("DELETE " + all + "/{group}", 204, path + "/g", "");
    }

    private void publish() throws Exception {
        json(
                "POST /api/v1/messages",
                201,
                "/api/v1/messages",
                "{\"topic\":\"t\",\"payload\":{},\"key\":\"k\",\"metadata\":{\"m\":\"n\"}}");
    }

    private void messages() throws Exception {
        publish();
        json("POST /api/v1/messages", 422, "/api/v1/messages", "{}");
        json("POST /api/v1/messages", 403, "/api/v1/messages", "{\"topic\":\"admin/x\",\"payload\":{}}");
        json("POST /api/v1/messages", 413, "/api/v1/messages", "x".repeat((1 << 20) + 1));
        json(
                "POST /api/v1/messages/bulk",
                207,
                "/api/v1/messages/bulk",
                "{\"messages\":[{\"topic\":\"t\",\"payload\":{}}]}");
        String poll = "{\"topics\":[\"t\"],\"timeout\":1,\"since\":{\"t\":\"%s\"}}";
        assertFalse(json("POST /messages/poll", 200, "/messages/poll", poll.formatted("earliest"))
                .get("messages")
                .isEmpty());
        json("POST /messages/poll", 200, "/messages/poll", poll.formatted("99999999999999-0"));
        json("POST /messages/poll", 422, "/messages/poll", "{}");
        plain("GET /messages/poll/stats", 200);
        json("GET /api/v1/events", 200, "/api/v1/events?topics=t&client_id=e", "");
        json("GET /ws", 426, "/ws", "");
        RelayClient.Socket socket = server.anna.socket();
        socket.say("{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"t\"]}");
        socket.hear();
        json("GET /api/v1/topics/{name}/stats", 200, "/api/v1/topics/t/stats", "");
        json("GET /api/v1/topics/{name}/presence", 200, "/api/v1/topics/t/presence", "");
        socket.abort();
    }

    // ---- the console ----

    private static final String CONSOLE = "/console/api/";

    private JsonNode console(String method, String path, int status, String query, String body) throws Exception {
        return json(method + " " + CONSOLE + path, status, CONSOLE + path + query, body);
    }

    private void console() throws Exception {
        for (String file : List.of("app.js", "app.css", "icon.svg")) {
            json("GET /console/{file}", 200, "/console/" + file, "");
        }
        json("GET /console/{file}", 404, "/console/x", "");
        console("GET", "session", 200, "", "");
        console("GET", "overview", 200, "", "");
        console("GET", "live", 426, "", "");
        console("PUT", "key", 204, "?key=s", "{\"type\":\"string\",\"value\":\"v\"}");
        console("PUT", "key", 204, "?key64=/w==", "{\"type\":\"string\",\"value64\":\"/w==\"}");
        console("PUT", "key", 204, "?key=h", "{\"type\":\"hash\",\"field\":\"f\",\"value\":\"v\"}");
        console("PUT", "key", 204, "?key=l", "{\"type\":\"list\",\"value\":\"v\"}");
        console("PUT", "key", 204, "?key=e", "{\"type\":\"set\",\"value\":\"v\"}");
        console("PUT", "key", 204, "?key=z", "{\"type\":\"zset\",\"value\":\"v\",\"score\":\"1.5\"}");
        console("PUT", "key", 204, "?key=x", "{\"type\":\"stream\",\"fields\":{\"f\":\"v\"}}");
        console("PUT", "key", 409, "?key=x", "{\"type\":\"hash\",\"field\":\"f\",\"value\":\"v\"}");
        console("PUT", "key", 422, "?key=n", "{\"type\":\"tree\"}");
        console("PUT", "key/ttl", 204, "?key=s", "{\"ttl_millis\":60000}");
        console("PUT", "key/ttl", 404, "?key=none", "{\"ttl_millis\":60000}");
        console("PUT", "key/ttl", 422, "?key=s", "{\"ttl_millis\":0}");
        for (String key : List.of("key=s", "key64=/w==", "key=h", "key=l", "key=e", "key=z", "key=x")) {
            console("GET", "key", 200, "?" + key, "");
        }
        console("GET", "key", 404, "?key=none", "");
        console("GET", "key", 422, "", "");
        console("GET", "keys", 200, "?pattern=*", "");
        console("GET", "keys", 422, "?cursor=x", "");
        for (String method : List.of("GET", "DELETE")) {
            console(method, "keys", 404, "?pattern=x&db=1000", "");
        }
        console("GET", "tree", 200, "", "");
        console("POST", "tree", 202, "", "");
        console("GET", "tree", 200, "", "");
        console("DELETE", "tree", 204, "", "");
        console("DELETE", "keys", 200, "?pattern=h", "");
        console("DELETE", "keys", 422, "", "");
        console("DELETE", "key", 204, "?key=s", "");
        console("DELETE", "key", 404, "?key=s", "");
        browser("POST", 200, "username=anna&password=password+of+anna");
        browser("DELETE", 204, "");
    }

    /** As a browser's page sends it. */
    private void browser(String method, int status, String form) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.face.port() + CONSOLE + "session"))
                .header("X-Holdfast-Console", "1")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Authorization", "Bearer " + server.anna.token)
                .method(method, HttpRequest.BodyPublishers.ofString(form));
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(status, answer.statusCode(), answer.body());
        String operation = method + " " + CONSOLE + "session";
        seen.add(operation + " " + status);
        held(
                operation,
                resolved(responses(operation).get(Integer.toString(status))),
                answer.headers().firstValue("content-type").orElse(""),
                answer.body());
    }
}
