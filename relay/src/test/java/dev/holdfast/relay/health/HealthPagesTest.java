package dev.holdfast.relay.health;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.Toolkit;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class HealthPagesTest {
    @TempDir
    Path parent;

    /** An answer with its status. */
    private record Page(int status, JsonNode body) {}

    private static Page get(HttpFace face, String path) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create("http://localhost:" + face.port() + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return new Page(answer.statusCode(), Json.read(answer.body().getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void aStoreThatWorksIsHealthyAndReady() throws Exception {
        try (Holdfast store = Holdfast.open();
                Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.serve(toolkit, 0)) {
            store.call("SET", "a", "1");
            try (var session = store.connect()) {
                session.select(3);
                session.call("MSET", "a", "1", "b", "2");
            }
            Page health = get(face, "/health");
            assertEquals(200, health.status);
            assertEquals("healthy", health.body.get("status").asString());
            assertEquals("PONG", health.body.get("ping").asString());
            assertEquals(
                    "{\"0\":1,\"3\":2,\"8\":0}", health.body.get("databases").toString());
            assertTrue(health.body.get("clients").get("connected").asLong() >= 1);
            assertEquals(10000, health.body.get("clients").get("most").asLong());
            Page ready = get(face, "/ready");
            assertEquals(200, ready.status);
            assertTrue(ready.body.get("ready").asBoolean());
        }
    }

    @Test
    void aStoreThatCannotSaveIsNotReady() throws Exception {
        Path directory = parent.resolve("data");
        try (Holdfast store = Holdfast.open(directory);
                Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.serve(toolkit, 0)) {
            assertEquals(200, get(face, "/ready").status);
            delete(directory);
            store.call("BGSAVE");
            await().until(() -> get(face, "/ready").status == 503);
            Page ready = get(face, "/ready");
            assertEquals(
                    "the last snapshot could not be written",
                    ready.body.get("checks").get("disk").asString());
            Page health = get(face, "/health");
            assertEquals(200, health.status);
            assertEquals("degraded", health.body.get("status").asString());
            Files.createDirectories(directory);
            store.call("BGSAVE");
            await().until(() -> get(face, "/ready").status == 200);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    @Test
    void aClusterIsAskedWhetherItServes() throws Exception {
        Config config = new Config();
        config.set("cluster-enabled", "yes");
        try (Holdfast store = Holdfast.open(config);
                Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.serve(toolkit, 0)) {
            Page ready = get(face, "/ready");
            assertEquals("ok", ready.body.get("checks").get("cluster").asString());
            assertEquals(200, ready.status);
        }
    }

    @Test
    void aStoreThatIsClosedIsNeither() throws Exception {
        Holdfast store = Holdfast.open();
        try (Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.serve(toolkit, 0)) {
            store.close();
            assertEquals(503, get(face, "/health").status);
            assertEquals(503, get(face, "/ready").status);
        }
    }
}
