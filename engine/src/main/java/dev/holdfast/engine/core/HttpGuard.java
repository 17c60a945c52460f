package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.protocol.Args;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends connections on which a browser speaks. A web page can let it send an HTTP request to any address that the user's machine
 * reaches, and the lines of that request are inline commands, the body too. No request that carries a body goes without POST at the
 * beginning or a line {@code Host:} before it; neither is a command, and as in Valkey either ends the connection, wherever it
 * stands, and nothing that was asked before it is answered.
 */
final class HttpGuard {
    private static final Logger LOG = LoggerFactory.getLogger(HttpGuard.class);
    private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());

    /** Ends the client's connection if the words, which are no command, are of an HTTP request. Returns whether they are. */
    boolean turnsAway(Client client, Args words) {
        Slice first = words.get(0);
        if (!first.isWord("POST") && !first.isWord("HOST:")
                || client.link().address().equals(Link.IN_PROCESS)) {
            return false;
        }
        long now = System.nanoTime();
        long until = quietUntil.get();
        if (now - until >= 0 && quietUntil.compareAndSet(until, now + LOG_EVERY_NANOS)) {
            LOG.warn(
                    "Possible SECURITY ATTACK detected: {} sends an HTTP request (POST or Host:), as a web page that is to"
                            + " make a browser command this store would. Its connection is closed.",
                    client.link().address());
        }
        client.closeAfterReply();
        client.link().close(false);
        return true;
    }
}
