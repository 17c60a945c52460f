package dev.holdfast.engine.replication;

import dev.holdfast.engine.persistence.RdbSource;
import dev.holdfast.engine.topology.Peer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The bytes of a snapshot that a primary sends: of a known length, or up to a mark behind it. Behind the mark nothing comes before an
 * acknowledgement, so the end is where what has come until now ends with it.
 */
final class Transfer implements RdbSource {
    private static final int READ_BYTES = 256 * 1024;
    private static final String MARKED = "$EOF:";

    private final Peer from;
    private final IntConsumer onBytes;
    private final byte[] mark;
    private final long length;
    private long received;

    /** With a mark: what has come and has not been passed on, of which the last bytes may be the mark. */
    private byte[] held = new byte[0];

    private int heldFrom;
    private int heldTo;
    private boolean ended;

    /**
     * @param head the line before the snapshot: {@code $length}, or {@code $EOF:} and the mark
     * @param onBytes gets the number of bytes of each read
     */
    Transfer(Peer from, String head, IntConsumer onBytes) throws IOException {
        this.from = from;
        this.onBytes = onBytes;
        if (!head.startsWith("$")) {
            throw new IOException("Bad protocol from PRIMARY, the first byte is not '$': " + head);
        }
        if (head.startsWith(MARKED)) {
            mark = head.substring(MARKED.length()).getBytes(StandardCharsets.US_ASCII);
            length = Long.MAX_VALUE;
            held = new byte[READ_BYTES];
            if (mark.length != Replica.MARK_BYTES) {
                throw new IOException("Bad protocol from PRIMARY: the mark of the end is '" + head + "'");
            }
        } else {
            mark = new byte[0];
            length = number(head.substring(1));
        }
    }

    private static long number(String text) throws IOException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException("Bad protocol from PRIMARY: '" + text + "' is no length", e);
        }
    }

    /** How many bytes will come; {@code Long.MAX_VALUE} if unknown. */
    long length() {
        return length;
    }

    @Override
    public boolean isLive() {
        return true;
    }

    @Override
    public int read(byte[] into, int offset, int most) throws IOException {
        return mark.length > 0 ? readMarked(into, offset, most) : readCounted(into, offset, most);
    }

    private int readCounted(byte[] into, int offset, int most) throws IOException {
        if (received == length) {
            return -1;
        }
        int count = receive(into, offset, (int) Math.min(most, length - received));
        received += count;
        return count;
    }

    private int readMarked(byte[] into, int offset, int most) throws IOException {
        while (!ended && heldTo - heldFrom <= mark.length) {
            System.arraycopy(held, heldFrom, held, 0, heldTo - heldFrom);
            heldTo -= heldFrom;
            heldFrom = 0;
            heldTo += receive(held, heldTo, held.length - heldTo);
            ended = heldTo >= mark.length && Arrays.equals(held, heldTo - mark.length, heldTo, mark, 0, mark.length);
        }
        int ready = heldTo - heldFrom - mark.length;
        if (ready == 0) {
            return -1;
        }
        int count = Math.min(ready, most);
        System.arraycopy(held, heldFrom, into, offset, count);
        heldFrom += count;
        return count;
    }

    private int receive(byte[] into, int offset, int most) throws IOException {
        int count = from.read(into, offset, most);
        if (count < 0) {
            throw new EOFException("the primary has closed the connection");
        }
        onBytes.accept(count);
        return count;
    }

    /** Whether the connection that the snapshot comes by is of use for the stream afterwards: all of the snapshot has been read. */
    void drain() throws IOException {
        byte[] rest = new byte[1024];
        int count = read(rest, 0, rest.length);
        while (count >= 0) {
            count = read(rest, 0, rest.length);
        }
    }
}
