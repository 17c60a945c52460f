package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The relay as a program of its own, over a store in another process. */
class RelayCommandTest {
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "PULSAR_JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef0123456789abcdef",
            "PULSAR_BOOTSTRAP_ADMIN_USERNAME", "admin",
            "PULSAR_BOOTSTRAP_ADMIN_PASSWORD", "a password for tests");
    private static final Pattern TOKEN = Pattern.compile("\"access_token\":\"([^\"]+)\"");

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private String token = "";

    private HttpResponse<String> post(int port, String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void itServesAStoreElsewhere() throws Exception {
        int store = ProgramProcess.freePort();
        int port = ProgramProcess.freePort();
        try (ProgramProcess server = ProgramProcess.start(
                "--port", store, "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--http-port", 0)) {
            server.await("Ready to accept connections");
            try (ProgramProcess relay = ProgramProcess.start(
                    List.of(), ENVIRONMENT, "relay", "--uri", "redis://127.0.0.1:" + store, "--http-port", port)) {
                relay.await("The relay serves redis://127.0.0.1:" + store);
                Matcher login = TOKEN.matcher(post(port, "/auth/login", "username=admin&password=a+password+for+tests")
                        .body());
                assertTrue(login.find(), () -> String.join("\n", relay.output()));
                token = login.group(1);
                assertEquals(
                        201,
                        post(port, "/api/v1/messages", "{\"topic\":\"news\",\"payload\":{\"n\":7}}")
                                .statusCode());
                String polled = post(
                                port, "/messages/poll", "{\"topics\":[\"news\"],\"since\":{\"news\":\"earliest\"}}")
                        .body();
                assertTrue(polled.contains("{\"n\":7}"), polled);
                relay.signal("TERM");
                assertEquals(0, relay.status(), () -> String.join("\n", relay.output()));
            }
        }
    }

    @Test
    void withStorageInMemoryItNeedsNoStoreAndItsFirstUserIsMadeByALink() throws Exception {
        int port = ProgramProcess.freePort();
        Map<String, String> environment = Map.of("STORAGE_BACKEND", "memory", "PULSAR_ALLOW_INSECURE_DEFAULTS", "true");
        try (ProgramProcess relay =
                ProgramProcess.start(List.of(), environment, "relay", "--http-port", port, "--relay-layout", "flat")) {
            relay.await("The relay serves embedded:");
            Matcher link = Pattern.compile("http://127.0.0.1:" + port + "/auth/first\\?code=(\\w+)")
                    .matcher(String.join("\n", relay.output()));
            assertTrue(link.find(), () -> String.join("\n", relay.output()));
            assertEquals(
                    201,
                    post(port, "/auth/first", "username=root&password=a+long+password&code=" + link.group(1))
                            .statusCode());
            assertEquals(
                    200,
                    post(port, "/auth/login", "username=root&password=a+long+password")
                            .statusCode());
        }
    }

    @Test
    void withoutASecretItDoesNotStart() throws Exception {
        try (ProgramProcess relay =
                ProgramProcess.start(List.of(), Map.of("STORAGE_BACKEND", "memory"), "relay", "--http-port", 0)) {
            relay.await("PULSAR_JWT_SECRET_KEY is missing or weak");
            assertEquals(1, relay.status());
        }
    }

    @Test
    void aStoreThatIsNotThereIsSaidInOneLine() throws Exception {
        int unused = ProgramProcess.freePort();
        try (ProgramProcess relay =
                ProgramProcess.start(List.of(), ENVIRONMENT, "relay", "--uri", "redis://127.0.0.1:" + unused)) {
            relay.await("holdfast: the relay does not start: could not connect to redis://127.0.0.1:" + unused);
            assertEquals(1, relay.status());
        }
    }
}
