package dev.holdfast.relay.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is decided about a request by its head, before its body is read.
 *
 * @param match where it leads, if anywhere
 * @param refusal why it is not worth its body, or null
 * @param isBroken whether where it ends is unknown, so that the connection cannot go on
 */
record Admission(Routes.@Nullable Match match, @Nullable Response refusal, boolean isBroken) {
    /** @param full whether there are too many connections already */
    static Admission of(HttpServer server, HttpRequest request, boolean full) {
        if (request.decoderResult().isFailure()) {
            return broken(
                    switch (request.decoderResult().cause()) {
                        case TooLongHttpLineException line ->
                            Response.error(414, "the request's first line is too long");
                        case TooLongHttpHeaderException headers ->
                            Response.error(431, "the request's headers are too long");
                        default -> Response.error(400, "not a request of HTTP/1.1");
                    });
        }
        if (request.protocolVersion().majorVersion() != 1) {
            return broken(Response.error(505, "the version of HTTP that is spoken here is 1.1"));
        }
        if (full) {
            return broken(Response.error(503, "too many connections").header("retry-after", "1"));
        }
        HttpHeaders headers = request.headers();
        // The decoder refuses a length beside chunks, and chunks that are not the last encoding.
        if (headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
                && !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(headers.get(HttpHeaderNames.TRANSFER_ENCODING))) {
            return broken(Response.error(501, "the only transfer encoding that is understood is chunked"));
        }
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1 || hosts.isEmpty() && request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
            return refused(null, Response.error(400, "send one Host header"));
        }
        String host = hosts.isEmpty() ? null : hosts.getFirst();
        if (!server.gate().admitsHost(host)) {
            return refused(
                    null,
                    Response.error(
                            421,
                            "this server is not known by that name; list the names that it may be called by in http-hosts"));
        }
        if (!server.gate().admitsOrigin(headers.get(HttpHeaderNames.ORIGIN), host)) {
            return refused(
                    null, Response.error(403, "pages of that origin may not send requests here; see http-origins"));
        }
        return route(server.routes(), request);
    }

    private static Admission broken(Response refusal) {
        return new Admission(null, refusal, true);
    }

    private static Admission refused(Routes.@Nullable Match match, Response refusal) {
        return new Admission(match, refusal, false);
    }

    private static Admission route(Routes routes, HttpRequest request) {
        String uri = request.uri();
        if (!uri.startsWith("/")) {
            return refused(null, Response.error(400, "the target of a request is a path"));
        }
        int end = uri.indexOf('?');
        String path = end < 0 ? uri : uri.substring(0, end);
        String method = request.method().name();
        Routes.Match found;
        try {
            found = routes.find(method, path);
        } catch (IllegalArgumentException e) {
            return refused(null, Response.error(400, "the path is not encoded as a path is"));
        }
        if (found == null) {
            String allowed = routes.allowed(path);
            if (allowed.isEmpty()) {
                return refused(null, Response.error(404, "Not Found"));
            }
            return refused(
                    null,
                    method.equals("OPTIONS")
                            ? preflight(request, allowed)
                            : Response.error(405, "Method Not Allowed").header("allow", allowed));
        }
        return HttpUtil.getContentLength(request, 0L) > found.route().bodyBytes()
                ? refused(found, tooLarge(found))
                : new Admission(found, null, false);
    }

    private static Response preflight(HttpRequest request, String allowed) {
        Response response = Response.empty(204).header("allow", allowed);
        if (request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD)) {
            response.header("access-control-allow-methods", allowed)
                    .header(
                            "access-control-allow-headers",
                            "authorization, content-type, idempotency-key, last-event-id, x-api-key")
                    .header("access-control-max-age", "600");
        }
        return response;
    }

    /** That a body is longer than its route takes. */
    static Response tooLarge(Routes.Match match) {
        String message = "the body may have " + match.route().bodyBytes() + " bytes";
        return Response.json(413, Map.of("error", "PAYLOAD_TOO_LARGE", "message", message, "detail", message));
    }
}
