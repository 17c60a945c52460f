package dev.holdfast.engine.replication;

import dev.holdfast.engine.journal.ChangeReader;
import dev.holdfast.engine.journal.ChangeStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The last part of the replicas' stream, from which replicas are sent what they have not got and may go on after a broken link.
 *
 * <p>It is a chain of blocks outside the heap. Every replica has a {@link Cursor} in it, so that what several have not got yet is kept
 * once. Behind the last cursor and behind {@code repl-backlog-size} blocks are used again. Where no memory is left for another block
 * the oldest is taken, and a cursor that has needed it is lost: its replica has to begin anew.
 *
 * <p>Everything is guarded by the monitor of the stream, beneath the shards' locks. An offset counts the bytes before a position.
 */
final class Backlog implements ChangeReader {
    static final int BLOCK_BYTES = 16 * 1024;

    /** Blocks that are kept for the next ones. */
    private static final int SPARE_BLOCKS = 1;

    private static final class Block {
        final ByteBuffer bytes;
        long start;

        @Nullable
        Block next;

        Block(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        long end() {
            return start + bytes.position();
        }
    }

    /** How far one replica has come. */
    final class Cursor {
        private final Runnable onMore;
        private long position;
        private @Nullable Block block;
        private boolean lost;

        private Cursor(long position, Runnable onMore) {
            this.position = position;
            this.onMore = onMore;
        }

        /** Moves bytes into a buffer. Returns how many, or -1 where what follows is no longer there. */
        int read(ByteBuffer into) {
            synchronized (stream) {
                if (lost) {
                    return -1;
                }
                int read = 0;
                boolean leaves = false;
                while (position < end && into.hasRemaining()) {
                    Block from = block == null ? find(position) : block;
                    if (position == from.end() && from.next != null) {
                        from = from.next;
                        leaves = true;
                    }
                    block = from;
                    int at = (int) (position - from.start);
                    int count = Math.min(from.bytes.position() - at, into.remaining());
                    into.put(into.position(), from.bytes, at, count);
                    into.position(into.position() + count);
                    position += count;
                    read += count;
                }
                if (leaves) {
                    trim();
                }
                return read;
            }
        }

        /** How many bytes it has not read. */
        long behind() {
            synchronized (stream) {
                return end - position;
            }
        }

        void close() {
            synchronized (stream) {
                cursors.remove(this);
                block = null;
                trim();
                spare.clear();
            }
        }
    }

    private final ChangeStream stream;
    private final LongSupplier sizeBytes;
    private final List<Cursor> cursors = new ArrayList<>();
    private final List<Block> spare = new ArrayList<>();
    private @Nullable Block first;
    private @Nullable Block last;
    private long blocks;
    private long end;

    /** @param sizeBytes how much is kept beyond what replicas have not got */
    Backlog(ChangeStream stream, LongSupplier sizeBytes) {
        this.stream = stream;
        this.sizeBytes = sizeBytes;
        this.end = stream.offset();
    }

    @Override
    public void append(byte[] bytes, int offset, int length, boolean starts) {
        int from = offset;
        int left = length;
        while (left > 0) {
            Block to = last != null && last.bytes.hasRemaining() ? last : addBlock();
            int count = Math.min(left, to.bytes.remaining());
            to.bytes.put(bytes, from, count);
            from += count;
            left -= count;
            end += count;
        }
        for (int i = 0; i < cursors.size(); i++) {
            cursors.get(i).onMore.run();
        }
    }

    private Block addBlock() {
        trim();
        Block block = spare.isEmpty() ? allocate() : spare.removeLast();
        block.start = end;
        if (last == null) {
            first = block;
        } else {
            last.next = block;
        }
        last = block;
        blocks++;
        return block;
    }

    private Block allocate() {
        try {
            return new Block(ByteBuffer.allocateDirect(BLOCK_BYTES));
        } catch (OutOfMemoryError e) {
            Block oldest = first;
            if (oldest == null) {
                return new Block(ByteBuffer.allocate(BLOCK_BYTES));
            }
            long lostBelow = oldest.end();
            for (Cursor cursor : cursors) {
                cursor.lost |= cursor.position < lostBelow;
            }
            drop(oldest);
            return spare.removeLast();
        }
    }

    /** Gives back the blocks that no cursor needs and that are more than what is to be kept. */
    private void trim() {
        long needed = end - sizeBytes.getAsLong();
        for (Cursor cursor : cursors) {
            needed = cursor.lost ? needed : Math.min(needed, cursor.position);
        }
        while (first != null && first != last && first.end() <= needed) {
            drop(first);
        }
    }

    private void drop(Block block) {
        first = block.next;
        if (first == null) {
            last = null;
        }
        blocks--;
        block.next = null;
        block.bytes.clear();
        for (Cursor cursor : cursors) {
            if (cursor.block == block) {
                cursor.block = null;
            }
        }
        if (spare.size() < SPARE_BLOCKS) {
            spare.add(block);
        }
    }

    private Block find(long position) {
        for (Block block = first; block != null; block = block.next) {
            if (position < block.end()) {
                return block;
            }
        }
        throw new IllegalStateException("offset " + position + " is not in the backlog");
    }

    /** A cursor at an offset, or null where what follows it is not there. */
    @Nullable
    Cursor cursorAt(long position, Runnable onMore) {
        synchronized (stream) {
            if (position < start() || position > end) {
                return null;
            }
            Cursor cursor = new Cursor(position, onMore);
            cursors.add(cursor);
            return cursor;
        }
    }

    /** A cursor at the present end. */
    Cursor cursorAtEnd(Runnable onMore) {
        synchronized (stream) {
            Cursor cursor = new Cursor(end, onMore);
            cursors.add(cursor);
            return cursor;
        }
    }

    /** The offset of the first byte that is there. */
    long start() {
        synchronized (stream) {
            return first == null ? end : first.start;
        }
    }

    /** The offset behind the last byte. */
    long end() {
        synchronized (stream) {
            return end;
        }
    }

    /** Whether nothing has been appended that is still there. */
    boolean isEmpty() {
        synchronized (stream) {
            return first == null;
        }
    }

    /** Forgets everything, and goes on at another offset. Cursors that are left are lost. */
    void restartAt(long offset) {
        synchronized (stream) {
            while (first != null) {
                drop(first);
            }
            for (Cursor cursor : cursors) {
                cursor.lost = true;
            }
            end = offset;
        }
    }

    /** Drops what a smaller size leaves no room for. */
    void resize() {
        synchronized (stream) {
            trim();
        }
    }

    /** The memory of all blocks. */
    long memoryBytes() {
        synchronized (stream) {
            return (blocks + spare.size()) * BLOCK_BYTES;
        }
    }
}
