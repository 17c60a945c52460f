package dev.holdfast.engine.client;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A blocked command: whose it is, its words, and the keys whose change may let it go on.
 *
 * <p>Its state changes only with the shards of all its keys locked, so of a write that serves it, a timeout, an unblocking and
 * a disconnection exactly one wins.
 */
public final class BlockedCommand {
    /** What a waiter takes beside its words. */
    private static final int BYTES = 256;

    public final Client client;
    public final CommandSpec spec;
    public final Args args;
    public final int database;
    public final List<Slice> keys;
    public final long mask;

    /** What a key must hold to serve this waiter. */
    public final ValueType wanted;

    /** Whether the command is also run again when a key goes or gets another type, because it then fails. */
    public final boolean wakesOnLoss;

    /** Writes the answer when the time is over. */
    public final Consumer<Reply> timeoutReply;

    @Nullable
    public Future<?> timeout;

    private boolean waiting = true;

    /** What a waiter takes for these words: copies of them, and of the keys among them. */
    public static long bytes(Args words) {
        return 2 * words.copyBytes() + BYTES;
    }

    public BlockedCommand(
            Client client,
            CommandSpec spec,
            Args args,
            int database,
            List<Slice> keys,
            long mask,
            ValueType wanted,
            boolean wakesOnLoss,
            Consumer<Reply> timeoutReply) {
        this.client = client;
        this.spec = spec;
        this.args = args;
        this.database = database;
        this.keys = keys;
        this.mask = mask;
        this.wanted = wanted;
        this.wakesOnLoss = wakesOnLoss;
        this.timeoutReply = timeoutReply;
    }

    public boolean isWaiting() {
        return waiting;
    }

    public void done() {
        waiting = false;
        if (timeout != null) {
            timeout.cancel(false);
        }
    }
}
