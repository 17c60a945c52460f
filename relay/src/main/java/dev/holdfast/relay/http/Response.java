package dev.holdfast.relay.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What answers a request: a status and a body, or a stream of events, or the change to a WebSocket. */
public final class Response {
    public static final String JSON = "application/json";
    private static final byte[] NOTHING = {};

    private final int status;
    private final String contentType;
    private final byte[] body;
    private final List<String> headers = new ArrayList<>();
    private @Nullable Consumer<Outbox> events;
    private @Nullable Function<Outbox, WebSocketListener> webSocket;
    private int outboxBytes;
    private @Nullable String subprotocol;

    private Response(int status, String contentType, byte[] body) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
    }

    public static Response of(int status, String contentType, byte[] body) {
        return new Response(status, contentType, body);
    }

    public static Response text(int status, String contentType, String body) {
        return of(status, contentType, body.getBytes(StandardCharsets.UTF_8));
    }

    /** A value as Jackson writes it. */
    public static Response json(int status, Object value) {
        return of(status, JSON, Json.write(value));
    }

    public static Response json(Object value) {
        return json(200, value);
    }

    /** An error as {@code {"detail": …}}. */
    public static Response error(int status, String detail) {
        return json(status, Map.of("detail", detail));
    }

    public static Response empty(int status) {
        return of(status, "", NOTHING);
    }

    /**
     * A stream of server-sent events.
     *
     * @param outboxBytes how much may wait for a client that does not read, before {@link Outbox#offer} refuses
     * @param open is given the stream, on a virtual thread, once the client has been answered
     */
    public static Response events(int outboxBytes, Consumer<Outbox> open) {
        Response response = of(200, "text/event-stream; charset=utf-8", NOTHING)
                .header("cache-control", "no-store")
                .header("x-accel-buffering", "no");
        response.events = open;
        response.outboxBytes = outboxBytes;
        return response;
    }

    /**
     * The change to a WebSocket.
     *
     * @param outboxBytes as for {@link #events}
     * @param open is given the way out and returns who gets the messages, on a virtual thread
     */
    public static Response webSocket(int outboxBytes, Function<Outbox, WebSocketListener> open) {
        Response response = empty(101);
        response.webSocket = open;
        response.outboxBytes = outboxBytes;
        return response;
    }

    /** Adds a header. */
    public Response header(String name, String value) {
        headers.add(name);
        headers.add(value);
        return this;
    }

    /** Names the subprotocol that a WebSocket speaks, if its client has offered it. */
    public Response subprotocol(String name) {
        this.subprotocol = name;
        return this;
    }

    @Nullable
    String subprotocol() {
        return subprotocol;
    }

    public int status() {
        return status;
    }

    public String contentType() {
        return contentType;
    }

    public byte[] body() {
        return body;
    }

    /** Names and values in turn. */
    List<String> headers() {
        return headers;
    }

    @Nullable
    Consumer<Outbox> events() {
        return events;
    }

    @Nullable
    Function<Outbox, WebSocketListener> webSocket() {
        return webSocket;
    }

    int outboxBytes() {
        return outboxBytes;
    }
}
