package dev.holdfast.engine.core;

/**
 * The checks before a command, in the order in which they are made. Each is the bit of its place in the sets of {@link Gate} and {@link
 * Origin}.
 */
enum Check {
    /** The client has logged in. */
    AUTHENTICATION,
    /** No script runs for so long that all others are answered BUSY. */
    BUSY,
    /** DEBUG and MODULE are enabled. */
    PROTECTED,
    /** The command may be queued, or no transaction is open. */
    ALLOWED_IN_MULTI,
    /** Scripts may call the command. */
    ALLOWED_IN_SCRIPT,
    /** A script that has not written yet finds memory, or has said that it needs none. */
    SCRIPT_MEMORY,
    /** The user may run the command, on these keys and channels. */
    PERMISSION,
    /** The script keeps to what it has promised: it only reads, or it uses only keys that it has declared. */
    PROMISE,
    /** In a cluster, all keys have one slot. */
    SLOT,
    /** The store may grow, if need be after some keys have been evicted. */
    MEMORY,
    /** The heap has room for another copy of a very long word. */
    ROOM,
    /** Files and other servers allow it: nothing is being loaded, writes can be saved and may be made here. */
    STATE,
    /** A subscriber in RESP2 sends nothing else. */
    SUBSCRIBER,
    /** A monitor does not touch the keyspace. */
    MONITOR;

    int bit() {
        return 1 << ordinal();
    }
}
