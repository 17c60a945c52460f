package dev.holdfast.engine.journal;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Text;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one step of the store changes, as the commands that repeat it: a command by itself, or all those of a transaction or a
 * script. They are encoded as they happen, outside the log's lock, and handed to the {@link ChangeLog} together.
 *
 * <p>Each call has one unit, used again and again. A rewrite of the append-only file encodes its commands in one too.
 *
 * <p>Nearly always both streams of the log get the same. As soon as a command is for one of them alone, the unit divides: {@link
 * #forReplicas} then has what replicas get, and the unit itself what the append-only file gets.
 */
public final class ChangeUnit {
    /** Where a command is sent. */
    public enum Target {
        ALL(true, true),
        LOG(true, false),
        REPLICAS(false, true),
        NONE(false, false);

        private final boolean log;
        private final boolean replicas;

        Target(boolean log, boolean replicas) {
            this.log = log;
            this.replicas = replicas;
        }

        public static Target of(boolean log, boolean replicas) {
            return log ? replicas ? ALL : LOG : replicas ? REPLICAS : NONE;
        }
    }

    private static final int KEEP_BYTES = 64 * 1024;
    private static final byte[] SELECT = "SELECT".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes = new byte[128];
    private int size;
    private int commands;
    private int firstDatabase;
    private int lastDatabase;

    /** What replicas get, where that is something else. */
    private @Nullable ChangeUnit replicas;

    /** Whether there is no command for any reader. */
    public boolean isEmpty() {
        return commands == 0 && replicas == null;
    }

    /** What replicas get. */
    ChangeUnit forReplicas() {
        return replicas == null ? this : replicas;
    }

    public byte[] bytes() {
        return bytes;
    }

    public int size() {
        return size;
    }

    int commands() {
        return commands;
    }

    /** The database in which the first command is to run; a SELECT stands before each later one that runs in another. */
    public int firstDatabase() {
        return firstDatabase;
    }

    int lastDatabase() {
        return lastDatabase;
    }

    public void clear() {
        if (bytes.length > KEEP_BYTES) {
            bytes = new byte[KEEP_BYTES];
        }
        size = 0;
        commands = 0;
        replicas = null;
    }

    /** Adds a command by its own words, for some. */
    public void add(Target target, int database, Args args) {
        divide(target);
        if (target.log) {
            add(database, args);
        }
        if (replicas != null && target.replicas) {
            replicas.add(database, args);
        }
    }

    /** Adds a command, for some. Its words are strings, byte arrays, slices or integers. */
    public void add(Target target, int database, Object... words) {
        divide(target);
        if (target.log) {
            add(database, words);
        }
        if (replicas != null && target.replicas) {
            replicas.add(database, words);
        }
    }

    private void divide(Target target) {
        if (replicas == null && target.log != target.replicas) {
            ChangeUnit copy = new ChangeUnit();
            copy.bytes = bytes.clone();
            copy.size = size;
            copy.commands = commands;
            copy.firstDatabase = firstDatabase;
            copy.lastDatabase = lastDatabase;
            replicas = copy;
        }
    }

    /** Adds a command by its own words. */
    public void add(int database, Args args) {
        int count = args.count();
        begin(database, count);
        for (int i = 0; i < count; i++) {
            Slice word = args.get(i);
            word(word.array(), word.offset(), word.length());
        }
    }

    /** Adds a command. Its words are strings, byte arrays, slices or integers. */
    public void add(int database, Object... words) {
        begin(database, words.length);
        for (Object word : words) {
            switch (word) {
                case Slice slice -> word(slice.array(), slice.offset(), slice.length());
                case byte[] array -> word(array, 0, array.length);
                case Long number -> number(number);
                case Integer number -> number(number);
                case String text -> {
                    byte[] array = Text.encode(text);
                    word(array, 0, array.length);
                }
                default -> throw new IllegalArgumentException("no word of a command: " + word.getClass());
            }
        }
    }

    /** Begins a command of so many words, which must follow. */
    public void begin(int database, int words) {
        if (commands == 0) {
            firstDatabase = database;
        } else if (database != lastDatabase) {
            size = select(database);
        }
        lastDatabase = database;
        commands++;
        head('*', words);
    }

    private int select(int database) {
        head('*', 2);
        word(SELECT, 0, SELECT.length);
        number(database);
        return size;
    }

    /** Adds a word to the command that has been begun. */
    public void word(byte[] array, int offset, int length) {
        ensure((long) length + 2 * Numbers.MAX_DIGITS);
        head('$', length);
        System.arraycopy(array, offset, bytes, size, length);
        size += length;
        endLine();
    }

    /** Adds an integer to the command that has been begun. */
    public void number(long value) {
        ensure(3 * Numbers.MAX_DIGITS);
        head('$', Numbers.digits(value));
        size = Numbers.write(value, bytes, size);
        endLine();
    }

    private void head(char kind, int number) {
        ensure(2 * Numbers.MAX_DIGITS);
        bytes[size++] = (byte) kind;
        if (number < 10) {
            bytes[size++] = (byte) ('0' + number);
        } else {
            size = Numbers.write(number, bytes, size);
        }
        endLine();
    }

    private void endLine() {
        bytes[size] = '\r';
        bytes[size + 1] = '\n';
        size += 2;
    }

    private void ensure(long more) {
        if (size + more > bytes.length) {
            long wanted = Math.max(size + more, bytes.length * 2L);
            if (size + more > Integer.MAX_VALUE - 8) {
                throw new OutOfMemoryError("a change of more than 2 GB");
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
        }
    }
}
