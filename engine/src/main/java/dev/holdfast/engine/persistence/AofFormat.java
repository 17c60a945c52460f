package dev.holdfast.engine.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What tells the formats of an append-only file's parts apart. */
final class AofFormat {
    private static final int MAGIC_BYTES = 6;

    private AofFormat() {}

    /** Whether a file begins with an RDB. */
    static boolean isRdb(Disk disk, Path path) throws IOException {
        ByteBuffer magic = ByteBuffer.allocate(MAGIC_BYTES);
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            while (magic.hasRemaining() && file.read(magic) > 0) {
                // Reads are short as they like.
            }
        }
        String text = new String(magic.array(), 0, magic.position(), StandardCharsets.US_ASCII);
        return text.equals("REDIS0") || text.equals("VALKEY");
    }

    /** Moves the place of reading on. */
    static void skip(DiskFile file, long bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
        long left = bytes;
        while (left > 0) {
            buffer.clear().limit((int) Math.min(left, buffer.capacity()));
            int read = file.read(buffer);
            if (read <= 0) {
                return;
            }
            left -= read;
        }
    }
}
