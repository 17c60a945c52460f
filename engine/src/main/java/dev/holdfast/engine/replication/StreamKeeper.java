package dev.holdfast.engine.replication;

import dev.holdfast.engine.core.DebugSettings;
import dev.holdfast.engine.topology.Peer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for the stream on the main connection and keeps what comes, while the snapshot comes by another connection and is loaded. When as
 * much is kept as may be, it reads no more.
 */
final class StreamKeeper implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamKeeper.class);
    private static final int READ_BYTES = 16 * 1024;
    private static final int READ_MILLIS = 100;
    private static final long PAUSE_NANOS = 10_000_000;

    private final Peer main;
    private final Handshake.Place place;
    private final PendingStream pending;
    private final DebugSettings debug;
    private final IntConsumer onBytes;
    private final Runnable onLost;
    private final Thread thread = new Thread(this, "holdfast-stream");
    private volatile boolean established;
    private volatile boolean over;
    private volatile boolean lost;

    /**
     * @param place where the stream goes on
     * @param onBytes gets the number of bytes of each read
     * @param onLost is called when the connection has broken
     */
    StreamKeeper(
            Peer main,
            Handshake.Place place,
            PendingStream pending,
            DebugSettings debug,
            IntConsumer onBytes,
            Runnable onLost) {
        this.main = main;
        this.place = place;
        this.pending = pending;
        this.debug = debug;
        this.onBytes = onBytes;
        this.onLost = onLost;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Ends the reading: what comes now is for the caller. Returns false if the connection has broken. */
    boolean end() {
        boolean late = !established;
        over = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (late && !lost) {
            LOG.debug("Dual channel replication: Psync established after rdb load");
        }
        return !lost;
    }

    @Override
    public void run() {
        try {
            establish();
            main.setTimeout(READ_MILLIS);
            keep();
        } catch (IOException | RuntimeException e) {
            lost = true;
            LOG.warn("Dual channel replication: Provisional primary closed connection: {}", e.getMessage());
            onLost.run();
        }
    }

    private void establish() throws IOException {
        String answer = Handshake.ask(main, "REPLCONF", "set-rdb-client-id", Long.toString(place.client()));
        if (answer.startsWith("-")) {
            throw new IOException("Primary does not understand REPLCONF identify: " + answer);
        }
        if (debug.isStoppingForSnapshots()) {
            DebugSettings.stopProcess();
        }
        answer = Handshake.ask(main, "PSYNC", place.id(), Long.toString(place.offset() + 1));
        if (!answer.startsWith("+CONTINUE")) {
            throw new IOException("Unexpected reply to PSYNC on the main channel: " + answer);
        }
        established = true;
        LOG.info(
                "Dual channel replication: PRIMARY <-> REPLICA sync: Primary accepted a Partial Resynchronization{}",
                over ? "." : ", RDB load in background.");
    }

    private void keep() throws IOException {
        byte[] buffer = new byte[READ_BYTES];
        boolean full = false;
        while (!over) {
            if (!pending.isFull()) {
                read(buffer);
            } else if (full) {
                LockSupport.parkNanos(PAUSE_NANOS);
            } else {
                full = true;
                LOG.info(
                        "Dual channel replication: Replication buffer limit reached ({} bytes), stopping buffering. Further"
                                + " accumulation will occur on primary side.",
                        pending.bytes());
            }
        }
    }

    private void read(byte[] buffer) throws IOException {
        int count;
        try {
            count = main.read(buffer, 0, buffer.length);
        } catch (InterruptedIOException nothingHasCome) {
            return;
        }
        if (count < 0) {
            throw new IOException("the primary has closed the connection");
        }
        onBytes.accept(count);
        while (!pending.add(buffer, count)) {
            if (over) {
                throw new IOException("there is no memory for what the primary sends");
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
