package dev.holdfast.server;

import org.jspecify.annotations.Nullable;

/** What the program says of itself. */
public final class Program {
    private static final @Nullable String VERSION = Program.class.getPackage().getImplementationVersion();

    private Program() {}

    /** Holdfast's version. */
    public static String version() {
        return VERSION == null ? "development" : VERSION;
    }
}
