package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.ByteAccount;
import dev.holdfast.engine.structures.IdMap;
import dev.holdfast.engine.structures.Lender;
import dev.holdfast.engine.structures.Loan;
import java.util.Collection;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Consumers that share the entries of a stream: each entry goes to one of them, and waits until it is acknowledged.
 *
 * <p>What waits is kept twice, for the group and for the consumer, both in the order of the ids; the entries themselves are
 * shared. A frozen group shares them too; while they are on loan, an entry that changes is replaced by another.
 */
public final class ConsumerGroup extends Lender {
    /** {@link #entriesRead()} where it cannot be told. */
    public static final long UNKNOWN = -1;

    private static final int OBJECT_BYTES = 48;
    /** A name as a slice with an array, and a node of a tree. */
    private static final int NAME_BYTES = 40 + 40;

    private static final int CONSUMER_BYTES = 32;

    private final ByteAccount account;
    private final TreeMap<Slice, StreamConsumer> consumers = new TreeMap<>();
    private final IdMap<PendingEntry> pending;
    private StreamId lastId;
    private long entriesRead;

    ConsumerGroup(StreamId lastId, long entriesRead, ByteAccount account) {
        this(lastId, entriesRead, account, new IdMap<>(account));
    }

    private ConsumerGroup(StreamId lastId, long entriesRead, ByteAccount account, IdMap<PendingEntry> pending) {
        this.account = account;
        this.pending = pending;
        this.lastId = lastId;
        this.entriesRead = entriesRead;
        account.add(OBJECT_BYTES);
    }

    /** A group for another thread to read as long as the loan lasts. */
    ConsumerGroup freeze(ByteAccount frozenAccount, Loan loan) {
        lend(loan);
        ConsumerGroup frozen = new ConsumerGroup(lastId, entriesRead, frozenAccount, pending.copy(frozenAccount));
        consumers.forEach((name, consumer) -> frozen.consumers.put(name, consumer.freeze(frozenAccount)));
        return frozen;
    }

    /** The entry that is to be changed in place of this one. */
    private PendingEntry toChange(PendingEntry entry) {
        if (!isLending()) {
            return entry;
        }
        PendingEntry copy = entry.copyFor(entry.consumer());
        pending.replace(copy);
        copy.consumer().pending().replace(copy);
        retain(PendingEntry.OBJECT_BYTES);
        return copy;
    }

    static long nameBytes(Slice name) {
        return NAME_BYTES + ((12L + name.length() + 7) & ~7L);
    }

    ConsumerGroup copy(ByteAccount copyAccount) {
        ConsumerGroup copy = new ConsumerGroup(lastId, entriesRead, copyAccount);
        for (StreamConsumer consumer : consumers.values()) {
            StreamConsumer copied = copy.addConsumer(consumer.name(), consumer.seenTime());
            copied.active(consumer.activeTime());
            consumer.pending().forEach(entry -> copy.add(entry.copyFor(copied)));
        }
        return copy;
    }

    /** Takes the group's bytes out of the account. */
    void close() {
        for (StreamConsumer consumer : consumers.values()) {
            account.add(-CONSUMER_BYTES - nameBytes(consumer.name()));
            consumer.pending().close();
        }
        account.add(-OBJECT_BYTES - (long) PendingEntry.OBJECT_BYTES * pending.size());
        pending.close();
    }

    /** The id of the last entry that was delivered. */
    public StreamId lastId() {
        return lastId;
    }

    public void setLastId(StreamId lastId) {
        this.lastId = lastId;
    }

    /** How many of the entries that were ever added the group has been given, as far as that is known. */
    public long entriesRead() {
        return entriesRead;
    }

    public void setEntriesRead(long entriesRead) {
        this.entriesRead = entriesRead;
    }

    /** The consumers in the order of their names. */
    public Collection<StreamConsumer> consumers() {
        return consumers.values();
    }

    public @Nullable StreamConsumer consumer(Slice name) {
        return consumers.get(name);
    }

    /** Adds a consumer, which must not be there yet. */
    public StreamConsumer addConsumer(Slice name, long now) {
        Slice kept = new Slice(name.toBytes());
        StreamConsumer consumer = new StreamConsumer(kept, now, account);
        consumers.put(kept, consumer);
        account.add(CONSUMER_BYTES + nameBytes(kept));
        return consumer;
    }

    /** Removes a consumer with everything that waits for its acknowledgement. */
    public void removeConsumer(StreamConsumer consumer) {
        consumer.pending().forEach(entry -> {
            pending.remove(entry.ms(), entry.seq());
            account.add(-PendingEntry.OBJECT_BYTES);
        });
        consumer.pending().close();
        consumers.remove(consumer.name());
        account.add(-CONSUMER_BYTES - nameBytes(consumer.name()));
    }

    /** What waits for an acknowledgement by any consumer. Only the group changes it. */
    public IdMap<PendingEntry> pending() {
        return pending;
    }

    public @Nullable PendingEntry pending(StreamId id) {
        return pending.get(id.ms(), id.seq());
    }

    /** Notes that an entry that does not wait yet was given to a consumer. */
    public PendingEntry add(StreamId id, StreamConsumer consumer, long now, long deliveries) {
        PendingEntry entry = new PendingEntry(id, consumer, now, deliveries);
        add(entry);
        return entry;
    }

    private void add(PendingEntry entry) {
        pending.add(entry);
        entry.consumer().pending().add(entry);
        account.add(PendingEntry.OBJECT_BYTES);
    }

    /**
     * Notes that a waiting entry was delivered again, to its consumer or to one who thereby becomes its owner.
     *
     * @return the entry, or the one that has taken its place
     */
    public PendingEntry deliver(PendingEntry entry, StreamConsumer to, long time, long count) {
        PendingEntry changed = toChange(entry);
        if (changed.consumer() != to) {
            changed.consumer().pending().remove(changed.ms(), changed.seq());
            changed.setConsumer(to);
            to.pending().add(changed);
        }
        changed.delivered(time, count);
        return changed;
    }

    /** Takes an entry off the lists. Returns whether it was there. */
    public boolean acknowledge(StreamId id) {
        PendingEntry entry = pending.remove(id.ms(), id.seq());
        if (entry == null) {
            return false;
        }
        entry.consumer().pending().remove(id.ms(), id.seq());
        account.add(-PendingEntry.OBJECT_BYTES);
        return true;
    }
}
