package dev.holdfast.engine.config;

/** The parameters of the append-only file, but for those that switch it on and say how often it is synced. */
public final class AofParameters {
    public final TextParameter fileName;
    public final TextParameter directoryName;
    public final BooleanParameter noFsyncOnRewrite;
    public final NumberParameter rewritePercentage;
    public final NumberParameter rewriteMinSize;
    public final BooleanParameter loadTruncated;
    public final BooleanParameter rdbPreamble;
    public final BooleanParameter timestamps;
    public final BooleanParameter incrementalFsync;
    public final BooleanParameter keepHistory;

    AofParameters(Config config) {
        fileName = config.immutable(config.text(
                "appendfilename",
                "appendonly.aof",
                text -> PersistenceParameters.fileName("appendfilename", text, "filename")));
        directoryName = config.immutable(config.text(
                "appenddirname",
                "appendonlydir",
                text -> PersistenceParameters.fileName("appenddirname", text, "dirname")));
        noFsyncOnRewrite = config.flag("no-appendfsync-on-rewrite", false);
        rewritePercentage = config.number("auto-aof-rewrite-percentage", 100, 0, Integer.MAX_VALUE);
        rewriteMinSize = config.bytes("auto-aof-rewrite-min-size", 64L << 20, 0, Long.MAX_VALUE);
        loadTruncated = config.flag("aof-load-truncated", true);
        rdbPreamble = config.flag("aof-use-rdb-preamble", true);
        timestamps = config.flag("aof-timestamp-enabled", false);
        incrementalFsync = config.flag("aof-rewrite-incremental-fsync", true);
        keepHistory = config.hidden(config.flag("aof-disable-auto-gc", false));
    }
}
