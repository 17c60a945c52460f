package dev.holdfast.engine.replication;

import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Pause;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.LastSave;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the store in good order: writes are paused, replicas get what they have not got yet, for at most {@code shutdown-timeout},
 * and then the data is saved.
 */
public final class Shutdown {
    private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);
    private static final String FAILED = "ERR Errors trying to SHUTDOWN. Check logs.";
    private static final long LOOK_MILLIS = 10;

    private final ReplicationNode node;
    private final Engine engine;

    /** Clients that have asked for the end and wait for it. */
    private final List<Client> waiting = new ArrayList<>();

    private long endMillis;
    private boolean active;
    private boolean aborted;

    Shutdown(ReplicationNode node, Engine engine) {
        this.node = node;
        this.engine = engine;
    }

    /** Whether the store is about to end, and waits for replicas. */
    public synchronized boolean isActive() {
        return active;
    }

    /** For how many milliseconds it will wait at most. */
    public synchronized long millisLeft() {
        return active ? Math.max(0, endMillis - engine.clock().millis()) : 0;
    }

    /**
     * Whether replicas have not got everything yet and are to be waited for.
     *
     * @param words of SHUTDOWN in capital letters
     */
    public boolean hasToWait(Set<String> words) {
        return !words.contains("NOW") && engine.config().program.shutdownTimeout.get() > 0 && lagging() > 0;
    }

    private long lagging() {
        return node.replicas().all().stream().filter(this::lags).count();
    }

    private boolean lags(Replica replica) {
        return replica.ackOffset() < node.offset();
    }

    /** Does the same as {@link #take} in a thread of its own. The client has just begun to wait, and gets an answer if that fails. */
    public void begin(Client client, Set<String> words) {
        synchronized (this) {
            waiting.add(client);
            if (active) {
                return;
            }
            activate();
        }
        Thread thread = new Thread(() -> finish(words), "holdfast-end");
        thread.setDaemon(true);
        thread.start();
    }

    private void finish(Set<String> words) {
        if (awaitAndSave(words)) {
            engine.host().shutDown("User requested shutdown...");
        }
    }

    /**
     * Waits for replicas if that has to be, and saves.
     *
     * @param words of SHUTDOWN in capital letters
     * @return false if it has failed, or has been given up, and the store goes on
     */
    public boolean take(Set<String> words) {
        synchronized (this) {
            if (active) {
                return false;
            }
            if (hasToWait(words)) {
                activate();
            }
        }
        return awaitAndSave(words);
    }

    private void activate() {
        active = true;
        aborted = false;
        endMillis = engine.clock().millis()
                + engine.config().program.shutdownTimeout.get() * 1000;
    }

    private boolean awaitAndSave(Set<String> words) {
        boolean saved = false;
        try {
            if (isActive()) {
                pause();
                awaitReplicas();
            }
            if (!isAborted()) {
                report();
                saved = LastSave.take(engine, words);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!saved) {
                goOn();
            }
        }
        return saved;
    }

    private synchronized boolean isAborted() {
        return aborted;
    }

    private void pause() {
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            engine.pause().start(Pause.Purpose.SHUTDOWN, Long.MAX_VALUE, true);
            node.replicas().requestAcknowledgements();
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
        LOG.info("Waiting for replicas before shutting down.");
    }

    private synchronized void awaitReplicas() throws InterruptedException {
        while (!aborted && lagging() > 0 && engine.clock().millis() < endMillis) {
            wait(LOOK_MILLIS);
        }
    }

    private void report() {
        List<Replica> replicas = node.replicas().all();
        long offset = node.offset();
        long now = engine.clock().millis();
        for (Replica replica : replicas) {
            if (lags(replica)) {
                LOG.info(
                        "Lagging replica {} reported offset {} behind master, lag={}, state={}.",
                        replica.shown(),
                        offset - replica.ackOffset(),
                        replica.lagSeconds(now),
                        replica.stateText());
            }
        }
        if (!replicas.isEmpty()) {
            LOG.info("{} of {} replicas are in sync when shutting down.", replicas.size() - lagging(), replicas.size());
        }
    }

    private void goOn() {
        List<Client> clients;
        synchronized (this) {
            active = false;
            clients = List.copyOf(waiting);
            waiting.clear();
        }
        clients.forEach(client -> engine.blocking().unblock(client, FAILED));
        engine.pause().stop(Pause.Purpose.SHUTDOWN);
    }

    /** Gives up an end that waits for replicas. Returns false if there is none. */
    public synchronized boolean abort() {
        if (!active) {
            return false;
        }
        LOG.info("Shutdown manually aborted.");
        aborted = true;
        notifyAll();
        return true;
    }
}
