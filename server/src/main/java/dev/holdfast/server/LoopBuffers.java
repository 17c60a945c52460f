package dev.holdfast.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * The two direct buffers through which all connections of one event loop pass their bytes to and from the system.
 *
 * <p>Each is lent for the time of one read or one write. The loop holds one reference; while a borrower holds another, the next
 * reader gets a buffer of its own, and the next writer the part behind what the others have. So writes share the buffer that wait
 * together for the append-only file. Only when it is full, because a socket keeps what it could not take, does a writer get
 * one of its own. In the ordinary case neither a read nor a write allocates memory outside the heap.
 */
final class LoopBuffers {
    private static final ByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true);

    private static final FastThreadLocal<LoopBuffers> CURRENT = new FastThreadLocal<>() {
        @Override
        protected LoopBuffers initialValue() {
            return new LoopBuffers();
        }

        @Override
        protected void onRemoval(LoopBuffers buffers) {
            buffers.input.release();
            buffers.output.release();
            buffers.spill.release();
        }
    };

    private final ByteBuf input = ALLOCATOR.directBuffer(Loop.READ_BYTES);
    private final ByteBuf output = ALLOCATOR.directBuffer(Loop.KEPT_BYTES);
    private final ByteBuf spill = ALLOCATOR.directBuffer(Loop.TURN_BYTES);

    /** How much of the output has been given away since all of it was there. */
    private int used;

    private LoopBuffers() {}

    /** A buffer for a read. Runs on an event loop. */
    private static ByteBuf forReading(int bytes) {
        ByteBuf input = CURRENT.get().input;
        if (input.refCnt() > 1) {
            return ALLOCATOR.directBuffer(bytes);
        }
        input.clear().retain();
        return bytes == input.capacity() ? input : input.slice(0, bytes).clear();
    }

    /** A buffer for some bytes that are about to be written, or null while there is no room. Runs on an event loop. */
    static @Nullable ByteBuf forWriting(int bytes) {
        return CURRENT.get().lendOutput(bytes);
    }

    /**
     * The buffer for bytes that have waited. The taker takes back at once what the system has not taken. Null while it is lent
     * all the same.
     */
    static @Nullable ByteBuf forSpilling() {
        ByteBuf spill = CURRENT.get().spill;
        return spill.refCnt() == 1 ? spill.clear().retain() : null;
    }

    /** A small buffer of a connection's own. */
    static ByteBuf own(int bytes) {
        return ALLOCATOR.directBuffer(bytes);
    }

    /** Lets a channel that is being read, and that has much to come, be read on at once. */
    static void readMore(Channel channel) {
        if (channel.unsafe().recvBufAllocHandle() instanceof ReadHandle handle) {
            handle.mostReads = ReadHandle.READS_OF_MUCH;
        }
    }

    private @Nullable ByteBuf lendOutput(int bytes) {
        if (output.refCnt() == 1) {
            used = 0;
        }
        if (bytes > output.capacity() - used) {
            return null;
        }
        ByteBuf part = used == 0 ? output.clear() : output.slice(used, bytes).clear();
        used += bytes;
        return part.retain();
    }

    /**
     * Gives reads the loop's buffer. Only for transports that fill it before anything else runs on the loop, which io_uring
     * does not.
     */
    static final class Reads implements RecvByteBufAllocator {
        private final int bytes;

        /** @param bytes the most that is read at once, {@link Loop#READ_BYTES} or less */
        Reads(int bytes) {
            this.bytes = bytes;
        }

        @Override
        @SuppressWarnings("deprecation") // the only kind of handle that all transports take is the extended one
        public Handle newHandle() {
            return new ReadHandle(bytes);
        }
    }

    /**
     * Reads once for each time that a socket is ready; a few times, as long as the buffer is filled, in the middle of a long word. A
     * client that sends without end waits for the others after each turn.
     */
    private static final class ReadHandle implements RecvByteBufAllocator.ExtendedHandle {
        private static final int READS_OF_MUCH = 4;

        private final int bytes;
        private int attempted;
        private int last;
        private int reads;
        private int mostReads = 1;

        ReadHandle(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator unused) {
            return forReading(bytes);
        }

        @Override
        public int guess() {
            return bytes;
        }

        @Override
        public void reset(ChannelConfig config) {
            attempted = 0;
            last = 0;
            reads = 0;
            mostReads = 1;
        }

        @Override
        public void incMessagesRead(int messages) {
            reads += messages;
        }

        @Override
        public void lastBytesRead(int bytes) {
            last = bytes;
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return last > 0 && last == attempted && reads < mostReads;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return continueReading();
        }

        @Override
        public void readComplete() {}
    }
}
