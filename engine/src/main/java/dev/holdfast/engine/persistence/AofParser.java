package dev.holdfast.engine.persistence;

import dev.holdfast.engine.protocol.Args;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads commands from an append-only file, through two buffers in turn that grow to the longest of them. The words are views
 * of a buffer. {@link #fill} goes on in the other one, so they are valid until the second fill after them.
 *
 * <pre>
 * *3 CR LF  $3 CR LF  SET CR LF  $1 CR LF  k CR LF  $1 CR LF  v CR LF     a command of three words
 * #TS:1718000000 CR LF                                                    an annotation: skipped
 * </pre>
 */
final class AofParser {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final int LONGEST_LINE = 1024;

    /** What {@link #next} has found. */
    enum Found {
        COMMAND,
        /** The command goes on behind what has been read, or there is none. */
        MORE,
        /** What stands here is no command. */
        ERROR,
        /** Zeros stand here: a piece of the file that never reached the disk, though what comes after it did. */
        HOLE
    }

    private final @Nullable DiskFile file;
    private final long fileSize;
    private byte[] buffer;

    /** What the buffer was before the last fill. */
    private byte[] other;

    /** Where the buffer begins in the file. */
    private long base;

    private int at;
    private int end;

    /** What a command that is not complete needs at least. */
    private long wanted;

    // The scan of a command.
    private int cursor;
    private long number;

    AofParser(DiskFile file, long from) throws IOException {
        this.file = file;
        this.fileSize = file.size();
        this.base = from;
        int length = Math.clamp(fileSize - from, 1, BUFFER_BYTES);
        this.buffer = new byte[length];
        this.other = new byte[length];
    }

    /** For commands that another parser has found. */
    AofParser() {
        this.file = null;
        this.fileSize = 0;
        this.buffer = new byte[0];
        this.other = buffer;
    }

    /** Reads a command that another parser has found: where it begins in the buffer of that one. */
    void read(byte[] bytes, int from, Args args) {
        buffer = bytes;
        at = from;
        end = bytes.length;
        if (next(args) != Found.COMMAND) {
            throw new IllegalStateException("no command at " + from);
        }
    }

    /** Where what has been read from the file lies until the next fill. */
    byte[] buffer() {
        return buffer;
    }

    /** Where the next command begins in the buffer. */
    int offset() {
        return at;
    }

    /** Where the next command begins in the file. */
    long position() {
        return base + at;
    }

    long fileSize() {
        return fileSize;
    }

    /** Whether nothing is left that has not been parsed. */
    boolean isAtEnd() {
        return position() >= fileSize;
    }

    /** Reads the next command, if all of it is in the buffer. */
    Found next(Args args) {
        cursor = at;
        Found line = Found.COMMAND;
        while (line == Found.COMMAND && cursor < end && buffer[cursor] == '#') {
            line = skipAnnotation();
        }
        if (line != Found.COMMAND) {
            return line;
        }
        Found found = header('*');
        if (found != Found.COMMAND) {
            return found;
        }
        long count = number;
        if (count < 1 || count > Integer.MAX_VALUE) {
            return Found.ERROR;
        }
        args.clear();
        for (int i = 0; i < count; i++) {
            found = header('$');
            if (found != Found.COMMAND) {
                return found;
            }
            if (number < 0) {
                return Found.ERROR;
            }
            if (cursor + number + 2 > end) {
                wanted = cursor + number + 2 - at;
                return Found.MORE;
            }
            int wordEnd = cursor + (int) number;
            if (buffer[wordEnd] != '\r' || buffer[wordEnd + 1] != '\n') {
                return errorAt(buffer[wordEnd] == '\r' ? wordEnd + 1 : wordEnd);
            }
            args.add(buffer, cursor, (int) number);
            cursor = wordEnd + 2;
        }
        at = cursor;
        return Found.COMMAND;
    }

    private Found errorAt(int place) {
        return buffer[place] == 0 ? Found.HOLE : Found.ERROR;
    }

    private Found skipAnnotation() {
        int i = cursor;
        while (i < end && buffer[i] != '\n') {
            i++;
        }
        if (i - cursor > LONGEST_LINE) {
            return Found.ERROR;
        }
        if (i == end) {
            wanted = end - at + 1L;
            return Found.MORE;
        }
        cursor = i + 1;
        at = cursor;
        return Found.COMMAND;
    }

    /** Reads a line with a number, which begins with {@code kind}. */
    private Found header(char kind) {
        if (cursor < end && buffer[cursor] != kind) {
            return errorAt(cursor);
        }
        int i = cursor + 1;
        long value = 0;
        boolean negative = i < end && buffer[i] == '-';
        if (negative) {
            i++;
        }
        while (i < end && buffer[i] >= '0' && buffer[i] <= '9') {
            value = value * 10 + (buffer[i++] - '0');
            if (value > Integer.MAX_VALUE) {
                return Found.ERROR;
            }
        }
        if (i < end && buffer[i] != '\r') {
            return errorAt(i);
        }
        if (i + 1 >= end) {
            wanted = end - at + 1L;
            return Found.MORE;
        }
        if (buffer[i + 1] != '\n') {
            return errorAt(i + 1);
        }
        number = negative ? -value : value;
        cursor = i + 2;
        return Found.COMMAND;
    }

    /**
     * Reads on behind what is left in the buffer.
     *
     * @return false at the end of the file, or where the file ends before the command that stands here
     */
    boolean fill() throws IOException {
        if (wanted > fileSize - position() && end - at >= fileSize - position()) {
            return false;
        }
        base += at;
        // A length that the file cannot hold is not believed.
        long needed = Math.min(wanted, fileSize - base);
        byte[] next = other;
        if (needed > next.length) {
            if (needed > Integer.MAX_VALUE - 8) {
                throw new AofException("a command of more than 2 GB at offset " + base);
            }
            next = new byte[(int) Math.min(Math.max(needed, next.length * 2L), Integer.MAX_VALUE - 8)];
        }
        System.arraycopy(buffer, at, next, 0, end - at);
        other = buffer;
        buffer = next;
        end -= at;
        at = 0;
        int read = file == null ? -1 : file.read(ByteBuffer.wrap(buffer, end, buffer.length - end));
        if (read <= 0) {
            return false;
        }
        end += read;
        return true;
    }
}
