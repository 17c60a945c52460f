package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Numbers;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds commands in a stream of bytes: arrays of bulk strings, or lines of words as a person types them.
 *
 * <p>The bytes lie in an array that the owner lends for one read ({@link #lend}); only what is left of an unfinished command is
 * copied into an array of the decoder's own ({@link #keep}), which grows with what arrives, not with what is
 * announced. The words of a command that {@link #next} has found are views of that array, valid until the next call.
 *
 * <p>An unfinished command is not read again from its start: the decoder remembers how many words it has and how long the
 * next one is.
 */
public final class RequestDecoder {
    private static final int MAX_LINE_BYTES = 64 * 1024;
    private static final int MAX_WORDS = Integer.MAX_VALUE;
    private static final int UNAUTHENTICATED_MAX_WORDS = 10;
    private static final int UNAUTHENTICATED_MAX_BULK_BYTES = 16384;
    private static final int FIRST_OWN_BYTES = 256;
    private static final int MUCH_BYTES = 32 * 1024;
    private static final int LONG_WORD_BYTES = 1 << 20;
    private static final int MAX_OWN_BYTES = Integer.MAX_VALUE - 64;
    private static final String INVALID_LINE_END = "Protocol error: invalid CRLF in request";
    private static final byte[] NOTHING = new byte[0];

    private final Account account;

    /** What the account has been told: the decoder's own array, and the many words of an unfinished command. */
    private long charged;

    /** The words so far of an unfinished command. */
    private @Nullable Args unfinished;

    private byte[] buffer = NOTHING;
    private int position;
    private int limit;
    private boolean own;

    /** Words still to come of the command being read, or 0 between commands. */
    private int wordsLeft;

    /** Length of the word being read, or -1 when its length has not been seen. */
    private int wordBytes = -1;

    /** Whether the command being read is thrown away, word by word. */
    private boolean skipping;

    /** Of a word that is thrown away, how many bytes are still to come, its line end included. */
    private long skippedBytes;

    private long maxBulkBytes = 512L * 1024 * 1024;
    private boolean authenticated = true;

    public RequestDecoder() {
        this(Account.UNLIMITED);
    }

    /** @param account is asked before memory is taken for an unfinished command */
    public RequestDecoder(Account account) {
        this.account = account;
    }

    /** The greatest length of one word, {@code proto-max-bulk-len}. */
    public void setMaxBulkBytes(long bytes) {
        maxBulkBytes = bytes;
    }

    /** Whether the full limits apply; until a client has authenticated, it may send little. */
    public void setAuthenticated(boolean authenticated) {
        this.authenticated = authenticated;
    }

    /** How many bytes are held that no command has used yet. */
    public int pendingBytes() {
        return limit - position;
    }

    /** The size of the decoder's own array. */
    int ownBytes() {
        return own ? buffer.length : 0;
    }

    /** Whether the bytes of the next read are to be appended with {@link #space}, because a command is unfinished. */
    public boolean hasPending() {
        return own;
    }

    /** Reads from an array of the owner's, which must stay as it is until {@link #keep}. */
    public void lend(byte[] array, int offset, int length) {
        buffer = array;
        position = offset;
        limit = offset + length;
        own = false;
    }

    /**
     * Makes room for {@code more} bytes in the decoder's own array; they are then put at {@link #end()}.
     *
     * @return null where the heap has no room for an array that long; {@link #skip} is the way out
     */
    public byte @Nullable [] space(int more) {
        if (buffer.length - limit < more) {
            int start = unfinishedStart();
            int used = limit - start;
            if (buffer.length - used < more || !own) {
                long length = wanted(start, used, more);
                if (!HeapRoom.has(length)) {
                    return null;
                }
                move(allocate(length), start, used);
                settle();
            } else {
                move(buffer, start, used);
            }
        }
        return buffer;
    }

    /**
     * How long the array is to become: twice as long, but for a word that is longer than it, no longer than that wants. What has come would
     * be copied each time, so once there is much of such a word the array is made a megabyte long at once.
     */
    private long wanted(int start, int used, int more) {
        long grown = buffer.length * 2L;
        if (wordBytes > buffer.length) {
            long enough = used >= MUCH_BYTES ? Math.max(grown, LONG_WORD_BYTES) : grown;
            grown = Math.min(enough, position - start + wordBytes + 2L);
        }
        return Math.max((long) used + more, Math.min(grown, MAX_OWN_BYTES));
    }

    private byte[] allocate(long length) {
        if (length > MAX_OWN_BYTES) {
            throw new MemoryRefusedException();
        }
        charge(length);
        return new byte[(int) length];
    }

    private void charge(long bytes) {
        account.take(bytes);
        charged += bytes;
    }

    /** Gives back what is no longer used. */
    private void settle() {
        Args words = unfinished;
        long used = (own ? buffer.length : 0) + (words == null ? 0 : words.spareBytes());
        if (charged > used) {
            account.give(charged - used);
            charged = used;
        }
    }

    /**
     * Gives up an unfinished command because there is no memory for it: what has come of it is let go, and what is still to come is
     * thrown away. {@link #next} then returns a command without words in its place.
     *
     * @return false where no command is unfinished, or one that is being thrown away already
     */
    public boolean skip() {
        if (unfinished == null || skipping) {
            return false;
        }
        unfinished = new Args();
        skipping = true;
        int come = limit - position;
        if (wordBytes >= 0) {
            skippedBytes = wordBytes + 2L - come;
            wordBytes = -1;
            come = 0;
        }
        buffer = come == 0 ? NOTHING : Arrays.copyOfRange(buffer, position, limit);
        own = come > 0;
        position = 0;
        limit = come;
        settle();
        return true;
    }

    /** Lets everything go; nothing will be read any more. */
    public void close() {
        rewind(0);
        limit = 0;
        buffer = NOTHING;
        own = false;
        settle();
    }

    public int end() {
        return limit;
    }

    /** Says that {@code length} bytes have been put at {@link #end()}. */
    public void appended(int length) {
        limit += length;
    }

    /** Ends a read: what is left of the lent array is copied, and an array that is used up is let go. */
    public void keep() {
        int start = unfinishedStart();
        int used = limit - start;
        if (used == 0) {
            buffer = NOTHING;
            position = 0;
            limit = 0;
            own = false;
        } else if (!own) {
            move(allocate(Math.max(FIRST_OWN_BYTES, used + used / 2)), start, used);
        }
        if (charged > 0) {
            settle();
        }
    }

    private int unfinishedStart() {
        Args words = unfinished;
        return words != null && words.count() > 0 ? words.get(0).offset() : position;
    }

    private void move(byte[] target, int start, int used) {
        System.arraycopy(buffer, start, target, 0, used);
        if (unfinished != null) {
            unfinished.rebase(target, -start);
        }
        buffer = target;
        position -= start;
        limit = used;
        own = true;
    }

    /** Where the next command begins in the present array; for {@link #rewind}. */
    public int position() {
        return position;
    }

    /** Goes back to a position between two commands, so that those after it will be read again. */
    public void rewind(int position) {
        this.position = position;
        unfinished = null;
        wordsLeft = 0;
        wordBytes = -1;
        skipping = false;
        skippedBytes = 0;
    }

    /**
     * The next whole command, or null where more bytes are needed. A command without words is skipped.
     *
     * @param spare what to read the command into. An unfinished command keeps it until it is finished, so the caller must
     *     look with {@link #hasKept} whether it is still its own
     * @return {@code spare}, or what an unfinished command has kept earlier
     * @throws ProtocolException if the bytes cannot be a command; the message is Valkey's, without a code
     */
    public @Nullable Args next(Args spare) throws ProtocolException {
        Args args = unfinished;
        if (args == null) {
            args = spare;
            if (!begin(args)) {
                return null;
            }
            if (wordsLeft == 0) {
                return args;
            }
        }
        if (skipping ? skipWords() : words(args)) {
            unfinished = null;
            skipping = false;
            return args;
        }
        unfinished = args;
        return null;
    }

    public boolean hasKept(Args args) {
        return unfinished == args;
    }

    /** Reads the beginning of a command, or all of a line of words. Returns whether there is one. */
    private boolean begin(Args args) throws ProtocolException {
        while (position < limit) {
            args.clear();
            if (buffer[position] != '*') {
                int words = inline(args);
                if (words != 0) {
                    return words > 0;
                }
                continue;
            }
            long words = header("mbulk count", "multibulk");
            if (words == UNFINISHED) {
                return false;
            }
            if (words > MAX_WORDS || words < Integer.MIN_VALUE) {
                throw new ProtocolException("Protocol error: invalid multibulk length");
            }
            if (words > UNAUTHENTICATED_MAX_WORDS && !authenticated) {
                throw new ProtocolException("Protocol error: unauthenticated multibulk length");
            }
            if (words > 0) {
                wordsLeft = (int) words;
                return true;
            }
        }
        return false;
    }

    private static final long UNFINISHED = Long.MIN_VALUE;

    /** Reads the words that are left. Returns whether all are there. */
    private boolean words(Args args) throws ProtocolException {
        byte[] b = buffer;
        while (wordsLeft > 0) {
            if (wordBytes < 0) {
                if (position == limit) {
                    return false;
                }
                long length = wordLength();
                if (length == UNFINISHED) {
                    return false;
                }
                wordBytes = (int) length;
            }
            if (limit - position < wordBytes + 2L) {
                return false;
            }
            int end = position + wordBytes;
            if (b[end] != '\r' || b[end + 1] != '\n') {
                throw new ProtocolException(INVALID_LINE_END);
            }
            if (args.isFull()) {
                charge(args.growthBytes());
            }
            args.add(b, position, wordBytes);
            position = end + 2;
            wordBytes = -1;
            wordsLeft--;
        }
        return true;
    }

    private long wordLength() throws ProtocolException {
        if (buffer[position] != '$') {
            throw new ProtocolException("Protocol error: expected '$', got '" + (char) (buffer[position] & 0xFF) + "'");
        }
        long length = header("bulk count", "bulk");
        if (length == UNFINISHED) {
            return length;
        }
        if (length < 0 || length > maxBulkBytes) {
            throw new ProtocolException("Protocol error: invalid bulk length");
        }
        if (length > UNAUTHENTICATED_MAX_BULK_BYTES && !authenticated) {
            throw new ProtocolException("Protocol error: unauthenticated bulk length");
        }
        return length;
    }

    /** Throws away what has come of the words that are left. Returns whether that was all. */
    private boolean skipWords() throws ProtocolException {
        while (wordsLeft > 0) {
            if (skippedBytes == 0) {
                long length = position == limit ? UNFINISHED : wordLength();
                if (length == UNFINISHED) {
                    return false;
                }
                skippedBytes = length + 2;
            }
            int come = (int) Math.min(skippedBytes, limit - position);
            position += come;
            skippedBytes -= come;
            if (skippedBytes > 0) {
                return false;
            }
            wordsLeft--;
        }
        return true;
    }

    /** Reads a type byte, a number and a line end; {@link #UNFINISHED} where the line end is not there yet. */
    private long header(String what, String kind) throws ProtocolException {
        byte[] b = buffer;
        int i = position + 1;
        // Nearly every number has one to three digits and is followed at once by the line end.
        int value = 0;
        int end = Math.min(limit - 1, i + 4);
        while (i < end && b[i] >= '0' && b[i] <= '9') {
            value = value * 10 + b[i++] - '0';
        }
        if (i < end
                && i > position + 1
                && b[i] == '\r'
                && b[i + 1] == '\n'
                && (b[position + 1] != '0' || i == position + 2)) {
            position = i + 2;
            return value;
        }
        int lineEnd = indexOf((byte) '\r', position + 1);
        if (lineEnd < 0 || lineEnd + 1 >= limit) {
            if (limit - position > MAX_LINE_BYTES) {
                throw new ProtocolException("Protocol error: too big " + what + " string");
            }
            return UNFINISHED;
        }
        if (b[lineEnd + 1] != '\n') {
            throw new ProtocolException(INVALID_LINE_END);
        }
        int from = position + 1;
        int length = lineEnd - from;
        if (!Numbers.isLong(b, from, length)) {
            throw new ProtocolException("Protocol error: invalid " + kind + " length");
        }
        position = lineEnd + 2;
        return Math.max(Numbers.toLong(b, from, length), Long.MIN_VALUE + 1);
    }

    private int indexOf(byte wanted, int from) {
        for (int i = from; i < limit; i++) {
            if (buffer[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /** Reads a line of words. Returns how many there are, or -1 where the line has no end yet. */
    private int inline(Args args) throws ProtocolException {
        int newline = indexOf((byte) '\n', position);
        if (newline < 0) {
            if (limit - position > MAX_LINE_BYTES) {
                throw new ProtocolException("Protocol error: too big inline request");
            }
            return -1;
        }
        int end = newline > position && buffer[newline - 1] == '\r' ? newline - 1 : newline;
        byte[] line = Arrays.copyOfRange(buffer, position, end);
        position = newline + 1;
        if (!InlineWords.split(line, args)) {
            throw new ProtocolException("Protocol error: unbalanced quotes in request");
        }
        return args.count();
    }
}
