package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * {@code CLIENT PAUSE}: commands, or those that write, wait until the pause is over and are then run as if they had just
 * arrived.
 *
 * <p>A pause is a fence: once it is answered, nothing that it concerns happens. It begins with all shards locked, when none who
 * writes is under way; and a thread that locks a shard to write, later, looks whether there is a pause. Those are commands, which are
 * then postponed; blocked clients, which are served when it is over; expiry and eviction, which leave their keys.
 */
public final class Pause {
    /** What clients are paused for. Each has a time of its own; what any of them concerns waits. */
    public enum Purpose {
        CLIENT("client_pause"),
        SHUTDOWN("shutdown_in_progress"),
        FAILOVER("failover_in_progress");

        private final String text;

        Purpose(String text) {
            this.text = text;
        }
    }

    /** How soon a thread that waits for the end notices that its client has gone. */
    private static final long LOOK_MILLIS = 100;

    private record Span(long endMillis, boolean onlyWrites, Future<?> end) {}

    private record Postponed(Client client, Args args) {}

    private final Engine engine;
    private final List<Postponed> postponed = new ArrayList<>();
    private final List<DatabaseKey> unserved = new ArrayList<>();

    private volatile boolean active;
    private volatile boolean onlyWrites;
    private final Map<Purpose, Span> spans = new EnumMap<>(Purpose.class);

    Pause(Engine engine) {
        this.engine = engine;
    }

    /** Whether clients are paused. */
    public boolean isActive() {
        return active;
    }

    /** How long the pause will last, in milliseconds. */
    public synchronized long millisLeft() {
        return longest()
                .map(last ->
                        Math.max(0, last.getValue().endMillis - engine.clock().millis()))
                .orElse(0L);
    }

    /** What clients are paused for longest, as INFO shows it. */
    public synchronized String reason() {
        return longest().map(last -> last.getKey().text).orElse("none");
    }

    private Optional<Map.Entry<Purpose, Span>> longest() {
        return spans.entrySet().stream().max(Comparator.comparingLong(entry -> entry.getValue().endMillis));
    }

    /** How many clients wait for the end of the pause. */
    public synchronized int postponedClients() {
        return postponed.size();
    }

    /** Whether the pause concerns only commands that write. */
    public boolean isOnlyWrites() {
        return onlyWrites;
    }

    /**
     * Pauses clients. A pause for the same purpose that is already on is never shortened, and one of all clients stays one of all. All
     * shards are locked.
     *
     * @param untilMillis milliseconds since 1970
     */
    public synchronized void start(Purpose purpose, long untilMillis, boolean writesOnly) {
        Span before = spans.get(purpose);
        long endMillis = before == null ? untilMillis : Math.max(before.endMillis, untilMillis);
        if (before != null) {
            before.end.cancel(false);
        }
        long delay = Math.max(0, endMillis - engine.clock().millis());
        Future<?> end = engine.timer().schedule(() -> stop(purpose), delay, TimeUnit.MILLISECONDS);
        spans.put(purpose, new Span(endMillis, writesOnly && (before == null || before.onlyWrites), end));
        combine();
    }

    /** Keeps the thread of a client here until the pause is over, or the client goes. */
    private synchronized void await(Client client) {
        try {
            while (active && !client.isClosing()) {
                wait(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            client.closeAfterReply();
        }
    }

    private void combine() {
        onlyWrites = spans.values().stream().allMatch(Span::onlyWrites);
        active = !spans.isEmpty();
    }

    /** Ends the pause for a purpose, and runs what no other keeps waiting, in order of arrival. No locks are held. */
    public void stop(Purpose purpose) {
        List<Postponed> waiting;
        List<DatabaseKey> ready;
        synchronized (this) {
            Span ended = spans.remove(purpose);
            if (ended != null) {
                ended.end.cancel(false);
            }
            combine();
            notifyAll();
            waiting = List.copyOf(postponed);
            postponed.clear();
            ready = List.copyOf(unserved);
            unserved.clear();
        }
        engine.blocking().serve(ready);
        for (Postponed each : waiting) {
            resume(each.client, each.args);
        }
    }

    private void resume(Client client, Args args) {
        client.setPostponed(false);
        client.give(args.copyBytes());
        if (engine.clients().hasGone(client)) {
            return;
        }
        Reply reply = client.link().resumeReply();
        if (engine.execute(client, args, reply)) {
            client.link().resume(reply);
        }
    }

    /** Whether there is a pause in which the command may not run. What is loaded from a file is no client's. */
    boolean concerns(Client client, CommandSpec spec, Args args) {
        return active
                && Origin.of(client) != Origin.LOG
                && (!onlyWrites
                        || engine.plan().reachesReplicas(client, spec, args)
                        || engine.replication().holdsBack(client, spec));
    }

    /** Leaves a key for the end of the pause, which keeps a client from being served that waits for it. Its shard is locked. */
    boolean keepsUnserved(Client client, CommandSpec spec, Args args, DatabaseKey key) {
        if (!concerns(client, spec, args)) {
            return false;
        }
        synchronized (this) {
            if (!active) {
                return false;
            }
            unserved.add(key);
            return true;
        }
    }

    /**
     * Keeps a command for later if the pause concerns it. The primary's waits here instead, until it may run: those behind it must not
     * overtake it, and what has not run is not part of the stream yet.
     */
    boolean postpones(Client client, CommandSpec spec, Args args) {
        if (!concerns(client, spec, args)) {
            return false;
        }
        if (client.isPrimary()) {
            await(client);
            return false;
        }
        synchronized (this) {
            if (!active) {
                return false;
            }
            client.take(args.copyBytes());
            client.setPostponed(true);
            postponed.add(new Postponed(client, args.copy()));
            return true;
        }
    }
}
