package dev.holdfast.conformance.access;

/** A store under test, or one that it is compared with. */
public interface Store extends AutoCloseable {
    Session connect(Answer.Form form);

    @Override
    void close();
}
