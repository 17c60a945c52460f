package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.NoLink;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.persistence.AofManifest.Kind;
import dev.holdfast.engine.persistence.AofManifest.Part;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads an append-only file: the base, then each increment, by running their commands again.
 *
 * <p>The commands run for clients of their own, for which nothing has expired and whose changes are not reported. Those with one key
 * run on several threads, see {@link ReplayLanes}, while the next stretch of the file is read and parsed, until one comes that has
 * to run by itself: one with several keys, a SELECT, a transaction.
 *
 * <p>The last file may end in the middle of a command or of a transaction: that is what a failure of power or a full disk leaves
 * behind. It may also have a hole of zeros, where the disk had written later bytes before earlier ones; what comes after a hole
 * was never synced. With {@code aof-load-truncated} the rest is cut off. An earlier file must be whole, unless nothing was written after
 * it.
 */
final class AofLoader {
    private static final Logger LOG = LoggerFactory.getLogger(AofLoader.class);
    private static final int REPLY_BYTES = 1024;
    private static final String ADVICE =
            "make a backup of your AOF file, then use holdfast check --fix <filename.manifest>";

    private final Engine engine;
    private final AofDirectory directory;
    private final Consumer<byte[]> functions;
    private final boolean alone;
    private final Loading loading;

    /** The bytes of the files that have been loaded. */
    private long loaded;

    private final Client client;
    private final RespReply reply = new RespReply(REPLY_BYTES);

    /** What can be kept of the present file: the end of the last whole command outside a transaction. */
    private long validUpTo;

    /**
     * @param functions takes the code of each library of functions in a base
     * @param alone whether the caller holds all shards
     * @param loading learns how far it has come
     */
    AofLoader(Engine engine, AofDirectory directory, Consumer<byte[]> functions, boolean alone, Loading loading) {
        this.engine = engine;
        this.directory = directory;
        this.functions = functions;
        this.alone = alone;
        this.loading = loading;
        this.client = engine.connect(NoLink.INSTANCE, engine.statistics().newLane());
        client.setReplaying(true);
    }

    /** The bytes that are to be loaded. */
    static long totalBytes(AofDirectory directory, AofManifest manifest) throws IOException {
        long total = 0;
        for (Part part : manifest.parts()) {
            total += directory.size(part);
        }
        return total;
    }

    /**
     * Reads all files of a manifest and keeps nothing.
     *
     * @param truncated whether the last may end in the middle of a command
     * @throws IOException if they could not be loaded for how they are written
     */
    static void check(AofDirectory directory, AofManifest manifest, boolean truncated, long nowMillis)
            throws IOException {
        List<Part> parts = manifest.parts();
        for (int i = 0; i < parts.size(); i++) {
            String name = parts.get(i).name();
            try (DiskFile file = directory.disk().open(directory.path(parts.get(i)), Disk.Mode.READ)) {
                if (file.size() == 0) {
                    continue;
                }
                long from = 0;
                if (AofFormat.isRdb(directory.disk(), directory.path(name))) {
                    RdbCheck base = new RdbCheck(file, file.size(), nowMillis, read -> {});
                    base.run();
                    from = base.bytesRead();
                }
                if (!isWhole(name, directory, from) && !(truncated && i == parts.size() - 1)) {
                    throw new AofException("Unexpected end of file reading the append only file " + name);
                }
            }
        }
    }

    private static boolean isWhole(String name, AofDirectory directory, long from) throws IOException {
        try (DiskFile file = directory.disk().open(directory.path(name), Disk.Mode.READ)) {
            AofFormat.skip(file, from);
            AofParser parser = new AofParser(file, from);
            Args args = new Args();
            while (true) {
                switch (parser.next(args)) {
                    case COMMAND -> {}
                    case MORE -> {
                        if (!parser.fill()) {
                            return parser.isAtEnd();
                        }
                    }
                    case HOLE -> {
                        return false;
                    }
                    case ERROR -> throw badFormat(name, parser);
                }
            }
        }
    }

    private static AofException badFormat(String name, AofParser parser) {
        return new AofException("Bad file format reading the append only file " + name + " at offset "
                + parser.position() + ": " + ADVICE);
    }

    /** Loads all files of a manifest. */
    void load(AofManifest manifest) throws IOException {
        try {
            List<Part> parts = manifest.parts();
            for (int i = 0; i < parts.size(); i++) {
                load(parts.get(i), isFollowedByNothing(parts, i));
            }
        } finally {
            engine.disconnect(client);
        }
    }

    private boolean isFollowedByNothing(List<Part> parts, int index) throws IOException {
        for (Part later : parts.subList(index + 1, parts.size())) {
            if (directory.size(later) > 0) {
                return false;
            }
        }
        return true;
    }

    private void load(Part part, boolean last) throws IOException {
        long begin = System.nanoTime();
        try (DiskFile file = directory.disk().open(directory.path(part), Disk.Mode.READ)) {
            if (file.size() == 0) {
                return;
            }
            Ending ending = load(part.name(), file);
            loaded += file.size();
            if (ending != Ending.WHOLE) {
                cut(part, last, ending);
            }
        }
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin);
        LOG.info(
                "DB loaded from {} file {}: {} seconds",
                part.kind() == Kind.BASE ? "base" : "incr",
                part.name(),
                "%d.%03d".formatted(micros / 1_000_000, micros / 1000 % 1000));
    }

    /** How a file ends. */
    private enum Ending {
        WHOLE,
        IN_COMMAND,
        IN_TRANSACTION
    }

    private Ending load(String name, DiskFile file) throws IOException {
        long from = 0;
        if (AofFormat.isRdb(directory.disk(), directory.path(name))) {
            boolean old = name.equals(directory.fileName());
            LOG.info(old ? "Reading RDB preamble from AOF file..." : "Reading RDB base file on AOF loading...");
            try {
                from = loadRdb(file);
            } catch (IOException e) {
                throw new AofException(
                        (old ? "Error reading the RDB preamble of the AOF file " : "Error reading the RDB base file ")
                                + name + ", AOF loading aborted: " + Reason.of(e));
            }
            if (old) {
                LOG.info("Reading the remaining AOF tail...");
            }
        }
        try (DiskFile commands = directory.disk().open(directory.path(name), Disk.Mode.READ)) {
            AofFormat.skip(commands, from);
            return replay(name, new AofParser(commands, from), from);
        }
    }

    private long loadRdb(DiskFile file) throws IOException {
        RdbReader.Options options = new RdbReader.Options(true, false, alone, () -> {});
        return new RdbReader(
                        engine.keyspace(),
                        engine.config(),
                        options,
                        loading,
                        functions,
                        engine.clock().millis())
                .load(file, file.size(), loaded);
    }

    private Ending replay(String name, AofParser parser, long from) throws IOException {
        validUpTo = from;
        Args args = new Args();
        try (ReplayLanes lanes = new ReplayLanes(engine, alone)) {
            while (true) {
                int offset = parser.offset();
                AofParser.Found found = parser.next(args);
                if (found == AofParser.Found.COMMAND) {
                    Slice key = onlyKey(args);
                    if (key != null) {
                        lanes.add(key, offset);
                        validUpTo = parser.position();
                    } else {
                        lanes.finish(parser.buffer(), client.database());
                        run(name, args, parser.position());
                    }
                    continue;
                }
                if (found == AofParser.Found.MORE) {
                    // They read the buffer before this one, which is filled next.
                    lanes.start(parser.buffer(), client.database());
                    if (parser.fill()) {
                        loading.progress(loaded + parser.position());
                        continue;
                    }
                }
                lanes.finish(parser.buffer(), client.database());
                loading.progress(loaded + parser.position());
                if (found == AofParser.Found.ERROR) {
                    throw badFormat(name, parser);
                }
                if (found == AofParser.Found.HOLE) {
                    LOG.warn(
                            "The AOF file {} goes on with zeros at offset {}, as after a failure of power",
                            name,
                            parser.position());
                    return client.transaction() != null ? Ending.IN_TRANSACTION : Ending.IN_COMMAND;
                }
                return client.transaction() != null
                        ? Ending.IN_TRANSACTION
                        : parser.isAtEnd() ? Ending.WHOLE : Ending.IN_COMMAND;
            }
        }
    }

    /** The key of a command that has one only, so that it may run beside others; null where it has to run by itself. */
    private @Nullable Slice onlyKey(Args args) {
        if (client.transaction() != null) {
            return null;
        }
        CommandSpec spec = engine.commands().find(args.get(0));
        if (spec == null || spec.isContainer() || !spec.acceptsCount(args.count())) {
            return null;
        }
        int key = spec.onlyKey();
        return key > 0 && key < args.count() ? args.get(key) : null;
    }

    /** Runs a command that may not run beside others. */
    private void run(String name, Args args, long end) throws AofException {
        try {
            engine.replay(client, args, reply);
            reply.clear(REPLY_BYTES);
        } catch (CommandException e) {
            throw new AofException("Error reading the append only file " + name + " at offset " + validUpTo
                    + ", error: " + e.getMessage());
        }
        if (client.transaction() == null) {
            validUpTo = end;
        }
    }

    /** Cuts off what is not whole at the end of a file, or refuses the file. */
    private void cut(Part part, boolean last, Ending ending) throws IOException {
        String name = part.name();
        if (ending == Ending.IN_TRANSACTION) {
            LOG.warn("Revert incomplete MULTI/EXEC transaction in AOF file {}", name);
            client.setTransaction(null);
        }
        if (!engine.config().aof.loadTruncated.get()) {
            throw new AofException("Unexpected end of file reading the append only file " + name + " at offset "
                    + validUpTo + ". You can: 1) Make a backup of your AOF file, then use holdfast check --fix"
                    + " <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration option"
                    + " to yes and restart the server.");
        }
        LOG.warn("!!! Warning: short read while loading the AOF file {}!!!", name);
        if (!last) {
            throw new AofException("Fatal error: the truncated file is not the last file");
        }
        LOG.warn("!!! Truncating the AOF {} at offset {} !!!", name, validUpTo);
        try (DiskFile file = directory.disk().open(directory.path(part), Disk.Mode.APPEND)) {
            file.truncate(validUpTo);
            file.sync();
        }
        LOG.warn("AOF {} loaded anyway because aof-load-truncated is enabled", name);
    }
}
