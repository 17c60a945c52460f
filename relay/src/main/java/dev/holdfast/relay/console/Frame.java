package dev.holdfast.relay.console;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/** The page itself with its script and style, which lie beside this class. They name each other by digest, so browsers may keep them. */
final class Frame {
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final Map<String, String> TYPES = Map.of(
            "app.js", "text/javascript; charset=utf-8",
            "app.css", "text/css; charset=utf-8",
            "icon.svg", "image/svg+xml");

    private final Map<String, byte[]> packed = new TreeMap<>();
    private final byte[] page;

    Frame() {
        String html = new String(read("index.html"), StandardCharsets.UTF_8);
        for (String name : TYPES.keySet()) {
            byte[] content = read(name);
            packed.put(name, pack(content));
            html = html.replace("console/" + name, "console/" + name + "?" + digest(content));
        }
        page = pack(html.getBytes(StandardCharsets.UTF_8));
    }

    void add(Routes routes) {
        routes.get("/console/{file}", this::file);
    }

    /** Whether a request comes from a browser that wants a page. */
    static boolean isWanted(Request request) {
        String accept = request.header("accept");
        return accept != null && accept.contains("text/html");
    }

    Response page(Request request) {
        return answer("text/html; charset=utf-8", page)
                .header("cache-control", "no-cache")
                .header("vary", "accept");
    }

    private Response file(Request request) {
        String name = request.pathParameter("file");
        byte[] content = packed.get(name);
        String type = TYPES.get(name);
        if (content == null || type == null) {
            throw new HttpError(404, "Not Found");
        }
        return answer(type, content).header("cache-control", "public, max-age=31536000, immutable");
    }

    private static Response answer(String type, byte[] content) {
        return Response.of(200, type, content)
                .header("content-encoding", "gzip")
                .header("content-security-policy", POLICY)
                .header("referrer-policy", "no-referrer")
                .header("x-frame-options", "DENY");
    }

    private static byte[] read(String name) {
        try (InputStream in = Frame.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the console has no " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] pack(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
