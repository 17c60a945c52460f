package dev.holdfast.engine;

/** The calling thread was interrupted while its command waited. Nothing was taken or changed; the thread is still interrupted. */
public final class CallInterruptedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CallInterruptedException() {
        super("interrupted while the command waited");
    }
}
