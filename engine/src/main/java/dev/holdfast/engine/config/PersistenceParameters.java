package dev.holdfast.engine.config;

/** The parameters of snapshots and of the append-only file. Idle until there are such files. */
public final class PersistenceParameters {
    public final BooleanParameter appendonly;
    public final TextParameter appendfsync;
    public final SavePoints save;
    public final TextParameter dbfilename;
    public final BooleanParameter rdbchecksum;
    public final BooleanParameter rdbcompression;
    public final BooleanParameter rdbDelSyncFiles;
    public final BooleanParameter rdbSaveIncrementalFsync;
    public final TextParameter rdbVersionCheck;
    public final NumberParameter rdbKeySaveDelay;
    public final NumberParameter keyLoadDelay;
    public final BooleanParameter stopWritesOnBgsaveError;

    PersistenceParameters(Config config) {
        appendonly = config.flag("appendonly", false);
        appendfsync = config.choice("appendfsync", "everysec", "everysec", "always", "no");
        save = config.add(new SavePoints());
        dbfilename =
                config.protect(config.text("dbfilename", "dump.rdb", text -> fileName("dbfilename", text, "filename")));
        rdbchecksum = config.immutable(config.flag("rdbchecksum", true));
        rdbcompression = config.flag("rdbcompression", true);
        rdbDelSyncFiles = config.idle(config.flag("rdb-del-sync-files", false));
        rdbSaveIncrementalFsync = config.flag("rdb-save-incremental-fsync", true);
        rdbVersionCheck = config.choice("rdb-version-check", "strict", "strict", "relaxed");
        rdbKeySaveDelay = config.hidden(config.number("rdb-key-save-delay", 0, Integer.MIN_VALUE, Integer.MAX_VALUE));
        keyLoadDelay = config.hidden(config.number("key-load-delay", 0, Integer.MIN_VALUE, Integer.MAX_VALUE));
        config.idle(config.hidden(
                config.bytes("loading-process-events-interval-bytes", 2L << 20, 1024, Integer.MAX_VALUE)));
        stopWritesOnBgsaveError = config.flag("stop-writes-on-bgsave-error", true);
        config.idle(config.choice("sanitize-dump-payload", "no", "no", "yes", "clients"));
    }

    static String fileName(String name, String text, String kind) throws ConfigException {
        if (text.isEmpty()) {
            throw new ConfigException(name + " can't be empty");
        }
        if (text.indexOf('/') >= 0 || text.indexOf('\\') >= 0) {
            throw new ConfigException(name + " can't be a path, just a " + kind);
        }
        return text;
    }
}
