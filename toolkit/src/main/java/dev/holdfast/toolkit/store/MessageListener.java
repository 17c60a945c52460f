package dev.holdfast.toolkit.store;

/** Receives what is published. Calls come one after the other, on a virtual thread, so that the listener may use the store. */
@FunctionalInterface
public interface MessageListener {
    /** A message has come. */
    void message(String channel, byte[] payload);

    /** The connection was lost and is there again: messages may have been missed meanwhile. */
    default void gap() {}
}
