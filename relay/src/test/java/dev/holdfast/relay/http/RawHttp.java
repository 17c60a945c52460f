package dev.holdfast.relay.http;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A socket to a server, for what a well-behaved client does not send. */
public final class RawHttp implements Closeable {
    private final Socket socket;

    public RawHttp(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(30_000);
    }

    public RawHttp send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** Everything until the server closes. */
    public String readAll() throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Everything until a text has come {@code times} times. */
    public String readUntil(String end, int times) throws IOException {
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        while (seen.toString(StandardCharsets.UTF_8).split(java.util.regex.Pattern.quote(end), -1).length <= times) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("closed after: " + seen.toString(StandardCharsets.UTF_8));
            }
            seen.write(next);
        }
        return seen.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
