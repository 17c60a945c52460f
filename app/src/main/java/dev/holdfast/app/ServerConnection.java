package dev.holdfast.app;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.server.SocketPeer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** A client of a running server, for the few commands that a backup needs. */
final class ServerConnection implements Closeable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final SocketPeer peer;

    /** @param encryption makes the sockets that encrypt; null for none */
    ServerConnection(
            String host,
            int port,
            @Nullable String user,
            @Nullable String password,
            @Nullable SSLSocketFactory encryption)
            throws IOException {
        try {
            peer = SocketPeer.connect(host, port, TIMEOUT_MILLIS, encryption);
        } catch (IOException e) {
            throw new IOException("no server answers at %s:%d (%s)".formatted(host, port, Reason.of(e)), e);
        }
        if (password != null) {
            if (user == null) {
                command("AUTH", password);
            } else {
                command("AUTH", user, password);
            }
        }
    }

    /** Runs a command; gives the lines of its answer, without those that only tell lengths. */
    List<String> command(String... words) throws IOException {
        StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            request.append('$').append(word.getBytes(StandardCharsets.UTF_8).length);
            request.append("\r\n").append(word).append("\r\n");
        }
        peer.send(request.toString().getBytes(StandardCharsets.UTF_8));
        List<String> lines = new ArrayList<>();
        readAnswer(lines);
        return lines;
    }

    private void readAnswer(List<String> lines) throws IOException {
        String head = peer.readLine();
        switch (head.charAt(0)) {
            case '-' -> throw new IOException("the server answered: " + head.substring(1));
            case '*' -> {
                for (int left = Integer.parseInt(head.substring(1)); left > 0; left--) {
                    readAnswer(lines);
                }
            }
            case '$' -> {
                int left = Integer.parseInt(head.substring(1)) + 2;
                while (left > 0) {
                    String line = peer.readLine();
                    lines.add(line);
                    left -= line.length() + 2;
                }
            }
            default -> lines.add(head.substring(1));
        }
    }

    /** A field of INFO persistence. */
    String info(String field) throws IOException {
        for (String line : command("INFO", "persistence")) {
            if (line.startsWith(field + ":")) {
                return line.substring(field.length() + 1);
            }
        }
        throw new IOException("the server does not tell " + field);
    }

    long figure(String field) throws IOException {
        return Long.parseLong(info(field));
    }

    /** The value of a parameter. */
    String setting(String name) throws IOException {
        return command("CONFIG", "GET", name).get(1);
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
