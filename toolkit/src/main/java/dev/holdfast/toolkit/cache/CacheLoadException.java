package dev.holdfast.toolkit.cache;

/**
 * A value could not be loaded, and there was no stale one to serve instead: the loader threw a checked exception, which is the
 * cause, or the hard timeout was over. What a loader throws unchecked is thrown as it is.
 */
public final class CacheLoadException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CacheLoadException(String message) {
        super(message);
    }

    CacheLoadException(String message, Throwable cause) {
        super(message, cause);
    }
}
