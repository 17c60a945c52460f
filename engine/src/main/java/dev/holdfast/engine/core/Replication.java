package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.keyspace.DatabaseKey;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What running commands need to know of the servers that this store follows and that follow it. */
public interface Replication {
    /** A store that has nothing to do with others. */
    Replication NONE = new Replication() {};

    /** The error for a client that wants to write to a replica. */
    String READ_ONLY = "READONLY You can't write against a read only replica.";

    /** Whether there may be a {@link #refusal}; asked before every command. */
    default boolean isRestricting() {
        return false;
    }

    /**
     * Why this command cannot be run now, in the words of the error; null if it can.
     *
     * @param writes whether it writes, or runs queued commands that do
     * @param stale whether it may see old data
     */
    default @Nullable String refusal(Client client, CommandSpec spec, boolean writes, boolean stale) {
        return null;
    }

    /** Whether a command waits during a pause that concerns only commands that write, since it may soon have to go to another server. */
    default boolean holdsBack(Client client, CommandSpec spec) {
        return false;
    }

    /** Whether this store follows another, which says what expires and what is evicted. */
    default boolean isReplica() {
        return false;
    }

    /** Whether clients may write: always, unless this store follows another. */
    default boolean isWritable() {
        return true;
    }

    /** The primary's command has run; the shards of its keys are still locked. */
    default void applied() {}

    /**
     * The RDB file of the store has been loaded, with these fields.
     *
     * @param expired keys that were left out since their time was over
     */
    default void loaded(Map<String, String> fields, List<DatabaseKey> expired) {}

    /** The fields of an RDB file that say where in the stream of changes its data stands. All shards are locked. */
    default Map<String, String> rdbFields() {
        return Map.of();
    }

    /** Called by the engine's timer. Must take no time. */
    default void tick() {}

    /** A client has gone. */
    default void disconnected(Client client) {}

    /** The store closes. */
    default void close() {}
}
