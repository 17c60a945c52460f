package dev.holdfast.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Arrays serve again when nothing holds them, and not before. */
class SpareArraysTest {
    private final SpareArrays spares = new SpareArrays(1000);

    @Test
    void anArrayServesOnceAndIsHardlyLongerThanAsked() {
        Random random = new Random(Long.getLong("holdfast.seed", 20_261_130));
        for (int i = 0; i < 10_000; i++) {
            byte[] array = new byte[1000 + random.nextInt(1 << random.nextInt(4, 20))];
            spares.add(array);
            int asked = 1 + random.nextInt(array.length + array.length / 3);
            byte[] taken = spares.take(asked);
            if (taken != null) {
                assertTrue(taken.length >= asked && taken.length / 4 * 3 <= asked, asked + " got " + taken.length);
                assertNotSame(taken, spares.take(asked));
            }
            if (asked > array.length / 8 * 7 + 8 && asked <= array.length) {
                assertNotNull(taken, array.length + " serves " + asked);
            }
            spares.letGoUnused();
            spares.letGoUnused();
        }
    }

    @Test
    void whatIsTooShortOrNotUsedIsLetGo() {
        spares.add(new byte[999]);
        assertNull(spares.take(999));
        byte[] array = new byte[5000];
        spares.add(array);
        assertSame(array, spares.take(5000));
        spares.add(array);
        spares.letGoUnused();
        assertSame(array, spares.take(4900), "it was of use before");
        spares.add(array);
        spares.letGoUnused();
        spares.letGoUnused();
        assertNull(spares.take(5000));
    }

    @Test
    void aProcessKeepsAnEighthOfItsHeap() {
        int length = 1 << 20;
        for (int i = 0; i < 1000; i++) {
            spares.add(new byte[length]);
        }
        int kept = 0;
        while (spares.take(length) != null) {
            kept++;
        }
        assertTrue(kept > 0 && (long) kept * length <= Runtime.getRuntime().maxMemory() / 8, kept + " MB");
    }

    @Test
    void sharedBytesGiveTheirArrayBackWhenTheLastHolderHasLeft() {
        byte[] array = new byte[4000];
        SharedBytes bytes = new SharedBytes(array, 3900, spares);
        assertTrue(bytes.join());
        assertTrue(bytes.leave());
        assertNull(spares.take(4000), "its maker has not given it to all yet");
        assertTrue(bytes.join());
        assertFalse(bytes.join());
        bytes.made();
        assertFalse(bytes.leave());
        assertNull(spares.take(4000));
        assertTrue(bytes.leave());
        assertSame(array, spares.take(4000));
        assertNull(spares.take(4000));
    }

    @Test
    void sharedBytesThatNobodyTookGoAtOnceAndCopiesStay() {
        byte[] array = new byte[4000];
        SharedBytes bytes = new SharedBytes(array, 4000, spares);
        byte[] copy = bytes.toBytes();
        bytes.made();
        assertSame(array, spares.take(4000));
        assertNotSame(array, copy);
        assertEquals(4000, copy.length);
    }
}
