package dev.holdfast.relay.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A request that has come in whole. */
public final class Request {
    private final HttpConnection connection;
    private final String method;
    private final QueryStringDecoder uri;
    private final HttpHeaders headers;
    private final Routes.Match match;
    private final byte[] body;

    Request(
            HttpConnection connection,
            String method,
            QueryStringDecoder uri,
            HttpHeaders headers,
            Routes.Match match,
            byte[] body) {
        this.connection = connection;
        this.method = method;
        this.uri = uri;
        this.headers = headers;
        this.match = match;
        this.body = body;
    }

    public String method() {
        return method;
    }

    /** The path, decoded. */
    public String path() {
        return uri.path();
    }

    /** The part of the path that stands for {@code {name}} in the route's template, decoded. */
    public String pathParameter(String name) {
        return match.parameter(name);
    }

    /** The first value of a parameter of the query, or null. */
    public @Nullable String query(String name) {
        List<String> values = uri.parameters().get(name);
        return values == null ? null : values.getFirst();
    }

    /**
     * A whole number of the query.
     *
     * @throws HttpError 422 if it is none, or out of bounds
     */
    public int query(String name, int otherwise, int least, int most) {
        String text = query(name);
        if (text == null) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new HttpError(422, name + " must be a whole number from " + least + " to " + most);
    }

    /** The first value of a header, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    public byte[] body() {
        return body;
    }

    public String bodyText() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /**
     * The body as JSON.
     *
     * @throws HttpError 422 if it is none
     */
    public JsonNode json() {
        if (body.length == 0) {
            throw new HttpError(422, "the body is empty; send JSON");
        }
        try {
            return Json.read(body);
        } catch (JacksonException e) {
            throw new HttpError(422, "the body is not JSON: " + e.getOriginalMessage());
        }
    }

    /**
     * The body as a form.
     *
     * @throws HttpError 415 if it is declared to be something else
     */
    public Map<String, List<String>> form() {
        String type = header("content-type");
        if (type == null || !type.regionMatches(true, 0, "application/x-www-form-urlencoded", 0, 33)) {
            throw new HttpError(415, "send the fields as application/x-www-form-urlencoded");
        }
        return new QueryStringDecoder(bodyText(), false).parameters();
    }

    /** The address of the caller, without the port; that of a proxy if one is between. */
    public String remoteAddress() {
        SocketAddress address = connection.remoteAddress();
        return address instanceof InetSocketAddress internet
                ? internet.getAddress().getHostAddress()
                : String.valueOf(address);
    }

    /** Whether it came over TLS, as far as this side knows. */
    public boolean isEncrypted() {
        return connection.isEncrypted();
    }

    /** Whether the caller is still there, as far as this side knows. */
    public boolean isConnected() {
        return connection.isOpen();
    }

    /** Runs {@code action} once, when the caller has gone or the server ends; at once if that has happened already. */
    public void onClose(Runnable action) {
        connection.onClose(action);
    }
}
