package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.HeapRoom;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far loading has come. One thread loads; any may look. */
public final class Loading {
    private static final Logger LOG = LoggerFactory.getLogger(Loading.class);
    private static final long REPORT_EVERY_MILLIS = 5000;

    private final Clock clock;
    private volatile boolean active;
    private volatile boolean beside;
    private volatile long startMillis;
    private volatile long totalBytes;
    private volatile long loadedBytes;
    private volatile long usedMemoryThen;
    private volatile long keysLoaded;
    private volatile long keysExpired;
    private long lastReport;
    private long nextLookBytes;

    public Loading(Clock clock) {
        this.clock = clock;
    }

    /** Begins; {@code total} is the size of all files to load. */
    public void begin(long total) {
        begin(total, false);
    }

    /** As {@link #begin}, but the present data is served until the new has been read. */
    public void beginBeside(long total) {
        begin(total, true);
    }

    private void begin(long total, boolean besideOld) {
        startMillis = clock.millis();
        lastReport = startMillis;
        totalBytes = total;
        loadedBytes = 0;
        nextLookBytes = 0;
        usedMemoryThen = 0;
        active = !besideOld;
        beside = besideOld;
    }

    /**
     * Says how many bytes of all files have been loaded.
     *
     * @throws IOException if the heap is full, while there is still room to say so
     */
    public void progress(long bytes) throws IOException {
        loadedBytes = bytes;
        checkHeap(bytes);
        long now = clock.millis();
        if (now - lastReport >= REPORT_EVERY_MILLIS) {
            lastReport = now;
            LOG.info("Loading: {} of {} MB, {} seconds left", bytes >> 20, totalBytes >> 20, etaSeconds());
        }
    }

    /** What is thrown where the data does not fit into the heap: the next start would end in the same way. */
    IOException heapIsFull() {
        long heap = Runtime.getRuntime().maxMemory();
        return new IOException(
                ("the heap of %d MB (-Xmx) is full after %d of %d MB of the files. Start with a larger one, as"
                                + " by HOLDFAST_JAVA_OPTS=-Xmx%dm, and set maxmemory below it so that the data goes on to fit")
                        .formatted(heap >> 20, loadedBytes >> 20, totalBytes >> 20, heap >> 19));
    }

    /** Looks again when a part of what was left can have been used: looking may cost a collection. */
    private void checkHeap(long bytes) throws IOException {
        if (bytes < nextLookBytes) {
            return;
        }
        if (HeapRoom.isFull()) {
            throw heapIsFull();
        }
        nextLookBytes = bytes + HeapRoom.leftBytes() / 64;
    }

    public void end() {
        active = false;
        beside = false;
    }

    /** Whether something is being loaded while the present data is served. */
    public boolean isBeside() {
        return beside;
    }

    /** Whether something is being loaded, so that most commands cannot be run. */
    public boolean isActive() {
        return active;
    }

    public long startMillis() {
        return startMillis;
    }

    public long totalBytes() {
        return totalBytes;
    }

    public long loadedBytes() {
        return loadedBytes;
    }

    /** The {@code used-mem} of the file that is being loaded. */
    public long usedMemoryThen() {
        return usedMemoryThen;
    }

    void noteUsedMemory(long bytes) {
        usedMemoryThen = bytes;
    }

    /** How much longer it takes at the present rate. */
    public long etaSeconds() {
        long loaded = loadedBytes;
        long seconds = (clock.millis() - startMillis) / 1000;
        return loaded == 0 ? 1 : seconds * Math.max(0, totalBytes - loaded) / loaded;
    }

    /** How many keys the last RDB brought. */
    public long keysLoaded() {
        return keysLoaded;
    }

    /** How many keys of the last RDB had expired and were left out. */
    public long keysExpired() {
        return keysExpired;
    }

    void noteKeys(long loaded, long expired) {
        keysLoaded = loaded;
        keysExpired = expired;
    }
}
