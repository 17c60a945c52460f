package dev.holdfast.server;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.server.tls.Tls;
import org.jspecify.annotations.Nullable;

/**
 * A store in this JVM that follows a primary, a Valkey or a Holdfast server: reads cost a call in the same process, and the data is as
 * fresh as the link.
 *
 * <pre>
 * try (Holdfast store = Holdfast.open()) {
 *     ReadReplica replica = ReadReplica.follow(store, "primary.example", 6379);
 *     …
 *     String name = replica.isUp() ? store.get("user:17") : null;
 * }
 * </pre>
 *
 * <p>What the store had before goes as soon as everything has come from the primary. Writes are refused, with {@code READONLY}, unless
 * {@code replica-read-only} is off. A broken link is made anew, once a second, and goes on where it was as long as the primary still has
 * what was missed.
 */
public final class ReadReplica {
    private final Holdfast store;

    private ReadReplica(Holdfast store) {
        this.store = store;
    }

    /**
     * Begins to follow a primary, and returns before anything has come. {@code primaryuser} and {@code primaryauth} of the store's
     * configuration log in.
     */
    public static ReadReplica follow(Holdfast store, String host, int port) {
        store.engine()
                .setHost(new NetworkHost(
                        store.engine().host(), new Tls(store.engine().config())));
        store.call("REPLICAOF", host, port);
        return new ReadReplica(store);
    }

    /** Whether the link is up, and everything has come that the primary had when it was made. */
    public boolean isUp() {
        return node().isLinkUp();
    }

    /** The offset in the primary's stream of changes up to which the store has it. */
    public long offset() {
        return node().offset();
    }

    /** How many seconds ago the primary has last said anything; null while the link is down. */
    public @Nullable Long secondsSinceRead() {
        long seconds = node().secondsSinceRead();
        return seconds < 0 ? null : seconds;
    }

    /** Ends following: the store keeps what it has, and may be written to. */
    public void promote() {
        store.call("REPLICAOF", "NO", "ONE");
    }

    private ReplicationNode node() {
        return ReplicationNode.of(store.engine());
    }
}
