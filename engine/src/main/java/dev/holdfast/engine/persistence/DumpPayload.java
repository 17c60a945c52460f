package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What DUMP answers and RESTORE takes.
 *
 * <pre>
 *  +------+-------+-------------+-----------+
 *  | type | value | RDB version | {@link Crc64}     |
 *  | 1    |       | 2           | 8         |     both little endian; the checksum is that of all before it
 *  +------+-------+-------------+-----------+
 * </pre>
 */
public final class DumpPayload {
    private static final int FOOTER_BYTES = 10;

    private DumpPayload() {}

    /**
     * Whether a payload is whole and of a version that can be read.
     *
     * @param trusted whether its checksum need not be right
     */
    public static boolean isValid(Slice payload, boolean trusted, Config config) {
        int length = payload.length();
        if (length < FOOTER_BYTES || !RdbReader.isAccepted(version(payload), false, false, config)) {
            return false;
        }
        if (trusted) {
            return true;
        }
        long crc = Crc64.update(0, payload.array(), payload.offset(), length - Long.BYTES);
        for (int i = 0; i < Long.BYTES; i++) {
            if ((byte) (crc >> 8 * i) != payload.at(length - Long.BYTES + i)) {
                return false;
            }
        }
        return true;
    }

    private static int version(Slice payload) {
        int at = payload.length() - FOOTER_BYTES;
        return payload.at(at) & 0xFF | (payload.at(at + 1) & 0xFF) << 8;
    }

    /**
     * The item that a valid payload describes.
     *
     * @param expireAt when the key is to expire, or {@link dev.holdfast.engine.keyspace.KeyRecord#NEVER}
     * @return null where nothing is left to keep
     */
    public static @Nullable Object read(Slice payload, Slice key, long expireAt, Config config) throws IOException {
        int from = payload.offset();
        RdbInput in = new RdbInput(payload.array(), from, from + payload.length() - FOOTER_BYTES);
        int version = version(payload);
        boolean foreign = version > RdbFormat.VERSION && version <= RdbFormat.LAST_FOREIGN_VERSION;
        int type = in.readByte();
        return new RdbValueReader(config).read(type, foreign, key, expireAt, in);
    }
}
