package dev.holdfast.server;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** A client that sends bytes and shows replies as a person would read them: RESP with line ends as {@code |}. */
final class RawClient implements Closeable {
    private final SocketChannel channel;
    private final ByteBuffer input = ByteBuffer.allocate(64 * 1024).flip();

    private RawClient(SocketAddress address) throws IOException {
        channel = SocketChannel.open(address);
    }

    private RawClient() throws IOException {
        channel = SocketChannel.open();
    }

    static RawClient tcp(int port) throws IOException {
        return new RawClient(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    static RawClient unix(String path) throws IOException {
        return new RawClient(UnixDomainSocketAddress.of(path));
    }

    /** A client whose system takes little that it has not read. */
    static RawClient reluctant(int port) throws IOException {
        RawClient client = new RawClient();
        client.channel.setOption(StandardSocketOptions.SO_RCVBUF, 16 * 1024);
        client.channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return client;
    }

    void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    String run(String line) throws IOException {
        send(line + "\r\n");
        return read();
    }

    /** The next reply, with its elements. */
    String read() throws IOException {
        String head = line();
        StringBuilder reply = new StringBuilder(head);
        switch (head.charAt(0)) {
            case '$' -> {
                int length = Integer.parseInt(head.substring(1));
                if (length >= 0) {
                    reply.append('|');
                    for (int i = 0; i < length; i++) {
                        reply.append((char) next());
                    }
                    line();
                }
            }
            case '*', '>', '~' -> elements(reply, Integer.parseInt(head.substring(1)));
            case '%' -> elements(reply, 2 * Integer.parseInt(head.substring(1)));
            default -> {}
        }
        return reply.toString();
    }

    private void elements(StringBuilder reply, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            reply.append('|').append(read());
        }
    }

    /** The bytes that have arrived by now; -1 where the server has ended the connection behind none. */
    int arrived() throws IOException {
        if (input.hasRemaining()) {
            return input.remaining();
        }
        channel.configureBlocking(false);
        try {
            input.clear();
            int length = channel.read(input);
            input.flip();
            return length;
        } finally {
            channel.configureBlocking(true);
        }
    }

    /** Says that nothing more will be sent. */
    void endSending() throws IOException {
        channel.shutdownOutput();
    }

    /** Breaks the connection off. */
    void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    /** Whether the server has ended the connection; waits for more bytes or the end. */
    boolean isEnded() throws IOException {
        try {
            while (true) {
                next();
            }
        } catch (EOFException e) {
            return true;
        }
    }

    /** All that the server still sends before it ends the connection. */
    String rest() throws IOException {
        StringBuilder rest = new StringBuilder();
        try {
            while (true) {
                rest.append((char) next());
            }
        } catch (EOFException e) {
            return rest.toString();
        }
    }

    /** Reads on until these bytes have come. Returns false if the connection ends before. */
    boolean readUntil(String bytes) throws IOException {
        String seen = "";
        while (true) {
            byte[] now = new byte[input.remaining()];
            input.get(now);
            String text = seen + new String(now, StandardCharsets.ISO_8859_1);
            if (text.contains(bytes)) {
                return true;
            }
            seen = text.substring(Math.max(0, text.length() - bytes.length()));
            input.clear();
            int length;
            try {
                length = channel.read(input);
            } catch (IOException e) {
                length = -1;
            }
            input.flip();
            if (length < 0) {
                input.limit(0);
                return false;
            }
        }
    }

    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = next(); b != '\n'; b = next()) {
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).replace("\r", "");
    }

    String readBytes(int count) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append((char) next());
        }
        return text.toString();
    }

    /** The next command that the server sends, which is the primary of this client; its words with spaces between. */
    String readCommand() throws IOException {
        String[] parts = read().split("\\|");
        StringBuilder words = new StringBuilder();
        for (int i = 2; i < parts.length; i += 2) {
            words.append(i == 2 ? "" : " ").append(parts[i]);
        }
        return words.toString();
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = next();
        while (b != '\r') {
            line.write(b);
            b = next();
        }
        next();
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    private int next() throws IOException {
        while (!input.hasRemaining()) {
            input.clear();
            int length;
            try {
                length = channel.read(input);
            } catch (IOException e) {
                length = -1;
            }
            input.flip();
            if (length < 0) {
                input.limit(0);
                throw new EOFException();
            }
        }
        return input.get() & 0xFF;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
