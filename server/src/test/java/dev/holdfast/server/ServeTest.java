package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.engine.Holdfast;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** One keyspace, used in-process and over a socket. */
class ServeTest {
    @Test
    void aStoreIsServedOnAPortUntilItCloses() throws IOException {
        Holdfast store = Holdfast.open();
        Server server = Server.serve(store, 0);
        store.set("a", "in-process");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write("GET a\r\nSET a socket\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readNBytes("$10\r\nin-process\r\n+OK\r\n".length());
            assertEquals("$10\r\nin-process\r\n+OK\r\n", new String(answer, StandardCharsets.US_ASCII));
        }
        assertEquals("socket", store.get("a"));
        store.close();
        assertThrows(IOException.class, () -> new Socket(InetAddress.getLoopbackAddress(), server.port()).close());
    }
}
