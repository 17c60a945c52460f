package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.config.MemoryParameters;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what all clients have sent and not read within {@code maxmemory-clients}: disconnects the largest until it is, except
 * those that said CLIENT NO-EVICT. The timer looks; so for a tenth of a second clients may take more.
 */
final class ClientEviction {
    private static final Logger LOG = LoggerFactory.getLogger(ClientEviction.class);

    private record Size(Client client, long bytes) {}

    private final MemoryParameters parameters;
    private final Clients clients;
    private final Clock clock;
    private final Statistics statistics;
    private volatile long clientBytes;

    ClientEviction(MemoryParameters parameters, Clients clients, Clock clock, Statistics statistics) {
        this.parameters = parameters;
        this.clients = clients;
        this.clock = clock;
        this.statistics = statistics;
    }

    /** What clients have sent and not read, as it was at the last {@link #run}. */
    long clientBytes() {
        return clientBytes;
    }

    /** The bound in bytes, or 0 for none. */
    private long limit() {
        long configured = parameters.maxmemoryClients.get();
        return configured >= 0 ? configured : (long) (parameters.maxmemory.get() / 100.0 * -configured);
    }

    /** Finds out what clients take, and disconnects as many as must be. */
    synchronized void run() {
        long limit = limit();
        List<Size> sizes = new ArrayList<>();
        long sum = 0;
        for (Client client : clients) {
            long bytes = ClientInfo.memoryBytes(client);
            sum += bytes;
            if (limit > 0 && bytes > 0 && !client.noEvict()) {
                sizes.add(new Size(client, bytes));
            }
        }
        sizes.sort(Comparator.comparingLong(Size::bytes).reversed());
        for (Size size : sizes) {
            if (sum <= limit) {
                break;
            }
            LOG.info("Evicting client: {}", ClientInfo.show(size.client, clock.millis()));
            clients.kill(size.client);
            statistics.evictedClients.increment();
            sum -= size.bytes;
        }
        clientBytes = sum;
    }
}
