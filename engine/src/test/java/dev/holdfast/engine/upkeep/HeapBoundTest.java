package dev.holdfast.engine.upkeep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.config.Config;
import org.junit.jupiter.api.Test;

class HeapBoundTest {
    private static final long MAX = Runtime.getRuntime().maxMemory();

    private final HeapBound bound = new HeapBound(new Config().memory.heapPercent, () -> 80);
    private final long configured = bound.bytes();

    @Test
    void itFallsWithAFailureAndRisesSlowlyWhileThereIsRoom() {
        long used = MAX / 100 * 70;
        bound.failedAt(used);
        long fallen = bound.bytes();
        assertEquals(used / 10 * 9, fallen);
        bound.look(used);
        assertTrue(bound.bytes() > fallen);
        assertTrue(bound.bytes() < used);
        for (int i = 0; i < 5_000; i++) {
            bound.look(used);
        }
        assertEquals(configured, bound.bytes());
    }

    @Test
    void itIsNeverLessThanHalfTheHeap() {
        bound.failedAt(MAX / 10);
        assertEquals(MAX / 2, bound.bytes());
    }

    @Test
    void itRisesAtOnceIfHalfOfWhatItBoundsHasGone() {
        bound.failedAt(MAX / 100 * 80);
        bound.look(MAX / 100 * 20);
        assertEquals(configured, bound.bytes());
    }
}
