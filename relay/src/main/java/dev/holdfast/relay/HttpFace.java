package dev.holdfast.relay;

import dev.holdfast.relay.http.HttpServer;
import dev.holdfast.relay.http.HttpSettings;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.server.Endpoint;
import dev.holdfast.toolkit.Toolkit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;

/**
 * A store over HTTP. One may serve several ports: one for everything, one for metrics alone.
 *
 * <pre>
 * HttpFace http = HttpFace.serve(toolkit, 8080);   // on the loopback interface
 * </pre>
 */
public final class HttpFace implements AutoCloseable {
    private final HttpServer everything;

    public HttpFace(Toolkit toolkit, HttpSettings settings) {
        everything = new HttpServer(
                "http",
                new Routes().get("/", request -> Response.json(Map.of("name", "holdfast"))),
                settings,
                toolkit.context().meters());
    }

    /**
     * Serves everything on the loopback interface; close the result before the toolkit.
     *
     * @param port 0 lets the system choose
     * @throws IOException if the port is taken
     */
    public static HttpFace serve(Toolkit toolkit, int port) throws IOException {
        HttpFace face = new HttpFace(toolkit, HttpSettings.DEFAULT);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try {
            face.serveAll(accept -> Endpoint.open(address, accept));
        } catch (IOException e) {
            face.close();
            throw e;
        }
        return face;
    }

    /**
     * Serves everything on one more address.
     *
     * @return the server's port
     * @throws IOException if the address cannot be had
     */
    public int serveAll(HttpServer.Listening listening) throws IOException {
        return everything.listen(listening);
    }

    /** The port on which everything was served first. */
    public int port() {
        return everything.port();
    }

    /** Stops listening, lets requests under way end, and closes every connection. */
    @Override
    public void close() {
        everything.close();
    }
}
