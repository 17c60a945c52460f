package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a stream: an append-only log of packed blocks, found by the id of their first entry.
 *
 * <p>Ids only grow, so entries are added at the end alone and trimmed from the front; an {@link IdMap} of blocks takes the
 * place of Valkey's radix tree. Seeking an id is a search for its block and a walk within it.
 */
public final class StreamLog extends Lender {
    private static final int OBJECT_BYTES = 32;
    /** No block grows beyond this, whatever the configuration says. */
    private static final long MAX_BLOCK_BYTES = 1L << 30;

    private final ByteAccount account;
    private final IdMap<StreamBlock> blocks;
    private long length;

    public StreamLog(ByteAccount account) {
        this(account, new IdMap<>(account), 0);
        account.add(OBJECT_BYTES);
    }

    private StreamLog(ByteAccount account, IdMap<StreamBlock> blocks, long length) {
        this.account = account;
        this.blocks = blocks;
        this.length = length;
    }

    /** A log of the entries of now, which another thread may read as long as the loan lasts. */
    public StreamLog freeze(Loan loan) {
        lend(loan);
        ByteAccount uncounted = new ByteAccount();
        return new StreamLog(uncounted, blocks.copy(uncounted), length);
    }

    /** The block that is to be written to in place of this one. */
    private StreamBlock toChange(StreamBlock block) {
        if (!isLent(block.generation)) {
            return block;
        }
        StreamBlock copy = block.copy();
        copy.generation = generation();
        blocks.replace(copy);
        account.add(copy.heapBytes() - block.heapBytes());
        retain(block.heapBytes());
        return copy;
    }

    /** A copy whose bytes are entered into {@code account}. */
    public StreamLog copy(ByteAccount copyAccount) {
        StreamLog copy = new StreamLog(copyAccount);
        blocks.forEach(block -> {
            StreamBlock copied = block.copy();
            copy.blocks.add(copied);
            copyAccount.add(copied.heapBytes());
        });
        copy.length = length;
        return copy;
    }

    /** How many entries there are. */
    public long length() {
        return length;
    }

    public int blocks() {
        return blocks.size();
    }

    /** Whether words of this many bytes are too long for one entry. */
    public static boolean isTooLong(long wordBytes) {
        return wordBytes > MAX_BLOCK_BYTES;
    }

    /**
     * Adds an entry, whose id must be beyond all that have ever been here.
     *
     * @param words field, value, field, value, and so on
     * @param maxBytes the most that a block may take, in bytes of Valkey's listpack; 0 for no limit
     * @param maxEntries the most entries in a block, tombstones included; 0 for no limit
     */
    public void append(long ms, long seq, int fields, IntFunction<Slice> words, long maxBytes, long maxEntries) {
        StreamBlock block = blocks.last();
        if (block != null && isFull(block, fields, words, maxBytes, maxEntries)) {
            block = toChange(block);
            account.add(-block.heapBytes());
            block.seal();
            account.add(block.heapBytes());
            block = null;
        }
        if (block == null) {
            block = new StreamBlock(ms, seq, fields, words);
            block.generation = generation();
            blocks.add(block);
        } else {
            block = toChange(block);
            account.add(-block.heapBytes());
        }
        block.append(ms, seq, fields, words);
        account.add(block.heapBytes());
        length++;
    }

    /**
     * Adds an entry of a log that was saved, so that the blocks become what they were: tombstones stay, and the reader says
     * where a block begins. The id must be beyond all that are here.
     */
    public void restore(long ms, long seq, int fields, IntFunction<Slice> words, boolean newBlock, boolean deleted) {
        StreamBlock block = newBlock ? null : blocks.last();
        if (block == null) {
            block = new StreamBlock(ms, seq, fields, words);
            blocks.add(block);
        } else {
            account.add(-block.heapBytes());
        }
        int at = block.end;
        block.append(ms, seq, fields, words);
        if (deleted) {
            block.delete(at);
        } else {
            length++;
        }
        account.add(block.heapBytes());
    }

    /** Ends the block that was being restored. One of tombstones alone goes. */
    public void restoredBlock() {
        StreamBlock block = blocks.last();
        if (block != null && block.live == 0) {
            drop(block);
        } else if (block != null) {
            account.add(-block.heapBytes());
            block.seal();
            account.add(block.heapBytes());
        }
    }

    private static boolean isFull(
            StreamBlock block, int fields, IntFunction<Slice> words, long maxBytes, long maxEntries) {
        long wordBytes = 0;
        for (int i = 0; i < 2 * fields; i++) {
            wordBytes += words.apply(i).length();
        }
        long limit = maxBytes == 0 ? MAX_BLOCK_BYTES : Math.min(maxBytes, MAX_BLOCK_BYTES);
        return block.valkeyBytes() + wordBytes >= limit || maxEntries != 0 && block.entries() >= maxEntries;
    }

    public boolean contains(long ms, long seq) {
        return new Walk(ms, seq, ms, seq, false).next();
    }

    /** Removes an entry. Returns whether there was one. */
    public boolean delete(long ms, long seq) {
        Walk walk = new Walk(ms, seq, ms, seq, false);
        if (!walk.next()) {
            return false;
        }
        delete(walk.block(), walk.entryAt);
        return true;
    }

    private void delete(StreamBlock block, int entryAt) {
        StreamBlock changed = toChange(block);
        changed.delete(entryAt);
        length--;
        if (changed.live == 0) {
            drop(changed);
        }
    }

    private void drop(StreamBlock block) {
        blocks.remove(block.ms(), block.seq());
        account.add(-block.heapBytes());
    }

    /**
     * Removes entries from the front.
     *
     * @param maxLength how many to keep; {@code Long.MAX_VALUE} where ids decide
     * @param minMs the id of the first entry to keep; 0-0 where the number decides
     * @param wholeBlocks whether to remove whole blocks only
     * @param limit the most entries to remove; 0 for no limit
     * @return how many were removed
     */
    public long trim(long maxLength, long minMs, long minSeq, boolean wholeBlocks, long limit) {
        boolean byLength = maxLength != Long.MAX_VALUE;
        long removed = 0;
        StreamBlock block;
        while ((block = blocks.first()) != null && !(byLength && length <= maxLength)) {
            if (limit != 0 && removed + block.live > limit) {
                break;
            }
            if (byLength ? length - block.live >= maxLength : endsBefore(block, minMs, minSeq)) {
                drop(block);
                length -= block.live;
                removed += block.live;
                continue;
            }
            if (!wholeBlocks) {
                removed += trimWithin(block, byLength ? length - maxLength : Long.MAX_VALUE, minMs, minSeq, byLength);
            }
            break;
        }
        return removed;
    }

    private boolean endsBefore(StreamBlock block, long ms, long seq) {
        Walk walk = new Walk(0, 0, -1, -1, true);
        walk.read(block, block.end - lastLength(block.bytes, block.end));
        return compare(walk.ms, walk.seq, ms, seq) < 0;
    }

    private long trimWithin(StreamBlock first, long most, long minMs, long minSeq, boolean byLength) {
        StreamBlock block = toChange(first);
        long removed = 0;
        Walk walk = new Walk(0, 0, -1, -1, false);
        int at = block.entriesAt;
        while (at < block.end && removed < most) {
            walk.read(block, at);
            if (!byLength && compare(walk.ms, walk.seq, minMs, minSeq) >= 0) {
                break;
            }
            if (!walk.isDeleted()) {
                block.delete(at);
                length--;
                removed++;
            }
            at = walk.afterEntry();
        }
        return removed;
    }

    /** The length of the entry that ends just before {@code end}, with its own length field. */
    private static int lastLength(byte[] bytes, int end) {
        int entry = Listpack.lengthBefore(bytes, end);
        return entry + Varint.size(entry);
    }

    private static int compare(long ms, long seq, long otherMs, long otherSeq) {
        int order = Long.compareUnsigned(ms, otherMs);
        return order != 0 ? order : Long.compareUnsigned(seq, otherSeq);
    }

    /** The entries between two ids, both included. */
    public Walk walk(long fromMs, long fromSeq, long toMs, long toSeq, boolean backwards) {
        return new Walk(fromMs, fromSeq, toMs, toSeq, backwards);
    }

    /** All entries with the tombstones between them. */
    public Walk walkWithTombstones() {
        Walk walk = new Walk(0, 0, -1, -1, false);
        walk.tombstones = true;
        return walk;
    }

    /** A way through entries. Changes of the log end it. */
    public final class Walk {
        private final long fromMs;
        private final long fromSeq;
        private final long toMs;
        private final long toSeq;
        private final boolean backwards;
        private @Nullable StreamBlock block;
        private boolean tombstones;
        private byte[] bytes = new byte[0];
        private int entryAt;
        /** Where the next entry in the walk's direction begins or, backwards, ends. */
        private int position;

        private long ms;
        private long seq;
        private int flags;
        private int fields;
        private int fieldsAt;
        private int fieldsLeft;
        private int fieldNameAt;
        private int at;

        private Walk(long fromMs, long fromSeq, long toMs, long toSeq, boolean backwards) {
            this.fromMs = fromMs;
            this.fromSeq = fromSeq;
            this.toMs = toMs;
            this.toSeq = toSeq;
            this.backwards = backwards;
            StreamBlock first = backwards ? blocks.floor(toMs, toSeq) : blocks.floor(fromMs, fromSeq);
            if (first == null && !backwards) {
                first = blocks.first();
            }
            enter(first);
        }

        private void enter(@Nullable StreamBlock next) {
            block = next;
            if (next != null) {
                position = backwards ? next.end : next.entriesAt;
            }
        }

        /** Goes to the next entry. Returns false if there is none. */
        public boolean next() {
            StreamBlock current = block;
            while (current != null) {
                if (backwards ? position > current.entriesAt : position < current.end) {
                    if (backwards) {
                        position -= lastLength(current.bytes, position);
                        read(current, position);
                    } else {
                        read(current, position);
                        position = afterEntry();
                        at = fieldsAt;
                    }
                    boolean tooEarly = compare(ms, seq, fromMs, fromSeq) < 0;
                    boolean tooLate = compare(ms, seq, toMs, toSeq) > 0;
                    if (backwards ? tooEarly : tooLate) {
                        block = null;
                        return false;
                    }
                    if (!tooEarly && !tooLate && (tombstones || !isDeleted())) {
                        fieldsLeft = fields;
                        return true;
                    }
                } else {
                    current = backwards
                            ? blocks.lower(current.ms(), current.seq())
                            : blocks.higher(current.ms(), current.seq());
                    enter(current);
                }
            }
            return false;
        }

        /** Reads what stands before the fields of the entry that begins at {@code entry}. */
        private void read(StreamBlock in, int entry) {
            bytes = in.bytes;
            entryAt = entry;
            at = entry;
            flags = bytes[at++];
            ms = in.ms();
            if ((flags & StreamBlock.SAME_MS) == 0) {
                ms += readVarlong();
            }
            seq = (flags & StreamBlock.SAME_MS) == 0 ? 0 : in.seq();
            if ((flags & StreamBlock.NUMBER_ZERO) == 0) {
                seq += readVarlong();
            }
            if ((flags & StreamBlock.SAME_FIELDS) == 0) {
                fields = readVarint();
            } else {
                fields = Varint.read(bytes, 0);
                fieldNameAt = Varint.size(fields);
            }
            fieldsAt = at;
        }

        /** The position after the entry that has been read and none of whose fields have. */
        private int afterEntry() {
            int words = (flags & StreamBlock.SAME_FIELDS) == 0 ? 2 * fields : fields;
            for (int i = 0; i < words; i++) {
                int length = readVarint();
                at += length;
            }
            return at + Varint.size(at - entryAt);
        }

        /** Whether this is a tombstone. */
        public boolean isDeleted() {
            return (flags & StreamBlock.DELETED) != 0;
        }

        private StreamBlock block() {
            if (block == null) {
                throw new IllegalStateException("the walk is over");
            }
            return block;
        }

        private int readVarint() {
            int value = Varint.read(bytes, at);
            at += Varint.size(value);
            return value;
        }

        private long readVarlong() {
            long value = StreamBlock.readVarlong(bytes, at);
            at += StreamBlock.varlongSize(value);
            return value;
        }

        public long ms() {
            return ms;
        }

        public long seq() {
            return seq;
        }

        /** The id of the block that holds the entry, which is that of its first one. */
        public long blockMs() {
            return block().ms();
        }

        public long blockSeq() {
            return block().seq();
        }

        /** How many entries the block holds. */
        public int blockLive() {
            return block().live;
        }

        public int blockDeleted() {
            return block().deleted;
        }

        /** Whether the entry has the fields of its block's first one. */
        public boolean hasBlockFields() {
            return (flags & StreamBlock.SAME_FIELDS) != 0;
        }

        /** How many fields the entry has. */
        public int fields() {
            return fields;
        }

        /** Points at the next field of the entry and at its value. There are {@link #fields} of them. */
        public void nextField(Slice name, Slice value) {
            if (fieldsLeft-- <= 0) {
                throw new IllegalStateException("no field is left");
            }
            if ((flags & StreamBlock.SAME_FIELDS) == 0) {
                at = point(name, at);
            } else {
                fieldNameAt = point(name, fieldNameAt);
            }
            at = point(value, at);
        }

        private int point(Slice slice, int from) {
            int length = Varint.read(bytes, from);
            int start = from + Varint.size(length);
            slice.set(bytes, start, length);
            return start + length;
        }
    }
}
