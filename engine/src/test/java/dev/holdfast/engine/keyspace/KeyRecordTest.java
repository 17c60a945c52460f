package dev.holdfast.engine.keyspace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A record keeps key, expiry, clock and body apart through every change, compared with a plain model. */
final class KeyRecordTest {
    @Test
    void behavesAsItsModel() {
        long base = Long.getLong("holdfast.seed", 1);
        for (long seed = base; seed < base + 300; seed++) {
            run(seed);
        }
    }

    private static void run(long seed) {
        Random random = new Random(seed);
        String replay = "holdfast.seed=" + seed;
        byte[] key = randomBytes(random, random.nextInt(4) == 0 ? 300 : 20);
        byte[] body = randomBytes(random, 40);
        long expireAt = random.nextBoolean() ? KeyRecord.NEVER : random.nextLong() & Long.MAX_VALUE;
        byte[] record = KeyRecord.create(ValueType.HASH, KeyRecord.INTSET, new Slice(key), expireAt, body.length);
        System.arraycopy(body, 0, record, KeyRecord.bodyOffset(record), body.length);
        int clock = random.nextInt(1 << 24);
        KeyRecord.setAccessClock(record, clock);
        for (int step = 0; step < 60; step++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    expireAt = random.nextBoolean() ? KeyRecord.NEVER : random.nextLong() & Long.MAX_VALUE;
                    record = KeyRecord.withExpiry(record, expireAt);
                }
                case 1 -> {
                    key = randomBytes(random, 200);
                    expireAt = random.nextBoolean() ? KeyRecord.NEVER : random.nextLong() & Long.MAX_VALUE;
                    record = KeyRecord.withKey(record, new Slice(key), expireAt);
                }
                case 2 -> {
                    if (random.nextInt(10) == 0) {
                        body = new byte[0];
                        record = KeyRecord.withoutBody(record);
                    }
                }
                default -> {
                    int at = random.nextInt(body.length + 1);
                    int remove = random.nextInt(body.length - at + 1);
                    byte[] insert = randomBytes(random, 60);
                    int position = KeyRecord.bodyOffset(record) + at;
                    record = KeyRecord.splice(record, position, remove, insert.length);
                    System.arraycopy(insert, 0, record, position, insert.length);
                    byte[] changed = Arrays.copyOf(body, body.length - remove + insert.length);
                    System.arraycopy(insert, 0, changed, at, insert.length);
                    System.arraycopy(body, at + remove, changed, at + insert.length, body.length - at - remove);
                    body = changed;
                }
            }
            assertEquals(ValueType.HASH, KeyRecord.type(record), replay);
            assertEquals(KeyRecord.INTSET, KeyRecord.encoding(record), replay);
            assertEquals(clock, KeyRecord.accessClock(record), replay);
            assertEquals(expireAt, KeyRecord.expireAt(record), replay);
            assertArrayEquals(key, KeyRecord.keyBytes(record), replay);
            assertArrayEquals(body, KeyRecord.body(record, new Slice()).toBytes(), replay);
            assertEquals(new Slice(key).hash(), KeyRecord.keyHash(record), replay);
            assertTrue(KeyRecord.keyEquals(record, new Slice(key)), replay);
            assertEquals(0, (record.length + KeyRecord.ARRAY_HEADER_BYTES) % 8, replay);
        }
    }

    private static byte[] randomBytes(Random random, int most) {
        byte[] bytes = new byte[random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }
}
