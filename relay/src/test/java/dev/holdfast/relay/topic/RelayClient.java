package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.relay.http.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A user of the relay, over HTTP. */
final class RelayClient implements AutoCloseable {
    private final HttpClient client = HttpClient.newHttpClient();
    private final int port;
    String token = "";

    RelayClient(int port) {
        this.port = port;
    }

    /** An answer. */
    record Answer(int status, String text) {
        JsonNode json() {
            return Json.read(text.getBytes(StandardCharsets.UTF_8));
        }

        Answer expect(int expected) {
            assertEquals(expected, status, text);
            return this;
        }
    }

    HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
        return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
    }

    Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(answer.statusCode(), answer.body());
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    Answer send(String method, String path, String body) throws IOException, InterruptedException {
        return send(request(path)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body)));
    }

    Answer post(String path, String body) throws IOException, InterruptedException {
        return send("POST", path, body);
    }

    Answer tryLogin(String name, String password) throws IOException, InterruptedException {
        return send(request("/auth/login")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "grant_type=password&username=" + name + "&password=" + password)));
    }

    /** Logs in. Returns the refresh token. */
    String login(String name, String password) throws IOException, InterruptedException {
        token = "";
        JsonNode answer = tryLogin(name, password).expect(200).json();
        token = answer.get("access_token").asString();
        return answer.get("refresh_token").asString();
    }

    Answer publish(String topic, String payload) throws IOException, InterruptedException {
        return post("/api/v1/messages", "{\"topic\":\"" + topic + "\",\"payload\":" + payload + "}");
    }

    /** A WebSocket with the messages that have come. */
    static final class Socket {
        private final WebSocket socket;
        private final BlockingQueue<String> heard;

        private Socket(WebSocket socket, BlockingQueue<String> heard) {
            this.socket = socket;
            this.heard = heard;
        }

        void say(String text) {
            socket.sendText(text, true).join();
        }

        /** The next message; null if the socket was closed or nothing came for ten seconds. */
        @Nullable
        JsonNode hear() throws InterruptedException {
            String text = heard.poll(10, TimeUnit.SECONDS);
            return text == null || text.startsWith("closed") ? null : Json.read(text.getBytes(StandardCharsets.UTF_8));
        }

        String hearText() throws InterruptedException {
            return String.valueOf(heard.poll(10, TimeUnit.SECONDS));
        }

        void close() {
            socket.sendClose(1000, "").join();
        }

        void abort() {
            socket.abort();
        }
    }

    Socket socket() {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        WebSocket socket = client.newWebSocketBuilder()
                .subprotocols("bearer", "bearer." + token)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/ws"), new WebSocket.Listener() {
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
                        text.append(data);
                        if (last) {
                            heard.add(text.toString());
                            text.setLength(0);
                        }
                        from.request(1);
                        return null;
                    }

                    @Override
                    public void onError(WebSocket from, Throwable error) {
                        heard.add("closed by an error");
                    }

                    @Override
                    public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                        heard.add("closed " + status);
                        return null;
                    }
                })
                .join();
        return new Socket(socket, heard);
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
