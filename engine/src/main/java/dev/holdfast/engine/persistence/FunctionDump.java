package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * What FUNCTION DUMP answers and FUNCTION RESTORE takes, in Valkey's form: the libraries as they stand in an RDB file, then as
 * with DUMP.
 *
 * <pre>
 * +---------------------------------+------------------+---------------------+
 * | 245, code as a string           | version          | checksum            |
 * | for each library                | 2, little-endian | 8, little-endian    |
 * +---------------------------------+------------------+---------------------+
 * </pre>
 */
public final class FunctionDump {
    private static final int FOOTER_BYTES = 10;

    private FunctionDump() {}

    /** Serialises the sources of libraries. */
    public static byte[] write(Collection<byte[]> codes) {
        try {
            RdbOutput out = new RdbOutput(true);
            for (byte[] code : codes) {
                out.writeByte(RdbFormat.FUNCTION2);
                out.writeString(code);
            }
            out.writeByte(RdbFormat.VERSION);
            out.writeByte(RdbFormat.VERSION >> 8);
            out.writeLong(out.checksum());
            return out.toBytes();
        } catch (IOException e) {
            throw new IllegalStateException("an array does not fail", e);
        }
    }

    /** The sources of the libraries in a dump. */
    public static List<byte[]> read(byte[] dump) {
        int end = dump.length - FOOTER_BYTES;
        if (end < 0 || !isIntact(dump, end)) {
            throw new CommandException("ERR DUMP payload version or checksum are wrong");
        }
        List<byte[]> codes = new ArrayList<>();
        try {
            RdbInput in = new RdbInput(dump, 0, end);
            Slice code = new Slice();
            while (in.left() > 0) {
                int type = in.readByte();
                if (type == RdbFormat.FUNCTION_PRE_GA) {
                    throw new CommandException("ERR Pre-GA function format not supported");
                }
                if (type != RdbFormat.FUNCTION2) {
                    throw new CommandException("ERR given type is not a function");
                }
                codes.add(in.readString(code).toBytes());
            }
        } catch (IOException e) {
            throw new CommandException("ERR Failed loading library payload");
        }
        return codes;
    }

    private static boolean isIntact(byte[] dump, int end) {
        int version = dump[end] & 0xFF | (dump[end + 1] & 0xFF) << 8;
        boolean known = version <= RdbFormat.VERSION || version == RdbFormat.VERSION_WITH_FIELD_EXPIRY;
        long checksum = 0;
        for (int i = 0; i < 8; i++) {
            checksum |= (dump[end + 2 + i] & 0xFFL) << i * 8;
        }
        return known && (checksum == 0 || checksum == Crc64.update(0, dump, 0, end + 2));
    }
}
