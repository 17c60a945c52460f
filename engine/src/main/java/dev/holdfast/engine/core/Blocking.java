package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.BlockedCommand;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.NoReply;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Commands that wait for a key.
 *
 * <p>A command that finds nothing registers with each of its keys and leaves the thread. A write that changes such a key runs the
 * waiting commands again, in the order of their arrival, once it has released its own locks; a command that still finds
 * nothing keeps its place. So whatever a command does when it is served, it does in one place: its handler.
 *
 * <p>A waiter ends in one of four ways: served, timed out, unblocked by another client, or its client has gone. Each takes the
 * locks of all the waiter's shards first and looks whether it still waits.
 *
 * <p>A client that has closed its connection is served nothing, even before its event loop has come to notice: what it would
 * be given would be lost. The next one is served instead.
 */
public final class Blocking {
    private final Engine engine;
    private final Keyspace keyspace;
    private final ScheduledExecutorService timer;
    private final AtomicInteger blockedClients = new AtomicInteger();

    Blocking(Engine engine, ScheduledExecutorService timer) {
        this.engine = engine;
        this.keyspace = engine.keyspace();
        this.timer = timer;
    }

    /** How many clients wait. */
    public int blockedClients() {
        return blockedClients.get();
    }

    void block(
            Call call,
            Args words,
            long timeoutMillis,
            ValueType wanted,
            boolean wakesOnLoss,
            int firstKey,
            int lastKey,
            Consumer<Reply> timeoutReply) {
        Client client = call.client();
        client.take(BlockedCommand.bytes(words));
        Set<Slice> distinct = new LinkedHashSet<>();
        for (int i = firstKey; i <= lastKey; i++) {
            if (!distinct.contains(call.arg(i))) {
                distinct.add(new Slice(call.arg(i).toBytes()));
            }
        }
        List<Slice> keys = List.copyOf(distinct);
        long mask = 0;
        for (int index : call.spec().keysOf(call.args())) {
            mask |= keyspace.maskOf(call.arg(index));
        }
        if (mask == 0) {
            // What waits for no key needs a lock all the same, so that its wait ends once.
            mask = 1;
        }
        if (keys.isEmpty()) {
            // A wait for time alone; some lock has to guard it.
            mask = 1;
        }
        BlockedCommand waiter = new BlockedCommand(
                client, call.spec(), words, client.database(), keys, mask, wanted, wakesOnLoss, timeoutReply);
        for (Slice key : keys) {
            engine.observers().of(key).await(waiter.database, key, waiter);
        }
        client.setWaiter(waiter);
        blockedClients.incrementAndGet();
        if (timeoutMillis > 0) {
            waiter.timeout =
                    timer.schedule(() -> end(waiter, waiter.timeoutReply), timeoutMillis, TimeUnit.MILLISECONDS);
        }
    }

    /** Ends a wait with an answer, unless it has ended already. */
    private boolean end(BlockedCommand waiter, @Nullable Consumer<Reply> answer) {
        keyspace.lock(waiter.mask);
        try {
            if (!waiter.isWaiting()) {
                return false;
            }
            forget(waiter);
            if (answer != null) {
                waiter.client.lane().calls[waiter.spec.id()]++;
                waiter.client.countCommand();
            }
        } finally {
            keyspace.unlock(waiter.mask);
        }
        if (answer != null) {
            Reply reply = waiter.client.link().resumeReply();
            int mark = reply.mark();
            answer.accept(reply);
            engine.dispatcher().resume(waiter.client, reply, mark);
        }
        return true;
    }

    private void forget(BlockedCommand waiter) {
        waiter.done();
        for (Slice key : waiter.keys) {
            engine.observers().of(key).stopAwaiting(waiter.database, key, waiter);
        }
        waiter.client.setWaiter(null);
        waiter.client.give(BlockedCommand.bytes(waiter.args));
        blockedClients.decrementAndGet();
    }

    /** Ends a wait with the answer that it would get when its time is over, unless it has ended already. */
    public void endWait(BlockedCommand waiter) {
        end(waiter, waiter.timeoutReply);
    }

    /** Whether a wait has not ended yet. */
    public boolean isWaiting(BlockedCommand waiter) {
        keyspace.lock(waiter.mask);
        try {
            return waiter.isWaiting();
        } finally {
            keyspace.unlock(waiter.mask);
        }
    }

    /** Ends the wait of a client whose connection has gone. */
    void abandon(Client client) {
        BlockedCommand waiter = client.waiter();
        if (waiter != null) {
            end(waiter, null);
        }
    }

    /**
     * Ends the wait of a client by another's order.
     *
     * @param error the error that the client receives, or null for the answer of a timeout
     * @return whether the client was waiting
     */
    public boolean unblock(Client client, @Nullable String error) {
        BlockedCommand waiter = client.waiter();
        if (waiter == null || !end(waiter, error == null ? waiter.timeoutReply : reply -> reply.error(error))) {
            return false;
        }
        if (error != null) {
            client.lane().rejected[waiter.spec.id()]++;
            engine.statistics().countError(error);
        }
        return true;
    }

    /** Runs the commands that wait for these keys, and for those that they change in turn. No locks are held. */
    void serve(List<DatabaseKey> ready) {
        Deque<DatabaseKey> queue = new ArrayDeque<>(ready);
        while (!queue.isEmpty()) {
            DatabaseKey key = queue.poll();
            ValueType refused = null;
            for (BlockedCommand waiter : waiters(key)) {
                if ((waiter.wanted != refused || waiter.wakesOnLoss) && !serve(key, waiter, queue)) {
                    refused = waiter.wanted;
                }
            }
        }
    }

    private List<BlockedCommand> waiters(DatabaseKey key) {
        long mask = keyspace.maskOf(key.key());
        keyspace.lock(mask);
        try {
            List<BlockedCommand> waiters = engine.observers().of(key.key()).waiters(key.database(), key.key());
            return waiters == null ? List.of() : List.copyOf(waiters);
        } finally {
            keyspace.unlock(mask);
        }
    }

    /** Runs one waiting command. Returns whether the key may have something for the next that wants the same type. */
    private boolean serve(DatabaseKey key, BlockedCommand waiter, Deque<DatabaseKey> queue) {
        keyspace.lock(waiter.mask);
        try {
            if (!waiter.isWaiting() || engine.clients().hasGone(waiter.client)) {
                return true;
            }
            if (engine.pause().keepsUnserved(waiter.client, waiter.spec, waiter.args, key)) {
                return true;
            }
            Call call = Engine.callOf(waiter.client);
            call.begin(Origin.WAIT, waiter.spec, waiter.args, NoReply.INSTANCE);
            Object item = call.find(key.key(), key.database());
            boolean lost = item == null || KeyRecord.type(KeyTable.record(item)) != waiter.wanted;
            if (lost && !waiter.wakesOnLoss) {
                call.endUnit();
                return false;
            }
            Reply reply = waiter.client.link().resumeReply();
            int mark = reply.mark();
            engine.dispatcher().runLocked(Origin.WAIT, call, waiter.spec, waiter.args, reply);
            queue.addAll(call.changed().takeAwaited());
            if (call.hasBlocked()) {
                return true;
            }
            forget(waiter);
            // Under the lock, so that the answer goes out before word that what it says has changed again.
            engine.dispatcher().resume(waiter.client, reply, mark);
        } finally {
            keyspace.unlock(waiter.mask);
        }
        return true;
    }
}
