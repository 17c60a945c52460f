package dev.holdfast.toolkit.cpe;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;

/**
 * Reads a file of CPE names, whose format its content tells: gzip, zip and tar are opened, in one another too; what begins with a brace
 * or bracket is JSON, what begins with {@code <} is the XML dictionary, and all else is a table of vendors and products. It is read
 * once, from beginning to end, and memory does not grow with its size.
 */
final class CpeFile {
    /** How deep archives may lie in one another. */
    private static final int MAX_DEPTH = 4;
    /** How much archives may hold, unpacked, in bytes. */
    private static final long MAX_UNPACKED = 1L << 38;

    private static final int LOOK_AHEAD = 1024;
    private static final int TAR_MAGIC = 257;
    private static final int BUFFER = 1 << 16;

    private final Names names;
    private long unpacked;

    private CpeFile(Names names) {
        this.names = names;
    }

    /**
     * Reads a file.
     *
     * @param name what messages call it
     * @throws MalformedFileException if it is damaged or of none of the formats
     */
    static void read(String name, InputStream in, Names names) throws IOException {
        new CpeFile(names).read(name, in, 0);
    }

    private void read(String name, InputStream raw, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new MalformedFileException(name, "archives lie deeper than " + MAX_DEPTH + " in one another");
        }
        BufferedInputStream in = new BufferedInputStream(raw, BUFFER);
        in.mark(LOOK_AHEAD);
        byte[] head = in.readNBytes(LOOK_AHEAD);
        in.reset();
        try {
            if (begins(head, 0x1F, 0x8B)) {
                read(name, new Counted(new GZIPInputStream(in, BUFFER)), depth + 1);
            } else if (begins(head, 'P', 'K', 3, 4) || begins(head, 'P', 'K', 5, 6)) {
                readZip(name, in, depth);
            } else if (isTar(head)) {
                readTar(name, in, depth);
            } else {
                readText(name, in, head);
            }
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(name, "is not UTF-8", e);
        } catch (EOFException | ZipException e) {
            throw new MalformedFileException(name, "the archive is damaged or cut off: " + e.getMessage(), e);
        }
    }

    private void readText(String name, InputStream in, byte[] head) throws IOException {
        int start = begins(head, 0xEF, 0xBB, 0xBF) ? 3 : 0;
        in.skipNBytes(start);
        int i = start;
        while (i < head.length && Character.isWhitespace(head[i])) {
            i++;
        }
        if (i == head.length) {
            if (head.length == LOOK_AHEAD) {
                throw new MalformedFileException(name, "begins with " + LOOK_AHEAD + " blanks");
            }
            return;
        }
        switch (head[i]) {
            case '{', '[' -> JsonNames.read(name, in, names);
            case '<' -> XmlNames.read(name, in, names);
            default -> {
                for (byte b : head) {
                    if (b == 0) {
                        throw new MalformedFileException(
                                name, "is neither JSON, XML nor a table, nor an archive of those");
                    }
                }
                TableNames.read(name, in, names);
            }
        }
    }

    private void readZip(String name, InputStream in, int depth) throws IOException {
        // Not closed: that is for who opened the file.
        ZipInputStream zip = new ZipInputStream(in, StandardCharsets.UTF_8);
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            if (!entry.isDirectory()) {
                read(name + "!" + entry.getName(), new Counted(zip), depth + 1);
            }
        }
    }

    private void readTar(String name, InputStream in, int depth) throws IOException {
        TarReader tar = new TarReader(name, in);
        for (String member = tar.next(); member != null; member = tar.next()) {
            read(name + "!" + member, new Counted(tar.content()), depth + 1);
        }
    }

    private static boolean begins(byte[] head, int... magic) {
        if (head.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((head[i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isTar(byte[] head) {
        return head.length >= TarReader.BLOCK
                && new String(head, TAR_MAGIC, 5, StandardCharsets.ISO_8859_1).equals("ustar");
    }

    /** What is unpacked, which counts; who reads it does not close it. */
    private final class Counted extends FilterInputStream {
        Counted(InputStream in) {
            super(in);
        }

        private void count(long bytes) throws IOException {
            unpacked += Math.max(0, bytes);
            if (unpacked > MAX_UNPACKED) {
                throw new IOException("the archive holds more than " + (MAX_UNPACKED >> 30) + " GiB");
            }
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count(b < 0 ? 0 : 1);
            return b;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int got = super.read(bytes, offset, length);
            count(got);
            return got;
        }

        @Override
        public void close() {}
    }
}
