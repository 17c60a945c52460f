package dev.holdfast.engine.base;

/** What the store says of itself to clients, which choose their ways by it. */
public final class Compatibility {
    /** The name that {@code HELLO} and {@code INFO} give. */
    public static final String SERVER_NAME = "valkey";

    /** The version of Valkey whose behaviour this is. */
    public static final String VALKEY_VERSION = "9.1.0";

    /** The version of Redis whose clients find what they expect. */
    public static final String REDIS_VERSION = "7.2.4";

    private Compatibility() {}
}
