package dev.holdfast.server;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.config.NetworkParameters;
import dev.holdfast.engine.config.OutputLimits;
import java.util.function.LongSupplier;

/** Watches how much one connection has left unread, against {@code client-output-buffer-limit}. */
final class OutputLimit {
    /** What counts for no limit: Valkey's buffer for replies. */
    private static final int FREE_BYTES = 16 * 1024;

    /** What a client that has not logged in may leave unread. */
    private static final int STRANGERS_BYTES = FREE_BYTES + 1024;

    private final NetworkParameters parameters;
    private final LongSupplier backlogSize;
    private final Clock clock;
    private long overSoftSince;

    /** @param backlogSize the least that a replica may leave unread */
    OutputLimit(NetworkParameters parameters, LongSupplier backlogSize, Clock clock) {
        this.parameters = parameters;
        this.backlogSize = backlogSize;
        this.clock = clock;
    }

    private OutputLimits.Limit limit(Client client) {
        return parameters.clientOutputBufferLimit.limit(
                client.isReplica()
                        ? OutputLimits.REPLICA
                        : client.isSubscriber() ? OutputLimits.PUBSUB : OutputLimits.NORMAL);
    }

    /** The most that the client may leave unread. */
    long hardBytes(Client client) {
        long bytes = limit(client).hardBytes();
        return bytes > 0 ? bytes : Long.MAX_VALUE;
    }

    /** The client has read: the time over the soft limit ends as soon as less than that is left. */
    void sent(Client client, long pendingBytes) {
        if (overSoftSince != 0 && pendingBytes < limit(client).softBytes()) {
            overSoftSince = 0;
        }
    }

    /** Whether the connection must be closed: over the hard limit, or over the soft limit for too long. */
    boolean isExceeded(Client client, long pendingBytes) {
        if (pendingBytes > STRANGERS_BYTES && !client.isAuthenticated()) {
            return true;
        }
        if (pendingBytes <= FREE_BYTES) {
            overSoftSince = 0;
            return false;
        }
        OutputLimits.Limit limit = limit(client);
        // What the backlog keeps anyway is no burden.
        long least = client.isReplica() ? backlogSize.getAsLong() : 0;
        if (limit.hardBytes() > 0 && pendingBytes >= Math.max(limit.hardBytes(), least)) {
            return true;
        }
        if (limit.softBytes() == 0 || pendingBytes < Math.max(limit.softBytes(), least)) {
            overSoftSince = 0;
            return false;
        }
        long now = clock.nanos();
        if (overSoftSince == 0) {
            overSoftSince = now == 0 ? 1 : now;
            return false;
        }
        return now - overSoftSince > limit.softSeconds() * 1_000_000_000L;
    }
}
