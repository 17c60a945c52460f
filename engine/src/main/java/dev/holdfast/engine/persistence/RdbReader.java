package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads RDB into a keyspace, on several threads.
 *
 * <p>The thread that calls reads the file, sums its checksum and skims it: it finds where items begin and end. It gives runs of
 * whole items, together with the array they are in, to {@link RdbWorkers}, who decode them. An item that is larger than an array
 * the reader decodes itself, from the file. The order of keys does not matter, since no key comes twice; when all are there,
 * {@link Arrivals} inserts them.
 *
 * <p>A file that turns out to be damaged has been loaded in part; the caller has to give the keyspace up, or to empty it.
 */
public final class RdbReader {
    private static final Logger LOG = LoggerFactory.getLogger(RdbReader.class);

    static final int BUFFER_BYTES = 1 << 20;
    private static final int MAGIC_BYTES = 9;
    private static final int MOST_FIELDS = 64;

    /** Reading ends at these, and the reader sees to them itself. */
    private static final int FIRST_OF_READER = RdbFormat.SLOT_IMPORT;

    /**
     * How to load.
     *
     * @param keepExpired whether keys whose time is over are loaded: below an append-only file, whose commands count on them
     * @param allowDuplicates whether a key or library that is there already is replaced; else it is an error
     * @param alone whether to load on the calling thread alone, which holds all shards
     * @param empty what to do once the file has turned out to be of a known version, before anything is loaded
     * @param replace what to do once all of the file has turned out to be sound, before anything is put into the keyspace
     */
    public record Options(
            boolean keepExpired, boolean allowDuplicates, boolean alone, Runnable empty, Runnable replace) {
        public static final Options DEFAULT = new Options(false, false, false, () -> {});

        public Options(boolean keepExpired, boolean allowDuplicates, boolean alone, Runnable empty) {
            this(keepExpired, allowDuplicates, alone, empty, () -> {});
        }
    }

    private final Keyspace keyspace;
    private final Config config;
    private final Options options;
    private final Loading loading;
    private final Consumer<byte[]> functions;
    private final long nowMillis;
    private @Nullable ExpiredKeys expiredKeys;
    private final Slice text = new Slice();
    private final Map<String, String> fields = new HashMap<>();

    /**
     * @param functions takes the code of each library of functions in the file
     * @param nowMillis the time at which keys expire
     */
    public RdbReader(
            Keyspace keyspace,
            Config config,
            Options options,
            Loading loading,
            Consumer<byte[]> functions,
            long nowMillis) {
        this.keyspace = keyspace;
        this.config = config;
        this.options = options;
        this.loading = loading;
        this.functions = functions;
        this.nowMillis = nowMillis;
    }

    /** Lets the keys that are left out because their time is over be gathered. */
    public void gatherExpired(ExpiredKeys into) {
        expiredKeys = into;
    }

    /**
     * Loads a file up to the end of the RDB in it.
     *
     * @param size the length of the file
     * @param progressBase how much was loaded before this file, for showing progress
     * @return the position behind the RDB: of an old append-only file, where its commands begin
     */
    public long load(DiskFile file, long size, long progressBase) throws IOException {
        return load((bytes, offset, length) -> file.read(ByteBuffer.wrap(bytes, offset, length)), size, progressBase);
    }

    /** Loads from a source, of so many bytes at the most. */
    public long load(RdbSource source, long size, long progressBase) throws IOException {
        RdbInput in = new RdbInput(
                source, size, (int) Math.min(BUFFER_BYTES, Math.max(size, 1024)), config.persistence.rdbchecksum.get());
        try (RdbWorkers workers = new RdbWorkers(keyspace, config, options, nowMillis, expiredKeys)) {
            return load(in, workers, progressBase);
        }
    }

    private long load(RdbInput in, RdbWorkers workers, long progressBase) throws IOException {
        int version = readMagic(in);
        options.empty.run();
        workers.begin(version > RdbFormat.VERSION && version <= RdbFormat.LAST_FOREIGN_VERSION);
        int runFrom = in.position();
        while (true) {
            int mark = in.position();
            int opcode;
            try {
                in.setWithinBuffer(true);
                opcode = workers.skim(in);
                in.setWithinBuffer(false);
            } catch (RdbException e) {
                in.setWithinBuffer(false);
                in.rewind(mark);
                if (mark > runFrom) {
                    workers.submit(in, runFrom, mark);
                    loading.progress(progressBase + in.passed());
                    in.fillUp();
                } else if (!(e instanceof RdbException.Incomplete) || !in.fillUp()) {
                    workers.readInline(in);
                }
                runFrom = in.position();
                continue;
            }
            if (opcode < FIRST_OF_READER) {
                continue;
            }
            in.rewind(mark);
            if (mark > runFrom) {
                workers.submit(in, runFrom, mark);
            }
            in.readByte();
            if (opcode == RdbFormat.EOF) {
                break;
            }
            special(opcode, in);
            runFrom = in.position();
        }
        if (version >= 5) {
            verify(in);
        }
        workers.decodeAll();
        options.replace.run();
        workers.finish();
        loading.progress(progressBase + in.passed());
        loading.noteKeys(workers.loaded(), workers.expired());
        long empty = workers.empty();
        LOG.info(
                "Done loading RDB, keys loaded: {}, keys expired: {},{} all fields expired hashes: {}.",
                workers.loaded(),
                workers.expired(),
                empty > 0 ? " empty keys skipped: " + empty + "," : "",
                0);
        return in.passed();
    }

    private int readMagic(RdbInput in) throws IOException {
        String magic = in.raw(MAGIC_BYTES, text).toString();
        boolean redis = magic.startsWith("REDIS0");
        boolean valkey = magic.startsWith("VALKEY");
        if (!redis && !valkey) {
            throw new RdbException("Wrong signature trying to load DB from file: " + magic.replaceAll("[^ -~]", "?"));
        }
        int version;
        try {
            version = Integer.parseInt(magic.substring(6));
        } catch (NumberFormatException e) {
            version = 0;
        }
        if (!isAccepted(version, valkey, redis, config)) {
            throw new RdbException("Can't handle RDB format version " + version);
        }
        return version;
    }

    /** Whether a version can be read. DUMP payloads are neither of Redis nor of Valkey by name. */
    static boolean isAccepted(int version, boolean valkey, boolean redis, Config config) {
        if (version < 1
                || valkey && version <= RdbFormat.LAST_FOREIGN_VERSION
                || redis && version > RdbFormat.LAST_FOREIGN_VERSION) {
            return false;
        }
        boolean known = version <= RdbFormat.LATEST_OF_REDIS || version == RdbFormat.VERSION_WITH_FIELD_EXPIRY;
        return known || config.persistence.rdbVersionCheck.get().equals("relaxed");
    }

    private void verify(RdbInput in) throws IOException {
        long expected = in.checksum();
        long found = in.readLong();
        if (!config.persistence.rdbchecksum.get()) {
            return;
        }
        if (found == 0) {
            LOG.info("RDB file was saved with checksum disabled: no check performed.");
        } else if (found != expected) {
            LOG.warn("Wrong RDB checksum expected: ({}) but got ({}). Aborting now.", hex(found), hex(expected));
            throw new RdbException("RDB CRC error");
        }
    }

    private static String hex(long value) {
        return Long.toHexString(value);
    }

    /** Sees to what is neither an item nor the end. */
    private void special(int opcode, RdbInput in) throws IOException {
        switch (opcode) {
            case RdbFormat.AUX -> {
                String name = in.readString(text).toString();
                aux(name, in.readString(text).toString());
            }
            case RdbFormat.FUNCTION2 -> function(in.readString(text).toBytes());
            case RdbFormat.FUNCTION_PRE_GA -> throw new RdbException("Pre-release function format not supported.");
            case RdbFormat.MODULE_AUX ->
                throw new RdbException("The RDB file contains AUX module data I can't load: no matching module '%s'"
                        .formatted(RdbValueReader.moduleName(in.readLength())));
            default -> throw new RdbException("Can't handle opcode %d".formatted(opcode));
        }
    }

    private void function(byte[] code) throws RdbException {
        try {
            functions.accept(code);
        } catch (CommandException e) {
            throw new RdbException("Failed loading library, " + e.getMessage());
        }
    }

    /** The fields that the file says of itself: who has written it, and where in a stream of changes it stands. */
    public Map<String, String> fields() {
        return fields;
    }

    private void aux(String name, String value) {
        if (fields.size() < MOST_FIELDS) {
            fields.put(name, value);
        }
        switch (name.toLowerCase(Locale.ROOT)) {
            case "redis-ver" -> LOG.info("Loading RDB produced by Redis version {}", value);
            case "valkey-ver" -> LOG.info("Loading RDB produced by Valkey version {}", value);
            case "ctime" -> LOG.info("RDB age {} seconds", Math.max(0, nowMillis / 1000 - number(value)));
            case "used-mem" -> {
                loading.noteUsedMemory(number(value));
                LOG.info("RDB memory usage when created {} Mb", "%.2f".formatted(number(value) / 1048576.0));
            }
            case "aof-base" -> {
                if (number(value) != 0) {
                    LOG.info("RDB is base AOF");
                }
            }
            case "aof-preamble" -> {
                if (number(value) != 0) {
                    LOG.info("RDB has an AOF tail");
                }
            }
            default -> {
                if (name.startsWith("%")) {
                    LOG.info("RDB '{}': {}", name, value);
                }
            }
        }
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
