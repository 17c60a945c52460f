package dev.holdfast.engine.replication;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What comes of the stream while the snapshot before it is still loaded, in blocks outside the heap. One thread adds, another takes.
 * When it is full nothing more is read from the primary, which then keeps it.
 */
final class PendingStream {
    private static final int BLOCK_BYTES = 16 * 1024;

    private final LongSupplier mostBytes;
    private final Deque<ByteBuffer> blocks = new ArrayDeque<>();
    private long bytes;
    private long peakBytes;

    /** @param mostBytes how much it may hold; 0 for no limit but that of the memory outside the heap */
    PendingStream(LongSupplier mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Whether no more should be added. */
    synchronized boolean isFull() {
        long most = mostBytes.getAsLong();
        return most > 0 && bytes > most;
    }

    /** Adds bytes. Returns false, and adds none of them, if there is no memory for them. */
    synchronized boolean add(byte[] from, int count) {
        ByteBuffer last = blocks.peekLast();
        int at = last == null ? 0 : Math.min(count, last.remaining());
        Deque<ByteBuffer> more = new ArrayDeque<>();
        try {
            for (int left = count - at; left > 0; left -= BLOCK_BYTES) {
                more.add(ByteBuffer.allocateDirect(BLOCK_BYTES));
            }
        } catch (OutOfMemoryError e) {
            return false;
        }
        if (last != null) {
            last.put(from, 0, at);
        }
        for (ByteBuffer block : more) {
            int part = Math.min(count - at, BLOCK_BYTES);
            block.put(from, at, part);
            at += part;
            blocks.add(block);
        }
        bytes += count;
        peakBytes = Math.max(peakBytes, bytes);
        return true;
    }

    /** Takes the next bytes; null where there are none. */
    synchronized byte @Nullable [] take() {
        ByteBuffer block = blocks.poll();
        if (block == null) {
            return null;
        }
        byte[] taken = new byte[block.position()];
        block.get(0, taken);
        bytes -= taken.length;
        return taken;
    }

    /** Forgets everything. Returns whether there was anything. */
    synchronized boolean clear() {
        boolean any = bytes > 0;
        blocks.clear();
        bytes = 0;
        return any;
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized long peakBytes() {
        return peakBytes;
    }
}
