package dev.holdfast.engine.persistence;

import java.io.IOException;

/** Where the bytes of an RDB come from. */
@FunctionalInterface
public interface RdbSource {
    /** Reads at least one byte; -1 at the end. */
    int read(byte[] into, int offset, int length) throws IOException;
}
