package dev.holdfast.server;

import dev.holdfast.engine.execution.Host;
import org.jspecify.annotations.Nullable;

/** What the program says of itself. */
public final class Program {
    private static final @Nullable String VERSION = Program.class.getPackage().getImplementationVersion();

    /** The version of Valkey whose behaviour is matched. */
    public static final String VALKEY_VERSION = Host.VALKEY_VERSION;

    private Program() {}

    /** Holdfast's version. */
    public static String version() {
        return VERSION == null ? "development" : VERSION;
    }
}
