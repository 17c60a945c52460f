package dev.holdfast.engine.persistence;

import java.io.IOException;

/** Where the bytes of an RDB come from. */
@FunctionalInterface
public interface RdbSource {
    /** Reads at least one byte; -1 at the end. */
    int read(byte[] into, int offset, int length) throws IOException;

    /** Whether bytes come at the pace of another program, so that what has come is to be worked on before more is asked for. */
    default boolean isLive() {
        return false;
    }
}
