package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.structures.ByteAccount;
import dev.holdfast.engine.structures.Loan;
import dev.holdfast.engine.structures.StreamLog;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A stream: its entries, and the groups that read them.
 *
 * <p>A stream remembers more than it holds: the last id ever given, how many entries were ever added, and the greatest id
 * that was ever deleted one by one. From these follows how far behind a group is, and whether that can be known at all.
 */
public final class StreamValue extends Entry {
    /** A {@link #lag} that cannot be told. Any other number may be one, even a negative. */
    public static final long LAG_UNKNOWN = Long.MIN_VALUE;

    private static final int FIELDS_BYTES = 72 + 24 + 3 * 24;

    private final ByteAccount account = new ByteAccount();
    private final StreamLog log;
    private @Nullable TreeMap<Slice, ConsumerGroup> groups;
    private StreamId lastId = StreamId.MIN;
    private StreamId firstId = StreamId.MIN;
    private StreamId maxDeletedId = StreamId.MIN;
    private long entriesAdded;

    public StreamValue(byte[] record) {
        super(record);
        log = new StreamLog(account);
    }

    private StreamValue(byte[] record, StreamValue other, @Nullable Loan loan) {
        super(record);
        log = loan == null ? other.log.copy(account) : other.log.freeze(loan);
        lastId = other.lastId;
        firstId = other.firstId;
        maxDeletedId = other.maxDeletedId;
        entriesAdded = other.entriesAdded;
        other.groups()
                .forEach((name, group) -> put(
                        new Slice(name.toBytes()), loan == null ? group.copy(account) : group.freeze(account, loan)));
    }

    @Override
    public String encoding() {
        return "stream";
    }

    @Override
    protected long formBytes() {
        return FIELDS_BYTES + account.bytes();
    }

    @Override
    public Entry copyWith(byte[] copiedRecord) {
        return new StreamValue(copiedRecord, this, null);
    }

    @Override
    public Entry freeze(byte[] frozenRecord, Loan loan) {
        return new StreamValue(frozenRecord, this, loan);
    }

    /** A stream stays when its last entry goes. */
    @Override
    public boolean isEmpty() {
        return false;
    }

    public long length() {
        return log.length();
    }

    /** How many packed blocks the entries take. */
    public int blocks() {
        return log.blocks();
    }

    /** The last id that was ever given. */
    public StreamId lastId() {
        return lastId;
    }

    /** The id of the first entry; 0-0 where there is none. */
    public StreamId firstId() {
        return firstId;
    }

    public StreamId maxDeletedId() {
        return maxDeletedId;
    }

    public long entriesAdded() {
        return entriesAdded;
    }

    public void setLastId(StreamId id) {
        lastId = id;
    }

    public void setEntriesAdded(long count) {
        entriesAdded = count;
    }

    public void setMaxDeletedId(StreamId id) {
        maxDeletedId = id;
    }

    /** Puts entries back that were saved; see {@link StreamLog#restore}. The ids and counts have to be set afterwards. */
    public StreamLog restoring() {
        return log;
    }

    /** Sets what a stream that was saved remembered. */
    public void restore(StreamId last, StreamId maxDeleted, long added) {
        lastId = last;
        maxDeletedId = maxDeleted;
        entriesAdded = added;
        findFirst();
    }

    /** Adds an entry; see {@link StreamLog#append}. The id must be beyond {@link #lastId}. */
    public void add(StreamId id, int fields, IntFunction<Slice> words, long maxBytes, long maxEntries) {
        log.append(id.ms(), id.seq(), fields, words, maxBytes, maxEntries);
        entriesAdded++;
        lastId = id;
        if (log.length() == 1) {
            firstId = id;
        }
    }

    /** Deletes one entry. Returns whether it was there. */
    public boolean delete(StreamId id) {
        if (!log.delete(id.ms(), id.seq())) {
            return false;
        }
        if (id.compareTo(maxDeletedId) > 0) {
            maxDeletedId = id;
        }
        if (log.length() == 0 || id.equals(firstId)) {
            findFirst();
        }
        return true;
    }

    /** Trims to a number of entries; see {@link StreamLog#trim}. */
    public long trimTo(long maxLength, boolean wholeBlocks, long limit) {
        return trimmed(log.trim(maxLength, 0, 0, wholeBlocks, limit));
    }

    /** Trims what is before an id. */
    public long trimBefore(StreamId id, boolean wholeBlocks, long limit) {
        return trimmed(log.trim(Long.MAX_VALUE, id.ms(), id.seq(), wholeBlocks, limit));
    }

    private long trimmed(long removed) {
        if (removed > 0) {
            findFirst();
        }
        return removed;
    }

    private void findFirst() {
        StreamLog.Walk walk = walk(StreamId.MIN, StreamId.MAX, false);
        firstId = walk.next() ? new StreamId(walk.ms(), walk.seq()) : StreamId.MIN;
    }

    public boolean contains(StreamId id) {
        return log.contains(id.ms(), id.seq());
    }

    /** The entries between two ids, both included. */
    public StreamLog.Walk walk(StreamId from, StreamId to, boolean backwards) {
        return log.walk(from.ms(), from.seq(), to.ms(), to.seq(), backwards);
    }

    /** All entries, and the tombstones of deleted ones whose blocks are still there. */
    public StreamLog.Walk walkWithTombstones() {
        return log.walkWithTombstones();
    }

    /** The id of the last entry that is there, or 0-0. */
    public StreamId lastEntry() {
        StreamLog.Walk walk = walk(StreamId.MIN, StreamId.MAX, true);
        return walk.next() ? new StreamId(walk.ms(), walk.seq()) : StreamId.MIN;
    }

    /** The groups in the order of their names. */
    public Map<Slice, ConsumerGroup> groups() {
        return groups == null ? Map.of() : groups;
    }

    public @Nullable ConsumerGroup group(Slice name) {
        return groups == null ? null : groups.get(name);
    }

    /** Adds a group. Returns false if there is one of that name. */
    public boolean createGroup(Slice name, StreamId id, long entriesRead) {
        if (group(name) != null) {
            return false;
        }
        put(new Slice(name.toBytes()), new ConsumerGroup(id, entriesRead, account));
        return true;
    }

    private void put(Slice name, ConsumerGroup group) {
        if (groups == null) {
            groups = new TreeMap<>();
        }
        groups.put(name, group);
        account.add(ConsumerGroup.nameBytes(name));
    }

    public void destroyGroup(Slice name) {
        ConsumerGroup group = groups == null ? null : groups.remove(name);
        if (group != null) {
            group.close();
            account.add(-ConsumerGroup.nameBytes(name));
        }
    }

    /** Notes that a group is about to be given an entry, the first after those that it has been given. */
    public void advance(ConsumerGroup group, StreamId id) {
        if (group.entriesRead() != ConsumerGroup.UNKNOWN
                && group.lastId().compareTo(firstId) >= 0
                && !hasTombstoneFrom(group.lastId())) {
            group.setEntriesRead(group.entriesRead() + 1);
        } else if (entriesAdded != 0) {
            group.setEntriesRead(countUpTo(id));
        }
        group.setLastId(id);
    }

    /** How many entries a group has not been given yet, or {@link #LAG_UNKNOWN}. */
    public long lag(ConsumerGroup group) {
        if (entriesAdded == 0) {
            return 0;
        }
        if (group.entriesRead() != ConsumerGroup.UNKNOWN && !hasTombstoneFrom(group.lastId())) {
            return entriesAdded - group.entriesRead();
        }
        long read = countUpTo(group.lastId());
        return read == ConsumerGroup.UNKNOWN ? LAG_UNKNOWN : entriesAdded - read;
    }

    /** Whether entries were deleted one by one at this id or beyond, so that counting on from there would be wrong. */
    private boolean hasTombstoneFrom(StreamId id) {
        return log.length() != 0 && !maxDeletedId.isZero() && id.compareTo(maxDeletedId) <= 0;
    }

    /**
     * How many entries were ever added up to this id. It is known at both ends of the stream as long as nothing between was
     * deleted; in the middle it would have to be counted, and is given as unknown.
     */
    public long countUpTo(StreamId id) {
        if (entriesAdded == 0) {
            return 0;
        }
        int toLast = id.compareTo(lastId);
        if (log.length() == 0 && toLast <= 0) {
            return entriesAdded;
        }
        if (!id.isZero() && id.compareTo(maxDeletedId) < 0) {
            return ConsumerGroup.UNKNOWN;
        }
        if (toLast >= 0) {
            return toLast == 0 ? entriesAdded : ConsumerGroup.UNKNOWN;
        }
        if (maxDeletedId.isZero() || maxDeletedId.compareTo(firstId) < 0) {
            int toFirst = id.compareTo(firstId);
            if (toFirst <= 0) {
                return entriesAdded - log.length() + (toFirst == 0 ? 1 : 0);
            }
        }
        return ConsumerGroup.UNKNOWN;
    }
}
