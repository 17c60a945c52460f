package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.RandomId;

/**
 * Which stream of changes this store has, so that a replica that has come to an offset of the same stream can go on there.
 *
 * <p>A store that is made a primary begins a stream of its own; up to that offset it is the same as the one of its former primary, whose
 * identifier it keeps as the second. Guarded by its owner.
 */
final class History {
    static final String NONE = "0".repeat(40);

    private String id = RandomId.next();
    private String secondId = NONE;
    private long secondEnd = -1;

    String id() {
        return id;
    }

    String secondId() {
        return secondId;
    }

    /** The offset up to which the second identifier stands for the same stream, as INFO shows it: the first one that is not. */
    long secondEnd() {
        return secondEnd;
    }

    /** Begins a stream that has nothing in common with another. */
    void beginAnew() {
        id = RandomId.next();
        secondId = NONE;
        secondEnd = -1;
    }

    /** Takes over another server's stream as a whole. */
    void adopt(String otherId) {
        id = otherId;
        secondId = NONE;
        secondEnd = -1;
    }

    /** Goes on from an offset under another identifier; until there the stream is the same. */
    void branch(String newId, long offset) {
        secondId = id;
        secondEnd = offset + 1;
        id = newId;
    }

    /** Whether what stands before an offset of that stream is the same here. */
    boolean isShared(String otherId, long offset) {
        return otherId.equalsIgnoreCase(id) || otherId.equalsIgnoreCase(secondId) && offset + 1 <= secondEnd;
    }
}
