package dev.holdfast.engine.core;

import dev.holdfast.engine.client.BlockedCommand;
import dev.holdfast.engine.client.Client;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/** Clients that wait for something other than a key: that their changes are durable, or that replicas have them. */
public final class Waits {
    /** One wait, and whether what it is for has come. */
    private record Wait(BlockedCommand waiter, BooleanSupplier over) {}

    private final Blocking blocking;
    private final Queue<Wait> waits = new ConcurrentLinkedQueue<>();

    public Waits(Blocking blocking) {
        this.blocking = blocking;
    }

    /** Takes note of a client that has just begun to wait. */
    public void add(Client client, BooleanSupplier over) {
        BlockedCommand waiter = client.waiter();
        if (waiter != null) {
            waits.add(new Wait(waiter, over));
            // What it waits for may have come before it was noted.
            answer();
        }
    }

    /** Answers those whose time has come. The caller holds no lock. */
    public void answer() {
        if (!waits.isEmpty()) {
            waits.removeIf(wait -> wait.over.getAsBoolean() && endWait(wait) || !blocking.isWaiting(wait.waiter));
        }
    }

    private boolean endWait(Wait wait) {
        blocking.endWait(wait.waiter);
        return true;
    }
}
