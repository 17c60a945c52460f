package dev.holdfast.engine.protocol;

/** A client would hold more than it may. Nothing has been allocated; the client is to be disconnected. */
public final class MemoryRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MemoryRefusedException() {
        super("client holds too much", null, false, false);
    }
}
