package dev.holdfast.toolkit.store;

/**
 * Receives what is published. Calls come one after the other, on a virtual thread, so that the listener may use the store. What it
 * throws is logged. Up to 32 MiB of messages wait for a slow one; then they are dropped, and its {@code gap} is called.
 */
@FunctionalInterface
public interface MessageListener {
    /** A message has come. */
    void message(String channel, byte[] payload);

    /** Messages may have been missed: the connection was lost and is there again, or the listener was too slow. */
    default void gap() {}
}
