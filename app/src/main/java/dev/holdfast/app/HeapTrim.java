package dev.holdfast.app;

import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.upkeep.Eviction;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives memory back to the system. The collector does so after a full collection only, and an idle process makes none: after a burst
 * it would keep what the burst took for ever. So a store that rests, and holds little beside what the heap has taken, collects once.
 *
 * <p>A full collection stops all clients for a time that grows with the data, so a store with more than {@link #MOST_DATA_BYTES} is
 * left alone; {@code MEMORY PURGE} does it there. One that gave nothing back is not repeated until the heap has grown.
 *
 * <p>A store that has been emptied has hardly any data left to look through, so it does not wait for rest.
 */
final class HeapTrim {
    private static final Logger LOG = LoggerFactory.getLogger(HeapTrim.class);
    private static final int PERIOD_SECONDS = 5;

    /** Fewer commands than this in a period are rest: health checks, and the clients that renew a lease. */
    private static final int RESTING_COMMANDS = 50;

    private static final long MOST_DATA_BYTES = 256L << 20;

    /** What the heap may take beside twice the data. */
    private static final long SPARE_BYTES = 96L << 20;

    /** So little data does not lengthen a full collection. */
    private static final long LITTLE_DATA_BYTES = 8L << 20;

    private final Engine engine;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("holdfast-heap-trim").factory());
    private long commands;
    private long trimmedBytes;

    /** The most data since the last collection. */
    private long mostData;

    private HeapTrim(Engine engine) {
        this.engine = engine;
    }

    static void start(Engine engine) {
        HeapTrim trim = new HeapTrim(engine);
        trim.timer.scheduleWithFixedDelay(trim::look, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
    }

    private void look() {
        long now = engine.statistics().commandsProcessed();
        boolean resting = now - commands < RESTING_COMMANDS;
        commands = now;
        long taken = Runtime.getRuntime().totalMemory();
        long data = Eviction.dataBytes(engine.keyspace());
        mostData = Math.max(mostData, data);
        boolean emptied = data < LITTLE_DATA_BYTES && mostData > SPARE_BYTES;
        boolean spare = data < MOST_DATA_BYTES && taken > 2 * data + SPARE_BYTES;
        if (spare && (emptied || resting && taken > trimmedBytes + trimmedBytes / 4)) {
            System.gc();
            trimmedBytes = Runtime.getRuntime().totalMemory();
            mostData = data;
            LOG.debug(
                    "The heap was trimmed {} from {} MB to {} MB",
                    emptied ? "when the store was emptied" : "at rest",
                    taken >> 20,
                    trimmedBytes >> 20);
        }
    }
}
