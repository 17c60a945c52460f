package dev.holdfast.engine.persistence;

import dev.holdfast.engine.client.BlockedCommand;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.core.Engine;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;

/** Clients that wait until their changes are durable: WAITAOF. */
final class AofWaits {
    /** One wait, and the offset in the log of changes that it is for. */
    private record Wait(BlockedCommand waiter, long offset) {}

    private final Engine engine;
    private final LongSupplier durable;
    private final Queue<Wait> waits = new ConcurrentLinkedQueue<>();

    /** @param durable how far the log is durable */
    AofWaits(Engine engine, LongSupplier durable) {
        this.engine = engine;
        this.durable = durable;
    }

    /** Takes note of a client that has just begun to wait. */
    void add(Client client, long offset) {
        BlockedCommand waiter = client.waiter();
        if (waiter != null) {
            waits.add(new Wait(waiter, offset));
            // What it waits for may have come before it was noted.
            answer();
        }
    }

    /** Answers those whose time has come. The caller holds no lock. */
    void answer() {
        if (!waits.isEmpty()) {
            long upTo = durable.getAsLong();
            waits.removeIf(wait ->
                    wait.offset <= upTo && endWait(wait) || !engine.blocking().isWaiting(wait.waiter));
        }
    }

    private boolean endWait(Wait wait) {
        engine.blocking().endWait(wait.waiter);
        return true;
    }
}
