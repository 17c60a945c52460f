package dev.holdfast.engine.persistence;

import java.io.IOException;

/** The base of an append-only file in the making. */
interface BaseTarget extends SnapshotTarget {
    /** Ends the file, after the snapshot. */
    void end() throws IOException;
}
