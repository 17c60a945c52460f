package dev.holdfast.engine.execution;

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

    private final Engine engine;

    ClientEviction(Engine engine) {
        this.engine = engine;
    }

    /** The bound in bytes, or 0 for none. */
    private long limit() {
        long configured = engine.config().memory.maxmemoryClients.get();
        return configured >= 0
                ? configured
                : (long) (engine.config().memory.maxmemory.get() / 100.0 * -configured);
    }

    /**
     * Disconnects as many clients as must be.
     *
     * @return what clients take, in bytes
     */
    synchronized long run() {
        long limit = limit();
        List<Size> sizes = new ArrayList<>();
        long sum = 0;
        for (Client client : engine.clients()) {
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
            LOG.info(
                    "Evicting client: {}",
                    ClientInfo.show(size.client, engine.clock().millis()));
            engine.kill(size.client);
            engine.statistics().evictedClients.increment();
            sum -= size.bytes;
        }
        return sum;
    }
}
