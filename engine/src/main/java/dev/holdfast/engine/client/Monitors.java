package dev.holdfast.engine.client;

import dev.holdfast.engine.acl.Redaction;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private static final Logger LOG = LoggerFactory.getLogger(Monitors.class);
    private static final Client[] NONE = new Client[0];
    private static final int MAX_LINE_BYTES = Integer.MAX_VALUE - 64;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final Config config;
    private final Clock clock;
    private volatile Client[] clients = NONE;

    public Monitors(Config config, Clock clock) {
        this.config = config;
        this.clock = clock;
    }

    public synchronized void add(Client client) {
        if (!client.isMonitor()) {
            client.setMonitor(true);
            List<Client> more = new ArrayList<>(List.of(clients));
            more.add(client);
            clients = more.toArray(NONE);
        }
    }

    public synchronized void remove(Client client) {
        if (client.isMonitor()) {
            client.setMonitor(false);
            List<Client> rest = new ArrayList<>(List.of(clients));
            rest.remove(client);
            clients = rest.toArray(NONE);
        }
    }

    /** Whether there is a monitor. */
    public boolean any() {
        return clients != NONE && clients.length > 0;
    }

    /**
     * Shows a command: one that has been run, or one that is going to run others, which then come after it. What is run again after
     * a wait has been shown before.
     *
     * @param inScript whether the client's script runs it
     */
    public void show(Client client, boolean inScript, CommandSpec spec, Args args) {
        if (spec.is(CommandFlag.ADMIN)) {
            return;
        }
        List<Slice> words = Redaction.redact(spec, args, config);
        byte[] head = head(client, inScript);
        long length = head.length + 2L;
        for (Slice word : words) {
            length += 1 + quotedLength(word);
        }
        if (length > MAX_LINE_BYTES || !HeapRoom.has(length)) {
            LOG.warn("Closing the clients that monitor: a command is too long to be shown");
            for (Client monitor : clients) {
                monitor.link().close(false);
            }
            return;
        }
        byte[] line = Arrays.copyOf(head, (int) length);
        int at = head.length;
        for (Slice word : words) {
            line[at++] = ' ';
            at = quote(word, line, at);
        }
        line[at++] = '\r';
        line[at] = '\n';
        SharedBytes shown = new SharedBytes(line);
        for (Client monitor : clients) {
            Client.ReplyMode mode = monitor.replyMode();
            if (mode != Client.ReplyMode.OFF && mode != Client.ReplyMode.SKIP) {
                monitor.link().push(shown);
            }
        }
    }

    /** When, in which database and from where. */
    private byte[] head(Client client, boolean inScript) {
        long micros = clock.micros();
        String from = inScript ? "lua" : client.link().address();
        String fraction = Long.toString(1_000_000 + micros % 1_000_000);
        return new StringBuilder(64)
                .append('+')
                .append(micros / 1_000_000)
                .append('.')
                .append(fraction, 1, fraction.length())
                .append(" [")
                .append(client.database())
                .append(' ')
                .append(from.startsWith("/") ? "unix:" + from.substring(0, from.lastIndexOf(':')) : from)
                .append(']')
                .toString()
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The letter that stands for a byte after a backslash, or 0. */
    private static char escape(byte b) {
        return switch (b) {
            case '\\', '"' -> (char) b;
            case '\n' -> 'n';
            case '\r' -> 'r';
            case '\t' -> 't';
            case 7 -> 'a';
            case '\b' -> 'b';
            default -> 0;
        };
    }

    private static boolean isPrintable(byte b) {
        return b >= ' ' && b < 127;
    }

    /** How long a word is between quotation marks, with what cannot be printed as an escape. */
    private static long quotedLength(Slice word) {
        long length = 2;
        for (int i = 0; i < word.length(); i++) {
            byte b = word.at(i);
            length += escape(b) != 0 ? 2 : isPrintable(b) ? 1 : 4;
        }
        return length;
    }

    private static int quote(Slice word, byte[] line, int start) {
        int at = start;
        line[at++] = '"';
        for (int i = 0; i < word.length(); i++) {
            byte b = word.at(i);
            char escape = escape(b);
            if (escape == 0 && isPrintable(b)) {
                line[at++] = b;
                continue;
            }
            line[at++] = '\\';
            if (escape != 0) {
                line[at++] = (byte) escape;
            } else {
                line[at++] = 'x';
                line[at++] = HEX[b >> 4 & 15];
                line[at++] = HEX[b & 15];
            }
        }
        line[at++] = '"';
        return at;
    }
}
