package dev.holdfast.engine.upkeep;

import dev.holdfast.engine.base.HeapReserve;
import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.config.NumberParameter;
import java.util.function.IntSupplier;

/**
 * What data and clients together may take of the JVM's heap: {@code heap-percent}, or less after an allocation has failed, which says
 * that they take more than was thought.
 */
public final class HeapBound {
    /** In so many looks a bound that has fallen would rise by the whole heap: about a quarter of an hour. */
    private static final long LOOKS_TO_RISE = 10_000;

    private final NumberParameter percent;
    private final IntSupplier programsPercent;
    private volatile long learned = Long.MAX_VALUE;

    /** @param programsPercent what holds if the parameter is 0 */
    public HeapBound(NumberParameter percent, IntSupplier programsPercent) {
        this.percent = percent;
        this.programsPercent = programsPercent;
    }

    public long bytes() {
        long configured = percent.get();
        long wanted = configured > 0 ? configured : programsPercent.getAsInt();
        return Math.min(Runtime.getRuntime().maxMemory() / 100 * wanted, learned);
    }

    /** An allocation has failed while so much was taken: it may be no more than a little less. */
    public void failedAt(long usedBytes) {
        HeapReserve.spend();
        learned = Math.max(usedBytes / 10 * 9, Runtime.getRuntime().maxMemory() / 2);
    }

    /**
     * Once there is room again, takes the reserve again. From then on the bound rises slowly to what is configured, for what made the
     * allocation fail may be over; and at once if half of what is bounded has gone. The timer calls it, ten times a second.
     */
    public void look(long usedBytes) {
        if (learned == Long.MAX_VALUE
                || HeapReserve.isSpent() && !(HeapRoom.hasNow(HeapReserve.bytes()) && HeapReserve.take())) {
            return;
        }
        long max = Runtime.getRuntime().maxMemory();
        long risen = learned + max / LOOKS_TO_RISE;
        learned = usedBytes < learned / 2 || risen >= max ? Long.MAX_VALUE : risen;
    }
}
