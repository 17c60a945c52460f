package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ReplicationParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.topology.Peer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a replica says to its primary before anything is synchronized, on a connection for the stream or on one for a snapshot. */
final class Handshake {
    private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

    /**
     * What the primary says before a snapshot that comes by a connection of its own.
     *
     * @param offset where the stream goes on
     * @param id what the stream is called
     * @param client the number of the connection, for the main one to name it
     */
    record Place(long offset, String id, long client) {
        private static final String HEAD = "$ENDOFF:";

        static Place of(String line) throws IOException {
            String[] words = line.split(" ");
            try {
                if (words.length == 4 && words[0].startsWith(HEAD)) {
                    return new Place(
                            Long.parseLong(words[0].substring(HEAD.length())), words[1], Long.parseLong(words[3]));
                }
            } catch (NumberFormatException e) {
                LOG.debug("No place in a stream", e);
            }
            throw new IOException("Received unexpected $ENDOFF response: " + line);
        }
    }

    private final Engine engine;
    private final ReplicationParameters parameters;
    private final String host;
    private final int port;

    Handshake(Engine engine, String host, int port) {
        this.engine = engine;
        this.parameters = engine.config().replication;
        this.host = host;
        this.port = port;
    }

    /** Opens a connection, on which nothing has been said yet. */
    Peer open() throws IOException {
        int timeout = (int) Math.min(Integer.MAX_VALUE, parameters.timeoutSeconds.get() * 1000);
        return engine.host()
                .connect(host, port, timeout, engine.config().tls.replication.get());
    }

    /** Says on the connection for the stream who this is and what it can. */
    void introduce(Peer to) throws IOException {
        String pong = ask(to, "PING");
        if (!pong.startsWith("+")
                && !pong.startsWith("-NOAUTH")
                && !pong.startsWith("-NOPERM")
                && !pong.startsWith("-ERR operation not permitted")) {
            throw new IOException("Error reply to PING from primary: '" + pong + "'");
        }
        logIn(to);
        tell(to, "listening-port", Integer.toString(ownPort()));
        if (!parameters.announceIp.get().isEmpty()) {
            tell(to, "ip-address", parameters.announceIp.get());
        }
        List<String> words = new ArrayList<>(List.of("REPLCONF", "capa", "eof", "capa", "psync2"));
        if (parameters.dualChannel.get()) {
            Collections.addAll(words, "capa", "dual-channel");
        }
        String answer = ask(to, words.toArray(String[]::new));
        if (answer.startsWith("-")) {
            LOG.info("(Non critical) Primary does not understand REPLCONF capa: {}", answer);
        }
        tell(to, "version", Compatibility.VALKEY_VERSION);
    }

    /** Asks for a snapshot on a connection that is for nothing else. What comes next is its {@link Place}. */
    void requestSnapshot(Peer to) throws IOException {
        logIn(to);
        String answer = ask(
                to,
                "REPLCONF",
                "capa",
                "eof",
                "rdb-only",
                "1",
                "rdb-channel",
                "1",
                "listening-port",
                Integer.toString(ownPort()));
        if (answer.startsWith("-")) {
            throw new IOException(
                    "Server does not support sync with offset, dual channel sync approach cannot be used: " + answer);
        }
        if (!parameters.announceIp.get().isEmpty()) {
            tell(to, "ip-address", parameters.announceIp.get());
        }
        tell(to, "version", Compatibility.VALKEY_VERSION);
        to.send("SYNC\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    private void logIn(Peer to) throws IOException {
        String password = parameters.primaryAuth.get();
        String user = parameters.primaryUser.get();
        if (!password.isEmpty()) {
            String answer = user.isEmpty() ? ask(to, "AUTH", password) : ask(to, "AUTH", user, password);
            if (answer.startsWith("-")) {
                throw new IOException("Unable to AUTH to PRIMARY: " + answer);
            }
        }
    }

    /** The port at which a primary shows this server to others. */
    private int ownPort() {
        if (parameters.announcePort.getInt() > 0) {
            return parameters.announcePort.getInt();
        }
        Config config = engine.config();
        return config.tls.replication.get() && config.tls.port.get() != 0
                ? config.tls.port.getInt()
                : config.network.port.getInt();
    }

    private static void tell(Peer to, String name, String value) throws IOException {
        String answer = ask(to, "REPLCONF", name, value);
        if (answer.startsWith("-")) {
            LOG.info("(Non critical) Primary does not understand REPLCONF {}: {}", name, answer);
        }
    }

    /** Sends a command; the first line of its answer that is not empty. */
    static String ask(Peer to, String... words) throws IOException {
        to.send(command(words));
        return readLine(to);
    }

    /** The next line that is not empty: a primary that is busy sends empty ones. */
    static String readLine(Peer from) throws IOException {
        String line = from.readLine();
        while (line.isEmpty()) {
            line = from.readLine();
        }
        return line;
    }

    static byte[] command(String... words) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(("*" + words.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
        for (String word : words) {
            byte[] text = word.getBytes(StandardCharsets.UTF_8);
            bytes.writeBytes(("$" + text.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
            bytes.writeBytes(text);
            bytes.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }
}
