package dev.holdfast.relay.cpe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeProgress;
import dev.holdfast.toolkit.store.EmbeddedStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** cpe-guesser's contract. */
class CpePagesTest {
    @TempDir
    Path directory;

    @Test
    void guessesAreMadeFromDatabaseEight() throws Exception {
        Path table = directory.resolve("names.csv");
        Files.writeString(table, "vendor,product\nmozilla,firefox\nmozilla,thunderbird\napache,http_server\n");
        try (Holdfast store = Holdfast.open();
                Toolkit dictionary = Toolkit.over(EmbeddedStore.over(store, 8));
                Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.serve(toolkit, 0);
                HttpClient client = HttpClient.newHttpClient()) {
            dictionary.cpeDictionary().build().importFile(table, CpeProgress.NONE);
            JsonNode found = json(post(client, face, "/search", "{\"query\":[\"Mozilla\",\"Firefox\"]}", 200));
            assertEquals("cpe:2.3:a:mozilla:firefox", found.get(0).get(1).asString());
            assertTrue(found.get(0).get(0).isNumber());
            assertEquals(
                    "\"cpe:2.3:a:mozilla:firefox\"",
                    post(client, face, "/unique", "{\"query\":[\"mozilla\",\"firefox\"]}", 200));
            assertEquals("[]", post(client, face, "/search", "{\"query\":[\"zzzzqqqq\"]}", 200));
            assertEquals("[]", post(client, face, "/unique", "{\"query\":[\"zzzzqqqq\"]}", 200));
            for (String path : new String[] {"/search", "/unique"}) {
                for (String bad : new String[] {
                    "", "{", "[]", "{}", "{\"query\":\"x\"}", "{\"query\":[1]}", "{\"query\":[[\"x\"]]}"
                }) {
                    assertEquals(
                            "\"Missing query array or incorrect JSON format\"",
                            post(client, face, path, bad, 400),
                            bad);
                }
                post(client, face, path, "{\"query\":[\"" + "x".repeat(70_000) + "\"]}", 413);
            }
        }
    }

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String post(HttpClient client, HttpFace face, String path, String body, int status)
            throws Exception {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + face.port() + path))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(status, answer.statusCode(), body);
        return answer.body();
    }
}
