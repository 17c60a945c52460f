package dev.holdfast.engine.catalog;

import java.util.Locale;

/** What a command is and where it may run, under the names that {@code COMMAND INFO} gives. */
public enum CommandFlag {
    WRITE,
    READONLY,
    DENYOOM,
    MODULE,
    ADMIN,
    PUBSUB,
    NOSCRIPT,
    BLOCKING,
    LOADING,
    STALE,
    SKIP_MONITOR,
    SKIP_COMMANDLOG,
    ASKING,
    FAST,
    NO_AUTH,
    MAY_REPLICATE,
    NO_MANDATORY_KEYS,
    PROTECTED,
    NO_ASYNC_LOADING,
    NO_MULTI,
    ALLOW_BUSY,
    TOUCHES_ARBITRARY_KEYS,
    MOVABLE_KEYS("movablekeys"),
    /** The command locks the whole keyspace although it declares no keys. Ours; not shown to clients. */
    ALL_SHARDS(""),
    /** The command visits shards and locks each when it comes to it. In a transaction it needs all. Ours, too. */
    VISITS_SHARDS("");

    private final String shown;

    CommandFlag() {
        this.shown = name().toLowerCase(Locale.ROOT);
    }

    CommandFlag(String shown) {
        this.shown = shown;
    }

    /** The name that clients see, or an empty string for a flag of our own. */
    public String shown() {
        return shown;
    }
}
