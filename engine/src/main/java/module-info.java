/**
 * The store: {@link dev.holdfast.engine.Holdfast} and its configuration. The other packages are exported to Holdfast's own modules
 * only, and may change at any time.
 */
@SuppressWarnings("module") // The other modules are built after this one.
module dev.holdfast.engine {
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires jdk.unsupported;

    exports dev.holdfast.engine;
    exports dev.holdfast.engine.config;
    exports dev.holdfast.engine.acl to
            dev.holdfast.server,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.base to
            dev.holdfast.server,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.catalog to
            dev.holdfast.junit,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.client to
            dev.holdfast.server,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.commands to
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.core to
            dev.holdfast.junit,
            dev.holdfast.server,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.journal to
            dev.holdfast.server;
    exports dev.holdfast.engine.metrics to
            dev.holdfast.server,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.protocol to
            dev.holdfast.server,
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.replication to
            dev.holdfast.server;
    exports dev.holdfast.engine.scripting to
            dev.holdfast.toolkit;
    exports dev.holdfast.engine.topology to
            dev.holdfast.server;
}
