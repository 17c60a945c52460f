package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.ValueType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongConsumer;

/** Reads an RDB file from its beginning to its end as if to load it, and keeps nothing. */
public final class RdbCheck {
    private static final int MAGIC_BYTES = 9;

    private final Config config = new Config();
    private final RdbInput in;
    private final long nowMillis;
    private final LongConsumer progress;
    private final Slice text = new Slice();
    private final BitSet databases = new BitSet();
    private final Map<ValueType, Long> byType = new EnumMap<>(ValueType.class);
    private int version;
    private long keys;
    private long expires;
    private long expired;
    private long functions;
    private boolean checksummed;
    private String where = "at the beginning";

    /**
     * @param size the length of the file
     * @param nowMillis the time by which keys count as expired
     * @param progress gets from time to time how many bytes have been read
     */
    public RdbCheck(DiskFile file, long size, long nowMillis, LongConsumer progress) {
        this.in = new RdbInput(
                (bytes, offset, length) -> file.read(ByteBuffer.wrap(bytes, offset, length)),
                size,
                RdbReader.BUFFER_BYTES,
                true);
        this.nowMillis = nowMillis;
        this.progress = progress;
    }

    /**
     * Reads the file.
     *
     * @throws IOException if it is damaged; {@link #where} tells how far it could be read
     */
    public void run() throws IOException {
        String magic = in.raw(MAGIC_BYTES, text).toString();
        boolean redis = magic.startsWith("REDIS0");
        boolean valkey = magic.startsWith("VALKEY");
        if (!redis && !valkey) {
            throw new RdbException("this is no RDB file");
        }
        try {
            version = Integer.parseInt(magic.substring(6));
        } catch (NumberFormatException e) {
            throw new RdbException("this is no RDB file");
        }
        if (!RdbReader.isAccepted(version, valkey, redis, config)) {
            throw new RdbException("version %d is not known".formatted(version));
        }
        RdbValueReader values = new RdbValueReader(config);
        boolean more = true;
        while (more) {
            more = readOne(values);
        }
        if (version >= 5) {
            where = "behind the last key";
            long expected = in.checksum();
            long found = in.readLong();
            checksummed = found != 0;
            if (checksummed && found != expected) {
                throw new RdbException("the checksum is wrong");
            }
        }
    }

    /** Reads one item, or whatever stands between items. Returns false at the end. */
    private boolean readOne(RdbValueReader values) throws IOException {
        long expireAt = KeyRecord.NEVER;
        int opcode = in.readByte();
        while (opcode == RdbFormat.EXPIRETIME_MS
                || opcode == RdbFormat.EXPIRETIME
                || opcode == RdbFormat.IDLE
                || opcode == RdbFormat.FREQ) {
            switch (opcode) {
                case RdbFormat.EXPIRETIME_MS -> expireAt = in.readLong();
                case RdbFormat.EXPIRETIME -> expireAt = in.readInt() * 1000L;
                case RdbFormat.IDLE -> in.readLength();
                default -> in.readByte();
            }
            opcode = in.readByte();
        }
        switch (opcode) {
            case RdbFormat.EOF -> {
                return false;
            }
            case RdbFormat.SELECTDB -> databases.set((int) Math.min(in.readLength(), Short.MAX_VALUE));
            case RdbFormat.RESIZEDB -> lengths(2);
            case RdbFormat.SLOT_INFO -> lengths(3);
            case RdbFormat.AUX -> {
                in.skipString();
                in.skipString();
            }
            case RdbFormat.FUNCTION2 -> {
                in.skipString();
                functions++;
            }
            case RdbFormat.FUNCTION_PRE_GA -> throw new RdbException("Pre-release function format not supported.");
            case RdbFormat.MODULE_AUX ->
                throw new RdbException(
                        "it holds data of the module '%s'".formatted(RdbValueReader.moduleName(in.readLength())));
            default -> item(opcode, expireAt, values);
        }
        return true;
    }

    private void lengths(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            in.readLength();
        }
    }

    private void item(int type, long expireAt, RdbValueReader values) throws IOException {
        Slice key = new Slice(in.readString(text).toBytes());
        where = "in the value of the key \"" + key + "\"";
        boolean foreign = version > RdbFormat.VERSION && version <= RdbFormat.LAST_FOREIGN_VERSION;
        Object item = values.read(type, foreign, key, expireAt, in);
        where = "behind the key \"" + key + "\"";
        keys++;
        if (expireAt != KeyRecord.NEVER) {
            expires++;
            expired += expireAt < nowMillis ? 1 : 0;
        }
        if (item != null) {
            byType.merge(KeyRecord.type(KeyTable.record(item)), 1L, Long::sum);
        }
        if ((keys & 0x3FFF) == 0) {
            progress.accept(in.passed());
        }
    }

    /** Where reading has come to, in words. */
    public String where() {
        return where;
    }

    /** How many bytes could be read. */
    public long bytesRead() {
        return in.passed();
    }

    public int version() {
        return version;
    }

    public long keys() {
        return keys;
    }

    /** How many keys have an expiry, and of how many it is over. */
    public long expires() {
        return expires;
    }

    public long expired() {
        return expired;
    }

    public long functions() {
        return functions;
    }

    public int databases() {
        return databases.cardinality();
    }

    /** Whether the file has a checksum; it is right then. */
    public boolean isChecksummed() {
        return checksummed;
    }

    public Map<ValueType, Long> byType() {
        return byType;
    }
}
