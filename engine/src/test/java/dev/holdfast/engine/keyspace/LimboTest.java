package dev.holdfast.engine.keyspace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import org.junit.jupiter.api.Test;

/** Records that have left their table are good until the lock is released, and recognisable afterwards. */
class LimboTest {
    private static final Slice KEY = Slice.of("key");

    private final Shard shard = new Shard(0, 0, 1);

    private static byte[] string(String value) {
        return (byte[]) StringItem.create(KEY, Slice.of(value), KeyRecord.EMBSTR, KeyRecord.NEVER);
    }

    private static String value(byte[] record) {
        return KeyRecord.body(record, new Slice()).toString();
    }

    private byte[] insert(String value) {
        byte[] record = string(value);
        shard.table(0).find(KEY);
        shard.table(0).insert(record);
        return record;
    }

    @Test
    void aRemovedRecordIsGoodUntilTheOutermostUnlock() {
        shard.lock();
        byte[] record = insert("value");
        shard.lock();
        assertSame(record, shard.table(0).find(KEY));
        assertSame(record, shard.table(0).remove());
        shard.unlock();
        assertEquals("value", value(record));
        assertFalse(Limbo.isFree(record));
        shard.unlock();
        assertTrue(Limbo.isFree(record));
        assertTrue(shard.tryLock(false));
        shard.validate();
        shard.unlock();
    }

    @Test
    void soAreThoseThatOthersTakeThePlaceOf() {
        shard.lock();
        byte[] first = insert("one");
        byte[] second = string("another");
        shard.table(0).find(KEY);
        shard.table(0).replace(first, second);
        byte[] third = (byte[]) shard.table(0).setExpiry(second, 5);
        assertSame(third, shard.table(0).setExpiry(third, 6));
        assertEquals("one", value(first));
        assertEquals("another", value(second));
        shard.unlock();
        assertTrue(Limbo.isFree(first));
        assertTrue(Limbo.isFree(second));
        assertFalse(Limbo.isFree(third));
        assertEquals("another", value(third));
    }

    @Test
    void aFreedRecordIsNotUsedAgain() {
        shard.lock();
        byte[] record = insert("value");
        shard.table(0).find(KEY);
        shard.table(0).remove();
        shard.table(0).find(KEY);
        assertThrows(AssertionError.class, () -> shard.table(0).insert(record));
        shard.unlock();
        shard.lock();
        shard.table(0).find(KEY);
        assertThrows(AssertionError.class, () -> shard.table(0).insert(record));
        shard.unlock();
    }
}
