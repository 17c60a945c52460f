package dev.holdfast.engine.journal;

import dev.holdfast.engine.base.Numbers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One of the two streams of the {@link ChangeLog}: commands in RESP, with a SELECT before one that runs in another database than the
 * one before it. Its monitor is held for copying the bytes, beneath the shards' locks.
 */
public final class ChangeStream {
    private static final byte[] MULTI = "*1\r\n$5\r\nMULTI\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EXEC = "*1\r\n$4\r\nEXEC\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SELECT = "*2\r\n$6\r\nSELECT\r\n$".getBytes(StandardCharsets.US_ASCII);
    private static final int UNKNOWN = -1;

    private volatile ChangeReader[] readers = {};
    private volatile long offset;
    private int database = UNKNOWN;
    private final byte[] head = new byte[MULTI.length + SELECT.length + 2 * Numbers.MAX_DIGITS];

    ChangeStream() {}

    ChangeReader[] readers() {
        return readers;
    }

    /** Whether there is a reader. */
    public boolean isOn() {
        return readers.length > 0;
    }

    /** How many bytes have been appended, counted from where the stream has begun. */
    public long offset() {
        return offset;
    }

    /** Lets the stream go on at another offset, which another server has given it. */
    public synchronized void moveTo(long newOffset) {
        offset = newOffset;
        database = UNKNOWN;
    }

    synchronized void subscribe(ChangeReader reader) {
        ChangeReader[] more = Arrays.copyOf(readers, readers.length + 1);
        more[readers.length] = reader;
        readers = more;
        database = UNKNOWN;
    }

    synchronized void unsubscribe(ChangeReader reader) {
        readers = Arrays.stream(readers).filter(other -> other != reader).toArray(ChangeReader[]::new);
    }

    /** Lets the next change begin with a SELECT, whatever came before; for a reader that begins here. */
    public synchronized void forgetDatabase() {
        database = UNKNOWN;
    }

    /** The database that was selected last, or -1. */
    public synchronized int database() {
        return database;
    }

    /**
     * Appends a change. Its shards are locked.
     *
     * @param atomic whether several commands are to be wrapped in MULTI and EXEC
     * @return the offset behind it
     */
    synchronized long append(ChangeUnit unit, boolean atomic) {
        if (unit.commands() == 0) {
            return offset;
        }
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

    /** Appends bytes as they are: what another server has sent, or what is no change of any database. Returns the offset behind them. */
    public synchronized long append(byte[] bytes, int from, int length) {
        for (ChangeReader reader : readers) {
            reader.append(bytes, from, length, true);
        }
        long end = offset + length;
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
