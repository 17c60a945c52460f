package dev.holdfast.engine.replication;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Pause;
import dev.holdfast.engine.keyspace.Keyspace;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A planned exchange of roles with a replica: writes are paused until a replica has applied everything, then this store follows it and
 * asks it to be the primary. No acknowledged write is lost unless the exchange is forced.
 *
 * <p>The state changes with all shards locked, but for the end of an exchange that has succeeded.
 */
public final class Failover {
    private static final Logger LOG = LoggerFactory.getLogger(Failover.class);

    private enum State {
        NONE("no-failover"),
        /** Writes are paused, and no replica has come to the end of the stream yet. */
        WAITING("waiting-for-sync"),
        /** The store follows the target, which has not agreed yet. */
        UNDER_WAY("failover-in-progress");

        private final String text;

        State(String text) {
            this.text = text;
        }
    }

    /** A replica's address, as it shows it. */
    public record Target(String host, int port) {
        boolean is(Replica replica) {
            return host.equals(replica.ip()) && port == replica.port();
        }

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    private final ReplicationNode node;
    private final Engine engine;
    private volatile State state = State.NONE;
    private @Nullable Target target;
    private long endMillis;
    private boolean forced;

    Failover(ReplicationNode node, Engine engine) {
        this.node = node;
        this.engine = engine;
    }

    /** The state as INFO shows it. */
    public String stateText() {
        return state.text;
    }

    public boolean isActive() {
        return state != State.NONE;
    }

    /** Whether the store that is followed has to be asked to be the primary. */
    boolean isUnderWay() {
        return state == State.UNDER_WAY;
    }

    /**
     * Begins an exchange of roles. All shards are locked.
     *
     * @param with null for the first replica that has applied everything
     * @param timeoutMillis how long to wait for that; 0 for ever
     * @param force whether it takes place after that time all the same, and writes may be lost
     * @throws CommandException if it cannot begin
     */
    public void begin(@Nullable Target with, long timeoutMillis, boolean force) {
        if (isActive()) {
            throw new CommandException("ERR FAILOVER already in progress.");
        }
        if (node.isReplica()) {
            throw new CommandException("ERR FAILOVER is not valid when server is a replica.");
        }
        if (node.replicas().all().isEmpty()) {
            throw new CommandException("ERR FAILOVER requires connected replicas.");
        }
        if (force && (timeoutMillis == 0 || with == null)) {
            throw new CommandException(
                    "ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
        }
        if (with != null) {
            Replica replica = find(with);
            if (replica == null) {
                throw new CommandException("ERR FAILOVER target HOST and PORT is not a replica.");
            }
            if (!replica.isOnline()) {
                throw new CommandException("ERR FAILOVER target replica is not online.");
            }
        }
        LOG.info("FAILOVER requested to {}.", shown(with));
        target = with;
        forced = force;
        endMillis = timeoutMillis == 0 ? Long.MAX_VALUE : engine.clock().millis() + timeoutMillis;
        engine.pause().start(Pause.Purpose.FAILOVER, Long.MAX_VALUE, true);
        state = State.WAITING;
        node.replicas().requestAcknowledgements();
    }

    private static Object shown(@Nullable Target target) {
        return target == null ? "any replica" : target;
    }

    private @Nullable Replica find(Target wanted) {
        return node.replicas().all().stream().filter(wanted::is).findFirst().orElse(null);
    }

    /** Goes on if a replica has applied everything, or the time is over. Called by the timer. */
    void look() {
        if (state != State.WAITING) {
            return;
        }
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            if (state != State.WAITING) {
                return;
            }
            Replica ready = synced();
            if (ready != null) {
                target = new Target(ready.ip(), ready.port());
                LOG.info("Failover target {} is synced, failing over.", target);
                exchange();
            } else if (engine.clock().millis() >= endMillis && forced) {
                LOG.info("FAILOVER to {} time out exceeded, failing over.", target);
                exchange();
            } else if (engine.clock().millis() >= endMillis) {
                abort("Replica never caught up before timeout");
            }
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
    }

    private @Nullable Replica synced() {
        Target wanted = target;
        long offset = node.offset();
        return node.replicas().all().stream()
                .filter(replica -> wanted == null || wanted.is(replica))
                .filter(replica -> replica.isOnline() && replica.ackOffset() == offset)
                .findFirst()
                .orElse(null);
    }

    private void exchange() {
        Target next = Objects.requireNonNull(target);
        state = State.UNDER_WAY;
        node.follow(next.host, next.port);
    }

    /** The target has answered. Called without locks, by the thread of the link. */
    void answered(boolean agreed) {
        if (agreed) {
            end();
            node.unblockClients();
            return;
        }
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            abort("Failover target rejected psync request");
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
    }

    /** Gives an exchange up, if there is one; the store is a primary again. All shards are locked. */
    public void abort(String reason) {
        if (!isActive()) {
            return;
        }
        LOG.info("FAILOVER to {} aborted: {}", shown(target), reason);
        boolean follows = isUnderWay();
        end();
        if (follows) {
            node.promote();
        }
    }

    private void end() {
        state = State.NONE;
        target = null;
        // What has waited runs without the locks of this thread.
        engine.timer().execute(() -> engine.pause().stop(Pause.Purpose.FAILOVER));
    }
}
