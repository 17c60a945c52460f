package dev.holdfast.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** GET without a lock, while other threads change the same keys, their records and the tables around them. */
@Timeout(60)
class LocklessReadTest {
    private static final int KEYS = 300;

    private static byte[] key(int number) {
        return ("key:" + number).getBytes(StandardCharsets.US_ASCII);
    }

    /** A value whose every byte is the same, and whose length follows from that byte: a torn read shows. */
    private static byte[] value(int number, int seed) {
        byte fill = (byte) (number * 31 + seed);
        byte[] value = new byte[(fill & 0x7F) + 1];
        Arrays.fill(value, fill);
        return value;
    }

    private static void check(byte[] value) {
        assertEquals((value[0] & 0x7F) + 1, value.length);
        for (byte b : value) {
            assertEquals(value[0], b);
        }
    }

    @Test
    void neverReadsHalfOfAChange() throws Exception {
        long seed = 7;
        AtomicBoolean stop = new AtomicBoolean();
        try (Holdfast store = Holdfast.open();
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Random random = new Random(seed + i);
                readers.add(threads.submit(() -> {
                    long seen = 0;
                    while (!stop.get()) {
                        byte[] value = store.get(key(random.nextInt(KEYS)));
                        if (value != null) {
                            check(value);
                            seen++;
                        }
                    }
                    assertTrue(seen > 0, "seed " + seed);
                }));
            }
            Random random = new Random(seed);
            for (int i = 0; i < 300_000; i++) {
                int number = random.nextInt(KEYS);
                switch (random.nextInt(8)) {
                    case 0 -> store.del(key(number));
                    case 1 -> store.hset(key(KEYS + random.nextInt(20_000)), key(1), key(2));
                    case 2 -> store.del(key(KEYS + random.nextInt(20_000)));
                    default -> store.set(key(number), value(number, random.nextInt(256)));
                }
            }
            stop.set(true);
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
    }

    @Test
    void seesWhatWasWrittenBefore() {
        try (Holdfast store = Holdfast.open()) {
            for (int i = 0; i < 1000; i++) {
                store.set("a", Integer.toString(i));
                assertEquals(Integer.toString(i), store.get("a"));
                store.del("a");
                assertNull(store.get("a"));
                store.set("a", "x", SetOption.expireIn(java.time.Duration.ofDays(1)));
                assertEquals("x", store.get("a"));
                List<?> answers = store.transaction(t -> t.call("SET", "a", "y").call("GET", "a"));
                assertEquals("y", new String((byte[]) answers.get(1), StandardCharsets.UTF_8));
                assertEquals("y", store.get("a"));
            }
        }
    }
}
