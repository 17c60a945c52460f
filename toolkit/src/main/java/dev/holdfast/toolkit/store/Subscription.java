package dev.holdfast.toolkit.store;

/** Something that goes on until it is closed. Closing again does nothing. */
public interface Subscription extends AutoCloseable {
    /** Whether messages come at present; false once closed, and while the connection is lost. */
    boolean isActive();

    @Override
    void close();
}
