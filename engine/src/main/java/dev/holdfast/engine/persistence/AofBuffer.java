package dev.holdfast.engine.persistence;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes on their way to the file: filled by the threads that run commands, emptied by the one that writes. It is a row of chunks, so
 * that it grows without copying; those that have been written are used again.
 */
final class AofBuffer {
    private static final int CHUNK_BYTES = 256 * 1024;
    private static final int SPARE_CHUNKS = 8;

    private final ArrayDeque<ByteBuffer> spare = new ArrayDeque<>();
    private final List<ByteBuffer> chunks = new ArrayList<>();
    private @Nullable ByteBuffer last;
    private volatile long size;

    /** The bytes that have been appended and not been taken. */
    long size() {
        return size;
    }

    synchronized void append(byte[] bytes, int offset, int length) {
        int at = offset;
        int left = length;
        while (left > 0) {
            ByteBuffer chunk = last;
            if (chunk == null || !chunk.hasRemaining()) {
                chunk = newChunk();
            }
            int part = Math.min(left, chunk.remaining());
            chunk.put(bytes, at, part);
            at += part;
            left -= part;
        }
        size += length;
    }

    private ByteBuffer newChunk() {
        ByteBuffer chunk = spare.poll();
        if (chunk == null) {
            chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        }
        chunk.clear();
        chunks.add(chunk);
        last = chunk;
        return chunk;
    }

    /** Moves everything, ready to be read, behind what is in {@code target}. */
    synchronized void take(ArrayDeque<ByteBuffer> target) {
        for (ByteBuffer chunk : chunks) {
            target.add(chunk.flip());
        }
        chunks.clear();
        last = null;
        size = 0;
    }

    /** Forgets everything. */
    synchronized void clear() {
        chunks.forEach(this::recycle);
        chunks.clear();
        last = null;
        size = 0;
    }

    /** Takes back a chunk that has been written. */
    synchronized void recycle(ByteBuffer chunk) {
        if (spare.size() < SPARE_CHUNKS) {
            spare.push(chunk);
        }
    }
}
