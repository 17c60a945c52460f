package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The clients that see every command as it is run: {@code MONITOR}. A line says when, in which database, from where, and the words:
 *
 * <pre>
 * 1339518083.107412 [0 127.0.0.1:60866] "set" "greeting" "hello\n"
 * </pre>
 *
 * <p>Administrative commands are not shown, nor are secrets ({@link Redaction}). To the monitors the lines are replies, which
 * {@code CLIENT REPLY} may silence.
 */
public final class Monitors {
    private static final Client[] NOBODY = new Client[0];

    private final Config config;
    private final Clock clock;
    private volatile Client[] clients = NOBODY;

    Monitors(Config config, Clock clock) {
        this.config = config;
        this.clock = clock;
    }

    public synchronized void add(Client client) {
        if (!client.isMonitor()) {
            client.setMonitor(true);
            List<Client> more = new ArrayList<>(List.of(clients));
            more.add(client);
            clients = more.toArray(NOBODY);
        }
    }

    public synchronized void remove(Client client) {
        if (client.isMonitor()) {
            client.setMonitor(false);
            List<Client> rest = new ArrayList<>(List.of(clients));
            rest.remove(client);
            clients = rest.toArray(NOBODY);
        }
    }

    /** Whether anybody looks. */
    boolean any() {
        return clients != NOBODY && clients.length > 0;
    }

    /**
     * Shows a command: one that has been run, or one that is going to run others, which then come after it. What is run again after
     * a wait has been shown before.
     *
     * @param inScript whether the client's script runs it
     */
    void show(Client client, boolean inScript, CommandSpec spec, Args args) {
        if (spec.is(CommandFlag.ADMIN)) {
            return;
        }
        byte[] line =
                line(client, inScript, Redaction.redact(spec, args, config)).getBytes(StandardCharsets.US_ASCII);
        for (Client monitor : clients) {
            Client.ReplyMode mode = monitor.replyMode();
            if (mode != Client.ReplyMode.OFF && mode != Client.ReplyMode.SKIP) {
                monitor.link().push(line);
            }
        }
    }

    private String line(Client client, boolean inScript, List<Slice> words) {
        long micros = clock.micros();
        String from = inScript ? "lua" : client.link().address();
        StringBuilder line = new StringBuilder(96)
                .append(String.format(Locale.ROOT, "+%d.%06d", micros / 1_000_000, micros % 1_000_000))
                .append(" [")
                .append(client.database())
                .append(' ')
                .append(from.startsWith("/") ? "unix:" + from.substring(0, from.lastIndexOf(':')) : from)
                .append(']');
        for (Slice word : words) {
            line.append(' ');
            quote(line, word);
        }
        return line.append("\r\n").toString();
    }

    /** Appends a word between quotation marks, with what cannot be printed as an escape. */
    private static void quote(StringBuilder line, Slice word) {
        line.append('"');
        for (int i = 0; i < word.length(); i++) {
            byte b = word.at(i);
            switch (b) {
                case '\\', '"' -> line.append('\\').append((char) b);
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                case 7 -> line.append("\\a");
                case '\b' -> line.append("\\b");
                default -> {
                    if (b >= ' ' && b < 127) {
                        line.append((char) b);
                    } else {
                        line.append(String.format(Locale.ROOT, "\\x%02x", b));
                    }
                }
            }
        }
        line.append('"');
    }
}
