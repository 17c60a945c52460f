package dev.holdfast.engine.journal;

import dev.holdfast.engine.base.Numbers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The changes of the store in their order, as the commands that repeat them. The append-only file and replicas read it; without
 * readers it costs a look at one field.
 *
 * <p><b>Order.</b> A command is appended while the shards of its keys are locked. So commands that touch the same key stand in
 * the order in which they ran; of commands that have nothing in common either may come first, which makes no difference to
 * anybody. Beneath the shards' locks the log has one of its own, held for copying the bytes.
 *
 * <p><b>What is appended</b> is not always what was asked for. Run again, later, elsewhere, it must do the same: SPOP is told as
 * SREM of what was popped, EXPIRE as PEXPIREAT, BLPOP as the LPOP that it came to; a key that expires, as UNLINK. The handlers
 * say so with {@code Call.propagateAs}. What belongs together, because it ran as one step, stands between MULTI and EXEC.
 *
 * <p><b>Answers wait.</b> Whoever sends replies first looks at {@link #isPending} and lets the readers {@link #commit}: so nobody
 * sees a change, his own or another's, before the append-only file has it. One commit serves all who gathered meanwhile.
 *
 * <p><b>SELECT</b> comes before a command that runs in another database than the one before it.
 */
public final class ChangeLog {
    private static final byte[] MULTI = "*1\r\n$5\r\nMULTI\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EXEC = "*1\r\n$4\r\nEXEC\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SELECT = "*2\r\n$6\r\nSELECT\r\n$".getBytes(StandardCharsets.US_ASCII);
    private static final int UNKNOWN = -1;

    private volatile ChangeReader[] readers = {};
    private volatile long offset;
    private volatile long committed;
    private int database = UNKNOWN;
    private final byte[] head = new byte[MULTI.length + SELECT.length + 2 * Numbers.MAX_DIGITS];

    /** Whether anybody reads. */
    public boolean isOn() {
        return readers.length > 0;
    }

    /** How many bytes have been appended since the store was opened. */
    public long offset() {
        return offset;
    }

    /** Whether something has been appended that readers have not secured: replies are to wait for {@link #commit}. */
    public boolean isPending() {
        return offset != committed;
    }

    /** Lets the readers secure what has been appended until now. The caller holds no lock of the store. */
    public void commit() {
        long upTo = offset;
        for (ChangeReader reader : readers) {
            reader.commit();
        }
        synchronized (this) {
            committed = Math.max(committed, upTo);
        }
    }

    /** As {@link #commit}, for a caller in this JVM: only where a reader cannot wait until it does so by itself. */
    public void commitIfUrgent() {
        if (isPending()) {
            for (ChangeReader reader : readers) {
                if (reader.urgesCallers()) {
                    commit();
                    return;
                }
            }
        }
    }

    /** Adds a reader. The caller holds all shards, so that the reader misses nothing that comes after what it has. */
    public synchronized void subscribe(ChangeReader reader) {
        ChangeReader[] more = Arrays.copyOf(readers, readers.length + 1);
        more[readers.length] = reader;
        readers = more;
        database = UNKNOWN;
    }

    public synchronized void unsubscribe(ChangeReader reader) {
        readers = Arrays.stream(readers).filter(other -> other != reader).toArray(ChangeReader[]::new);
    }

    /** Lets the next change begin with a SELECT, whatever came before; for a reader that begins a new file. */
    public synchronized void forgetDatabase() {
        database = UNKNOWN;
    }

    /**
     * Appends a change. Its shards are locked.
     *
     * @param atomic whether several commands are to be wrapped in MULTI and EXEC
     * @return the offset behind it
     */
    public synchronized long append(ChangeUnit unit, boolean atomic) {
        boolean wrap = atomic && unit.commands() > 1;
        int headSize = 0;
        if (wrap) {
            System.arraycopy(MULTI, 0, head, 0, MULTI.length);
            headSize = MULTI.length;
        }
        if (unit.firstDatabase() != database) {
            headSize = select(unit.firstDatabase(), headSize);
        }
        database = unit.lastDatabase();
        for (ChangeReader reader : readers) {
            if (headSize > 0) {
                reader.append(head, 0, headSize, true);
            }
            reader.append(unit.bytes(), 0, unit.size(), headSize == 0);
            if (wrap) {
                reader.append(EXEC, 0, EXEC.length, false);
            }
        }
        long end = offset + headSize + unit.size() + (wrap ? EXEC.length : 0);
        offset = end;
        return end;
    }

    private int select(int number, int at) {
        System.arraycopy(SELECT, 0, head, at, SELECT.length);
        int position = Numbers.write(Numbers.digits(number), head, at + SELECT.length);
        position = endLine(position);
        return endLine(Numbers.write(number, head, position));
    }

    private int endLine(int position) {
        head[position] = '\r';
        head[position + 1] = '\n';
        return position + 2;
    }
}
