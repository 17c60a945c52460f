package dev.holdfast.toolkit.cpe;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The regular files of a tar archive (POSIX ustar, with the long names of GNU and pax), one after another.
 *
 * <pre>
 * 0    100  name                       156  1    type: 0 or NUL a file, L a long name, x and g attributes
 * 124  12   size, octal, or binary     257  6    "ustar"
 *           with the first bit set     345  155  what stands before the name
 * 148  8    checksum
 * </pre>
 */
final class TarReader {
    static final int BLOCK = 512;

    private static final int NAME = 100;
    private static final int SIZE = 124;
    private static final int CHECKSUM = 148;
    private static final int TYPE = 156;
    private static final int PREFIX = 345;
    /** How long a name or the attributes of a file may be. */
    private static final int MAX_HEADER = 1 << 20;

    private final String archive;
    private final InputStream in;
    private final byte[] header = new byte[BLOCK];
    private long position;
    /** What is left of the present file, and of its padding. */
    private long left;

    private int padding;

    TarReader(String archive, InputStream in) {
        this.archive = archive;
        this.in = in;
    }

    /** Goes to the next file and returns its name, or null at the end. */
    @Nullable
    String next() throws IOException {
        String longName = null;
        while (true) {
            skip(left + padding);
            left = 0;
            padding = 0;
            if (!readHeader()) {
                return null;
            }
            long size = size();
            int type = header[TYPE];
            left = size;
            padding = (int) (-size & BLOCK - 1);
            switch (type) {
                case 'L' -> longName = text(attribute(size), 0, (int) size);
                case 'x' -> {
                    String path = path(attribute(size));
                    longName = path == null ? longName : path;
                }
                case '0', 0 -> {
                    String name = text(header, 0, NAME);
                    String prefix = text(header, PREFIX, BLOCK - PREFIX - 12);
                    return longName != null ? longName : prefix.isEmpty() ? name : prefix + "/" + name;
                }
                // Folders, links, and what is for the whole archive.
                default -> longName = null;
            }
        }
    }

    /** The content of the present file, up to its end. */
    InputStream content() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (left == 0 && length > 0) {
                    return -1;
                }
                int got = in.read(bytes, offset, (int) Math.min(length, left));
                if (got < 0) {
                    throw new EOFException("the archive ends within a file");
                }
                left -= got;
                position += got;
                return got;
            }
        };
    }

    private boolean readHeader() throws IOException {
        int got = in.readNBytes(header, 0, BLOCK);
        long at = position;
        position += got;
        if (got == 0) {
            return false;
        }
        if (got < BLOCK) {
            throw new EOFException("the archive ends within a header");
        }
        int sum = 0;
        boolean blank = true;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : header[i] & 0xFF;
            blank &= header[i] == 0;
        }
        if (blank) {
            return false;
        }
        if (sum != octal(CHECKSUM, 8)) {
            throw new MalformedFileException(archive, "no tar header at byte " + at);
        }
        return true;
    }

    private long size() throws IOException {
        long size;
        if ((header[SIZE] & 0x80) != 0) {
            size = header[SIZE] & 0x3F;
            for (int i = SIZE + 1; i < SIZE + 12; i++) {
                if (size >>> 55 != 0) {
                    throw new MalformedFileException(archive, "a file of more than 2^63 bytes");
                }
                size = size << 8 | header[i] & 0xFF;
            }
        } else {
            size = octal(SIZE, 12);
        }
        return size;
    }

    private long octal(int offset, int length) throws IOException {
        long number = 0;
        for (int i = offset; i < offset + length; i++) {
            int c = header[i];
            if (c >= '0' && c <= '7') {
                number = number << 3 | c - '0';
            } else if (c != ' ' && c != 0) {
                throw new MalformedFileException(
                        archive, "no number in the tar header at byte " + (position - BLOCK + i));
            }
        }
        return number;
    }

    private byte[] attribute(long size) throws IOException {
        if (size > MAX_HEADER) {
            throw new MalformedFileException(archive, "a name of " + size + " bytes");
        }
        byte[] content = in.readNBytes((int) size);
        if (content.length < size) {
            throw new EOFException("the archive ends within a name");
        }
        position += size;
        left = 0;
        return content;
    }

    /** The value of {@code path} among attributes, each of which is a line {@code length key=value}. */
    private static @Nullable String path(byte[] attributes) {
        for (String line : new String(attributes, StandardCharsets.UTF_8).split("\n")) {
            int blank = line.indexOf(' ');
            if (line.startsWith("path=", blank + 1)) {
                return line.substring(blank + 6);
            }
        }
        return null;
    }

    private static String text(byte[] bytes, int offset, int length) {
        int end = offset;
        while (end < offset + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, offset, end - offset, StandardCharsets.UTF_8);
    }

    private void skip(long count) throws IOException {
        in.skipNBytes(count);
        position += count;
    }
}
