package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Json;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A WebSocket that reads only when it is asked to. */
final class SlowSocket implements AutoCloseable {
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int LITTLE = 16 * 1024;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;

    SlowSocket(int port, String token) throws IOException {
        socket.setReceiveBufferSize(LITTLE);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout(20_000);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), LITTLE));
        out = socket.getOutputStream();
        out.write(("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        + "Authorization: Bearer " + token + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        if (!head.toString().startsWith("HTTP/1.1 101")) {
            throw new IOException(head.toString());
        }
    }

    void say(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        // Masked with zeros, which change nothing.
        out.write(0x81);
        out.write(0x80 | bytes.length);
        out.write(new byte[4]);
        out.write(bytes);
    }

    /** The next message; a close frame as an object of its code and reason; null at the end. */
    @Nullable
    JsonNode hear() throws IOException {
        while (true) {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            int kind = first & 15;
            long length = in.readUnsignedByte() & 127;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = in.readLong();
            }
            byte[] payload = in.readNBytes((int) length);
            if (kind == CLOSE) {
                int code = (payload[0] & 255) << 8 | payload[1] & 255;
                String reason = new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
                return Json.mapper().valueToTree(Map.of("closed", code, "reason", reason));
            }
            if (kind != PING) {
                return Json.read(payload);
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
