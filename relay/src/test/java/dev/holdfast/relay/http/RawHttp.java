package dev.holdfast.relay.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A socket to a server, for what a well-behaved client does not send. */
public final class RawHttp implements Closeable {
    private final Socket socket;
    private final InputStream in;

    public RawHttp(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        in = new BufferedInputStream(socket.getInputStream());
        socket.setSoTimeout(30_000);
    }

    public RawHttp send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** Says that nothing more will be sent. */
    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Everything until the server closes. */
    public String readAll() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Everything until a text has come {@code times} times. */
    public String readUntil(String end, int times) throws IOException {
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        byte[] wanted = end.getBytes(StandardCharsets.UTF_8);
        byte[] tail = new byte[wanted.length];
        int left = times;
        while (left > 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("closed after: " + seen.toString(StandardCharsets.UTF_8));
            }
            seen.write(next);
            System.arraycopy(tail, 1, tail, 0, tail.length - 1);
            tail[tail.length - 1] = (byte) next;
            if (Arrays.equals(tail, wanted)) {
                left--;
            }
        }
        return seen.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
