package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.SpareArrays;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds commands in a stream of bytes: arrays of bulk strings, or lines of words as a person types them.
 *
 * <p>The bytes lie in an array that the owner lends for one read ({@link #lend}); only what is left of an unfinished command is
 * copied into an array of the decoder's own ({@link #keep}), which grows with what arrives, not with what is
 * announced. The words of a command that {@link #next} has found are views of that array, valid until the next call.
 *
 * <p>A long word that comes in several reads gathers in an array that is its alone and in the end hardly longer. That array is
 * given with the word ({@link dev.holdfast.engine.base.Slice#takeArray}), so that what is stored has been copied once. For that, no
 * read may go beyond such a word: the owner hands over no more than {@link #most} bytes at once.
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
    private static final int LEAST_LONG_BYTES = 1 << 20;
    private static final int MAX_OWN_BYTES = Integer.MAX_VALUE - 64;
    private static final String INVALID_LINE_END = "Protocol error: invalid CRLF in request";
    private static final byte[] NOTHING = new byte[0];

    private final Account account;
    private final SpareArrays spares;

    /** What the account has been told: the decoder's own array, and the long or many words of an unfinished command. */
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

    /** The long word being read, or null. */
    private byte @Nullable [] longWord;

    /** How much of it has come. */
    private int longEnd;

    /** What the long words take that the unfinished command has already. */
    private long longBytes;

    /** Whether the command being read is thrown away, word by word. */
    private boolean skipping;

    /** Of a word that is thrown away, how many bytes are still to come, its line end included. */
    private long skippedBytes;

    private long maxBulkBytes = 512L * 1024 * 1024;
    private boolean authenticated = true;

    public RequestDecoder() {
        this(Account.UNLIMITED, new SpareArrays(MUCH_BYTES));
    }

    /**
     * @param account is asked before memory is taken for an unfinished command
     * @param spares arrays for long words
     */
    public RequestDecoder(Account account, SpareArrays spares) {
        this.account = account;
        this.spares = spares;
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
        return limit - position + longEnd;
    }

    /** The size of the decoder's own array. */
    int ownBytes() {
        return own ? buffer.length : 0;
    }

    /** Whether the bytes of the next read are to be appended with {@link #space}, because a command is unfinished. */
    public boolean hasPending() {
        return own || isLongOpen();
    }

    /** Whether a long word is not complete. */
    private boolean isLongOpen() {
        return longWord != null && longEnd < wordBytes;
    }

    /** How many bytes may be handed over at once; so many until the word that is being read ends, if that is a long one. */
    public int most() {
        if (longWord == null) {
            return Integer.MAX_VALUE;
        }
        return isLongOpen() ? wordBytes - longEnd : 2 - (limit - position);
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
     * @param more {@link #most} or less
     * @return null where the heap has no room for an array that long; {@link #skip} is the way out
     */
    public byte @Nullable [] space(int more) {
        byte[] word = longWord;
        if (word != null && longEnd < wordBytes) {
            return word.length - longEnd < more ? grow(word, more) : word;
        }
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

    /** How long the array is to become: twice as long, but for a word that is longer than it, no longer than that wants. */
    private long wanted(int start, int used, int more) {
        long grown = buffer.length * 2L;
        if (wordBytes > buffer.length) {
            grown = Math.min(grown, position - start + wordBytes + 2L);
        }
        return Math.max((long) used + more, Math.min(grown, MAX_OWN_BYTES));
    }

    /** Makes the array of a long word twice as long, but no longer than the word. */
    private byte @Nullable [] grow(byte[] word, int more) {
        long length = Math.min(wordBytes, Math.max((long) longEnd + more, word.length * 2L));
        if (!HeapRoom.has(length)) {
            return null;
        }
        byte[] grown = allocate(length);
        System.arraycopy(word, 0, grown, 0, longEnd);
        longWord = grown;
        settle();
        return grown;
    }

    /**
     * Gives the word that is being read an array of its own, if it is a long one of which much has come. What has come is copied each time
     * that the array grows, so that is made a megabyte long at once. Where there is no memory for it, the word stays where it is.
     */
    private void beginLong() {
        int come = limit - position;
        if (come < MUCH_BYTES || come > wordBytes || longWord != null || skipping) {
            return;
        }
        try {
            byte[] word = longArray(come);
            if (word != null) {
                System.arraycopy(buffer, position, word, 0, come);
                longWord = word;
                longEnd = come;
                limit = position;
            }
        } catch (OutOfMemoryError e) {
            settle();
        }
    }

    private byte @Nullable [] longArray(int come) {
        byte[] spare = spares.take(wordBytes);
        if (spare != null) {
            charge(spare.length);
            return spare;
        }
        long length = Math.min(wordBytes, Math.max(2L * come, LEAST_LONG_BYTES));
        return HeapRoom.has(length) ? allocate(length) : null;
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
        byte[] word = longWord;
        long used = (own ? buffer.length : 0)
                + (word == null ? 0 : word.length)
                + (words == null ? 0 : words.spareBytes() + longBytes);
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
            skippedBytes = wordBytes + 2L - come - longEnd;
            wordBytes = -1;
            longWord = null;
            longEnd = 0;
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
        return isLongOpen() ? longEnd : limit;
    }

    /** Says that {@code length} bytes have been put at {@link #end()}. */
    public void appended(int length) {
        if (isLongOpen()) {
            longEnd += length;
        } else {
            limit += length;
        }
    }

    /** Ends a read: what is left of the lent array is copied, and an array that is used up is let go. */
    public void keep() {
        if (wordBytes >= MUCH_BYTES) {
            beginLong();
        }
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
        return words == null ? position : words.startIn(buffer, position);
    }

    private void move(byte[] target, int start, int used) {
        System.arraycopy(buffer, start, target, 0, used);
        if (unfinished != null) {
            unfinished.rebase(buffer, target, -start);
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
        longWord = null;
        longEnd = 0;
        longBytes = 0;
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
            longBytes = 0;
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
            // Of a long word only the line end is here.
            int here = wordBytes - longEnd;
            if (limit - position < here + 2L) {
                return false;
            }
            int end = position + here;
            if (b[end] != '\r' || b[end + 1] != '\n') {
                throw new ProtocolException(INVALID_LINE_END);
            }
            if (args.isFull()) {
                charge(args.growthBytes());
            }
            byte[] word = longWord;
            if (word == null) {
                args.add(b, position, wordBytes);
            } else {
                args.give(word, wordBytes);
                longBytes += word.length;
                longWord = null;
                longEnd = 0;
            }
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
