package dev.holdfast.toolkit.store;

/** Hears which keys have changed. Calls may come on any thread and should be short. */
public interface InvalidationListener {
    /** The key has changed, expired or gone. */
    void invalidated(byte[] key);

    /** Any key may have changed: the keyspace was flushed, or the connection was lost for a while. */
    void allInvalidated();
}
