package dev.holdfast.engine.base;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Names that are never given twice: runs of a store, histories of changes, nodes of a cluster. */
public final class RandomId {
    private static final int BYTES = 20;

    private RandomId() {}

    /** Forty random hexadecimal digits. */
    public static String next() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
