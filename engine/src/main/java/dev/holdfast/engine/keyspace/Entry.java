package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The value of a key whose slot in the table is more than a record: a collection, or a string too long for one.
 *
 * <p>The record holds the key, the expiry and, while the value is small, its packed form as the body. Large forms live in
 * fields of the subclasses. Guarded, like everything in a shard, by the shard's lock.
 */
public abstract class Entry {
    /** Bytes of an object with a header and one reference. */
    protected static final int OBJECT_BYTES = 16;

    protected byte[] record;

    protected Entry(byte[] record) {
        this.record = record;
    }

    public final byte[] record() {
        return record;
    }

    public final ValueType type() {
        return KeyRecord.type(record);
    }

    public final Slice key(Slice into) {
        return KeyRecord.key(record, into);
    }

    /** Replaces the record by one with another expiry or key but the same body. */
    final void setRecord(byte[] record) {
        this.record = record;
    }

    /** The name that {@code OBJECT ENCODING} gives the present form. */
    public abstract String encoding();

    /** The bytes of everything but the record. Must be cheap: it is asked before and after every write. */
    protected abstract long formBytes();

    /** A deep copy that holds {@code record}, which is a copy of this entry's record under another key. */
    public abstract Entry copyWith(byte[] record);

    /**
     * The value as it is now, for another thread to read without a lock while this one goes on to change. Its large form is not
     * copied but lent; see {@link dev.holdfast.engine.structures.Lender}.
     *
     * @param record a copy of this entry's record
     */
    public abstract Entry freeze(byte[] record, Loan loan);

    /** Whether nothing is left in the value, so that its key must go. */
    public abstract boolean isEmpty();

    /** The table by which the members of the large form are found, or null where there is none. */
    protected @Nullable HashIndex<byte[]> index() {
        return null;
    }

    /** Reads the place of a member, if the value has a table; see {@link HashIndex#prefetchPlace}. Needs no lock. */
    public final int prefetchPlace(Slice member) {
        HashIndex<byte[]> index = index();
        return index == null ? 0 : index.prefetchPlace(member);
    }

    /** Reads the beginning of what is probably the member. Needs no lock. */
    public final int prefetchMember(Slice member) {
        HashIndex<byte[]> index = index();
        return index != null && index.probable(member) instanceof byte[] item && item.length > 0 ? item[0] : 0;
    }

    /** The bytes that the value takes in memory, with its key. */
    public final long sizeBytes() {
        return KeyRecord.sizeBytes(record) + formBytes();
    }

    /**
     * Drops what has expired inside the value.
     *
     * @param now milliseconds since 1970
     * @param limit about how many elements to look at
     * @param dropped gets the name of each that is dropped
     * @return how many were dropped
     */
    public int expireInside(long now, int limit, Consumer<Slice> dropped) {
        return 0;
    }

    /** Whether {@link #expireInside} has not seen all of the value yet and is to be called again. */
    public boolean isExpiringInside() {
        return false;
    }

    /** Says whether something inside the value expires; the table must be told of a change with {@link KeyTable#refresh}. */
    protected final void setFieldsExpire(boolean expire) {
        KeyRecord.setFieldsExpire(record, expire);
    }

    protected final int bodyOffset() {
        return KeyRecord.bodyOffset(record);
    }

    protected final int bodyEnd() {
        return KeyRecord.bodyEnd(record);
    }

    /** Opens, closes or resizes a gap in the body; see {@link KeyRecord#splice}. */
    protected final void splice(int at, int remove, int insert) {
        record = KeyRecord.splice(record, at, remove, insert);
    }

    /** Drops the packed form, when the value takes on its large form. */
    protected final void clearBody() {
        record = KeyRecord.withoutBody(record);
    }
}
