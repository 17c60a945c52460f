package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.AofManifest.Part;
import dev.holdfast.engine.protocol.Args;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Examines append-only files without a server: one file, or all that a manifest names. It can cut off an end that is not whole, of
 * the last file only; what is wrong in the middle it shows and leaves.
 */
public final class AofCheck {
    private static final int SHARD_BITS = 5;
    private static final int REPORT_BYTES = 64 << 20;

    private final Disk disk;
    private final boolean fix;
    private final Consumer<String> out;

    private AofCheck(Disk disk, boolean fix, Consumer<String> out) {
        this.disk = disk;
        this.fix = fix;
        this.out = out;
    }

    /** Whether a file is a manifest, by its first line. */
    public static boolean isManifest(Disk disk, Path file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(5);
        try (DiskFile open = disk.open(file, Disk.Mode.READ)) {
            while (start.hasRemaining() && open.read(start) > 0) {
                // Reads are short as they like.
            }
        }
        return new String(start.array(), java.nio.charset.StandardCharsets.US_ASCII).equals("file ");
    }

    /**
     * Examines a file.
     *
     * @param file a manifest, or one append-only file
     * @param fix whether to cut off an end that is not whole
     * @param out takes lines for the user
     * @return whether everything is well, perhaps because it has been made so
     */
    public static boolean check(Disk disk, Path file, boolean fix, Consumer<String> out) throws IOException {
        AofCheck check = new AofCheck(disk, fix, out);
        return isManifest(disk, file) ? check.manifest(file) : check.single(file);
    }

    private boolean single(Path file) throws IOException {
        out.accept("Start checking Old-Style AOF");
        boolean valid = file("AOF", file, true);
        if (valid) {
            out.accept("AOF " + file + " is valid");
        }
        return valid;
    }

    private boolean manifest(Path path) throws IOException {
        out.accept("Start checking Multi Part AOF");
        AofManifest manifest;
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
            while (bytes.hasRemaining() && file.read(bytes) > 0) {
                // Reads are short as they like.
            }
            manifest = AofManifest.parse(bytes.array());
        }
        Path directory = Objects.requireNonNull(path.toAbsolutePath().getParent());
        List<Part> parts = manifest.parts();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            Path file = directory.resolve(part.name());
            String kind = part == manifest.base() ? "BASE AOF" : "INCR AOF";
            if (!disk.exists(file)) {
                out.accept(kind + " " + file + " is missing");
                return false;
            }
            out.accept("Start to check " + kind + " (" + (AofFormat.isRdb(disk, file) ? "RDB" : "RESP") + " format)");
            if (!file(kind, file, i == parts.size() - 1)) {
                return false;
            }
            out.accept(kind + " " + file + " is valid");
        }
        out.accept("All AOF files and manifest are valid");
        return true;
    }

    private boolean file(String kind, Path path, boolean last) throws IOException {
        long size;
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            size = file.size();
        }
        if (size == 0) {
            return true;
        }
        long from = 0;
        if (AofFormat.isRdb(disk, path)) {
            try {
                from = rdb(path);
            } catch (IOException e) {
                out.accept(kind + " " + path + ": the RDB is damaged: " + Reason.of(e));
                return false;
            }
            out.accept(
                    "RDB looks OK, " + (size > from ? "proceeding with the commands behind it" : "nothing follows it"));
        }
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            AofFormat.skip(file, from);
            return commands(kind, path, new AofParser(file, from), from, last);
        }
    }

    /** Decodes all of an RDB; returns the position behind it. */
    private long rdb(Path path) throws IOException {
        Config config = new Config();
        Keyspace scratch = new Keyspace(SHARD_BITS, config.databases.getInt());
        RdbReader.Options options = new RdbReader.Options(true, false, false, () -> {});
        Loading loading = new Loading(Clock.SYSTEM);
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            return new RdbReader(scratch, config, options, loading, code -> {}, Clock.SYSTEM.millis())
                    .load(file, file.size(), 0);
        }
    }

    private boolean commands(String kind, Path path, AofParser parser, long from, boolean last) throws IOException {
        Args args = new Args();
        long validUpTo = from;
        long count = 0;
        long nextReport = REPORT_BYTES;
        boolean inTransaction = false;
        String problem = "";
        while (problem.isEmpty()) {
            AofParser.Found found = parser.next(args);
            switch (found) {
                case COMMAND -> {
                    count++;
                    if (args.get(0).isWord("MULTI") && inTransaction) {
                        problem = "Unexpected MULTI";
                    } else if (args.get(0).isWord("EXEC") && !inTransaction) {
                        problem = "Unexpected EXEC";
                    } else if (args.get(0).isWord("MULTI")) {
                        inTransaction = true;
                    } else if (args.get(0).isWord("EXEC")) {
                        inTransaction = false;
                    }
                    if (!inTransaction && problem.isEmpty()) {
                        validUpTo = parser.position();
                    }
                }
                case ERROR -> problem = "No command begins here";
                case HOLE -> problem = "Zeros, as after a failure of power";
                case MORE -> {
                    if (!parser.fill()) {
                        if (parser.isAtEnd() && !inTransaction) {
                            out.accept(path + ": " + count + " commands, " + parser.fileSize() + " bytes");
                            return true;
                        }
                        problem = inTransaction ? "Reached EOF before reading EXEC for MULTI" : "Unexpected EOF";
                    } else if (parser.position() >= nextReport) {
                        out.accept(path + ": " + parser.position() * 100 / parser.fileSize() + "% checked");
                        nextReport = parser.position() + REPORT_BYTES;
                    }
                }
            }
        }
        out.accept("0x%x: %s".formatted(parser.position(), problem));
        out.accept("AOF analyzed: filename=%s, size=%d, ok_up_to=%d, diff=%d"
                .formatted(path, parser.fileSize(), validUpTo, parser.fileSize() - validUpTo));
        return repair(kind, path, validUpTo, parser.fileSize(), last);
    }

    private boolean repair(String kind, Path path, long validUpTo, long size, boolean last) throws IOException {
        if (!fix) {
            out.accept(kind + " " + path + " is not valid. Use the --fix option to try fixing it.");
            return false;
        }
        if (!last) {
            out.accept("Failed to truncate " + kind + " " + path + " because it is not the last file");
            return false;
        }
        out.accept("This will shrink the AOF %s from %d bytes, with %d bytes, to %d bytes"
                .formatted(path, size, size - validUpTo, validUpTo));
        try (DiskFile file = disk.open(path, Disk.Mode.APPEND)) {
            file.truncate(validUpTo);
            file.sync();
        }
        out.accept("Successfully truncated AOF " + path);
        return true;
    }
}
