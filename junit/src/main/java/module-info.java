/** Stores for tests: {@link dev.holdfast.junit.HoldfastTest}. */
module dev.holdfast.junit {
    requires transitive dev.holdfast.engine;
    requires dev.holdfast.server;
    requires static transitive org.jspecify;
    requires static transitive org.junit.jupiter.api;

    exports dev.holdfast.junit;
}
