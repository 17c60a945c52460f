package dev.holdfast.engine.client;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.config.MemoryParameters;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.protocol.MemoryRefusedException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all clients hold, and its end: what they have sent that is not used up, transactions, subscriptions, commands that wait, and
 * what they have not read.
 *
 * <p>It is counted before it is allocated ({@link Client#take}). When it would pass the bound, the clients that hold the most are
 * disconnected, except those that said CLIENT NO-EVICT; if the one that asks holds the most, it is refused, and ends. Bytes that several
 * hold count once in the sum, and at each of them where the largest is looked for.
 *
 * <p>The bound is {@code maxmemory-clients}, or a quarter of the heap where that is 0; and never more than the data leave of the part
 * of the heap that both may fill.
 */
public final class ClientMemory {
    private static final Logger LOG = LoggerFactory.getLogger(ClientMemory.class);

    /** The heap divided by this is what clients may hold if nothing is configured. */
    private static final int DEFAULT_SHARE = 4;

    /** The heap divided by this is left to clients however much data there are. */
    private static final int LEAST_SHARE = 8;

    private final MemoryParameters parameters;
    private final Clients clients;
    private final Clock clock;
    private final Statistics statistics;
    private final LongSupplier freeBytes;
    private final AtomicLong sum = new AtomicLong();

    /** What clients hold that have been told to go and have not yet gone. */
    private final AtomicLong leaving = new AtomicLong();

    private volatile long limit = Long.MAX_VALUE;
    private volatile @Nullable Fault fault;

    /** @param freeBytes what the data leave of the part of the heap that data and clients may fill */
    public ClientMemory(
            MemoryParameters parameters, Clients clients, Clock clock, Statistics statistics, LongSupplier freeBytes) {
        this.parameters = parameters;
        this.clients = clients;
        this.clock = clock;
        this.statistics = statistics;
        this.freeBytes = freeBytes;
        parameters.maxmemoryClients.onChange(this::look);
    }

    /** Finds out what clients may hold now, and disconnects some if that is less than they do. The timer calls it. */
    public void look() {
        limit = currentLimit();
        if (sum.get() > limit) {
            makeRoom(null);
        }
    }

    private long currentLimit() {
        long configured = parameters.maxmemoryClients.get();
        long maxmemory = parameters.maxmemory.get();
        long heap = Runtime.getRuntime().maxMemory();
        long wanted = configured > 0
                ? configured
                : configured < 0 && maxmemory > 0 ? (long) (maxmemory / 100.0 * -configured) : heap / DEFAULT_SHARE;
        return Math.min(wanted, Math.max(freeBytes.getAsLong(), heap / LEAST_SHARE));
    }

    /** What all clients hold, in bytes. */
    public long sum() {
        return sum.get();
    }

    /** How much that may be at present. */
    public long limit() {
        return limit;
    }

    /** Says of each allocation whether it is to fail as if the heap were full. */
    public interface Fault {
        boolean strikes(Client client, long bytes);
    }

    /** Lets allocations fail; for tests. */
    public void setFault(@Nullable Fault fault) {
        this.fault = fault;
    }

    void take(Client client, long bytes) {
        failIfToldTo(client, bytes);
        synchronized (client) {
            if (client.isForgotten()) {
                return;
            }
            client.hold(bytes, 0);
        }
        sum.addAndGet(bytes);
        if (sum.get() > limit && !hasRoom(client)) {
            give(client, bytes);
            throw new MemoryRefusedException();
        }
    }

    void take(Client client, SharedBytes bytes) {
        failIfToldTo(client, bytes.length());
        client.hold(0, bytes.length());
        if (bytes.join()) {
            sum.addAndGet(bytes.length());
        }
        if (sum.get() > limit && !hasRoom(client)) {
            give(client, bytes);
            throw new MemoryRefusedException();
        }
    }

    void give(Client client, long bytes) {
        synchronized (client) {
            if (!client.isForgotten()) {
                forget(client, bytes);
            }
        }
    }

    private void forget(Client client, long bytes) {
        client.hold(-bytes, 0);
        sum.addAndGet(-bytes);
        if (client.isLeaving()) {
            leaving.addAndGet(-bytes);
        }
    }

    /** The client has gone; what it alone has held is not held any more, even if it is given back later. */
    public void gone(Client client) {
        synchronized (client) {
            if (!client.isForgotten()) {
                forget(client, client.ownBytes());
                client.setForgotten();
            }
        }
    }

    void give(Client client, SharedBytes bytes) {
        client.hold(0, -bytes.length());
        if (bytes.leave()) {
            sum.addAndGet(-bytes.length());
        }
    }

    private void failIfToldTo(Client client, long bytes) {
        Fault test = fault;
        if (test != null && test.strikes(client, bytes)) {
            throw new OutOfMemoryError("refused by a test");
        }
    }

    private boolean hasRoom(Client client) {
        return !client.isLimited() || !client.isLeaving() && makeRoom(client);
    }

    /**
     * Disconnects the largest clients until what the others hold is within the bound.
     *
     * @param asking the client that wants to hold more and is not disconnected here, or null
     * @return false if it must be {@code asking} that goes
     */
    private synchronized boolean makeRoom(@Nullable Client asking) {
        while (sum.get() - leaving.get() > limit) {
            Client largest = asking;
            for (Client client : clients) {
                if (client.isLimited()
                        && !client.noEvict()
                        && (largest == null || client.heldBytes() > largest.heldBytes())) {
                    largest = client;
                }
            }
            if (largest == null || largest == asking || largest.heldBytes() == 0) {
                return asking == null;
            }
            evict(largest);
        }
        return true;
    }

    private void evict(Client client) {
        LOG.info("Evicting client: {}", ClientInfo.show(client, clock.millis()));
        statistics.evictedClients.increment();
        synchronized (client) {
            leaving.addAndGet(client.startLeaving());
        }
        clients.kill(client);
    }
}
