package dev.holdfast.server;

import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.protocol.Account;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that wait to be sent to one client. Short ones are copied together into arrays that grow with what waits; long ones that others
 * hold too stay where they are. All of it is counted in the client's account before it is allocated.
 *
 * <p>Belongs to the connection's event loop; only {@link #bytes} may be called from elsewhere.
 */
final class ByteQueue {
    /** What a piece takes beside its bytes. */
    private static final int PIECE_BYTES = 64;

    private static final int LEAST_ARRAY_BYTES = 128;
    private static final int MOST_ARRAY_BYTES = 64 * 1024;

    /** A message of this length or more is not copied. */
    private static final int REFERRED_BYTES = 1024;

    /** A part of an array: of one that others hold too, or of the queue's own, whose free end more bytes may join. */
    private static final class Piece {
        private final byte[] array;
        private final @Nullable SharedBytes shared;
        private final long charged;
        private int from;
        private int to;
        private final int end;

        Piece(byte[] array, @Nullable SharedBytes shared, int from, int to, int end, long charged) {
            this.array = array;
            this.shared = shared;
            this.from = from;
            this.to = to;
            this.end = end;
            this.charged = charged;
        }

        int room() {
            return end - to;
        }
    }

    private final Account account;
    private final ArrayDeque<Piece> pieces = new ArrayDeque<>(0);
    private volatile long bytes;

    ByteQueue(Account account) {
        this.account = account;
    }

    boolean isEmpty() {
        return pieces.isEmpty();
    }

    long bytes() {
        return bytes;
    }

    /** Adds a copy of some bytes. */
    void add(byte[] array, int from, int length) {
        int start = from;
        int left = length;
        Piece last = pieces.peekLast();
        if (last != null && last.room() > 0) {
            int part = Math.min(left, last.room());
            System.arraycopy(array, start, last.array, last.to, part);
            last.to += part;
            count(part);
            start += part;
            left -= part;
        }
        if (left > 0) {
            int usual = last == null || last.shared != null
                    ? LEAST_ARRAY_BYTES
                    : Math.min(MOST_ARRAY_BYTES, 2 * last.array.length);
            byte[] own = allocate(Math.max(left, usual));
            System.arraycopy(array, start, own, 0, left);
            addPiece(new Piece(own, null, 0, left, own.length, own.length + PIECE_BYTES), false);
        }
    }

    /** Adds bytes that are not copied if they are long, or the only ones. */
    void add(SharedBytes message) {
        if (message.length() < REFERRED_BYTES) {
            if (pieces.isEmpty()) {
                // So little, and at most once for each client, that it need not be counted.
                addPiece(new Piece(message.array(), null, 0, message.length(), message.length(), 0), false);
            } else {
                add(message.array(), 0, message.length());
            }
            return;
        }
        account.take(PIECE_BYTES);
        try {
            account.take(message);
        } catch (RuntimeException | OutOfMemoryError e) {
            account.give(PIECE_BYTES);
            throw e;
        }
        addPiece(new Piece(message.array(), message, 0, message.length(), message.length(), PIECE_BYTES), false);
    }

    /** Adds all of a reply. The array of a long one is taken over rather than copied; the reply is then to be cleared. */
    void add(RespReply reply) {
        boolean copies = reply.size() <= Loop.KEPT_BYTES;
        int from = 0;
        for (int i = 0; i < reply.sharedCount(); i++) {
            addPart(reply, from, reply.sharedAt(i), copies, 0);
            add(reply.shared(i));
            from = reply.sharedAt(i);
        }
        // The last part stands for the whole array: it is the last that leaves.
        addPart(reply, from, reply.size(), copies, copies ? 0 : reply.takeCharge());
    }

    private void addPart(RespReply reply, int from, int to, boolean copies, long charged) {
        if (to > from && copies) {
            add(reply.array(), from, to - from);
        } else if (to > from) {
            addPiece(new Piece(reply.array(), null, from, to, to, charged), false);
        } else {
            account.give(charged);
        }
    }

    /** Makes room for bytes in front of all others, which the caller writes into the array. */
    byte[] addFirst(int length) {
        byte[] own = allocate(length);
        addPiece(new Piece(own, null, 0, length, length, length + PIECE_BYTES), true);
        return own;
    }

    private byte[] allocate(int length) {
        account.take(length + PIECE_BYTES);
        try {
            return new byte[length];
        } catch (OutOfMemoryError e) {
            account.give(length + PIECE_BYTES);
            throw e;
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // the event loop alone writes
    private void count(long change) {
        bytes += change;
    }

    private void addPiece(Piece piece, boolean first) {
        if (first) {
            pieces.addFirst(piece);
        } else {
            pieces.addLast(piece);
        }
        count(piece.to - piece.from);
    }

    /** Moves bytes from the front into a buffer, until one of the two has no more. */
    void moveTo(ByteBuf target, int most) {
        int left = most;
        while (left > 0 && !pieces.isEmpty()) {
            Piece piece = pieces.getFirst();
            int part = Math.min(left, piece.to - piece.from);
            target.writeBytes(piece.array, piece.from, part);
            piece.from += part;
            count(-part);
            left -= part;
            if (piece.from == piece.to) {
                drop(pieces.removeFirst());
            }
        }
    }

    /** Copies bytes from the front into a buffer, and leaves them here. Returns how many. */
    int copyTo(ByteBuf target, int most) {
        int left = most;
        for (Piece piece : pieces) {
            int part = Math.min(left, piece.to - piece.from);
            target.writeBytes(piece.array, piece.from, part);
            left -= part;
            if (left == 0) {
                break;
            }
        }
        return most - left;
    }

    /** Drops bytes from the front. */
    void skip(int most) {
        int left = most;
        while (left > 0 && !pieces.isEmpty()) {
            Piece piece = pieces.getFirst();
            int part = Math.min(left, piece.to - piece.from);
            piece.from += part;
            count(-part);
            left -= part;
            if (piece.from == piece.to) {
                drop(pieces.removeFirst());
            }
        }
    }

    /** Moves all bytes behind those of another queue. */
    void moveTo(ByteQueue target) {
        while (!pieces.isEmpty()) {
            Piece piece = pieces.getFirst();
            if (piece.shared != null) {
                target.add(piece.shared);
            } else {
                target.add(piece.array, piece.from, piece.to - piece.from);
            }
            removeFirst();
        }
    }

    /** Moves all bytes to the end of a reply. */
    void moveTo(RespReply reply) {
        while (!pieces.isEmpty()) {
            Piece piece = pieces.getFirst();
            if (piece.shared != null) {
                reply.raw(piece.shared);
            } else {
                reply.raw(piece.array, piece.from, piece.to - piece.from);
            }
            removeFirst();
        }
    }

    private void removeFirst() {
        Piece piece = pieces.removeFirst();
        count(piece.from - piece.to);
        drop(piece);
    }

    private void drop(Piece piece) {
        account.give(piece.charged);
        if (piece.shared != null) {
            account.give(piece.shared);
        }
    }

    void clear() {
        while (!pieces.isEmpty()) {
            removeFirst();
        }
    }
}
