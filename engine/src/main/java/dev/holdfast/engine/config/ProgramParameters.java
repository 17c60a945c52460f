package dev.holdfast.engine.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The parameters that concern the program: its files, its log, and how it ends. */
public final class ProgramParameters {
    private static final List<String> SHUTDOWN_WORDS =
            List.of("default", "save", "nosave", "now", "force", "safe", "failover");

    public final TextParameter dir;
    public final TextParameter logfile;
    public final TextParameter loglevel;
    public final TextParameter logFormat;
    public final TextParameter logTimestampFormat;
    public final TextParameter pidfile;

    /** A directory with jars of extensions, or "". */
    public final TextParameter extensionDir;

    /** The file that holds the users. */
    public final TextParameter aclfile;

    public final TextParameter availabilityZone;

    /** How SIGINT and SIGTERM end the server: words of SHUTDOWN. */
    public final TextParameter shutdownOnSigint;

    public final TextParameter shutdownOnSigterm;

    /** How many seconds extensions have to end before the last save. */
    public final NumberParameter shutdownTimeout;

    /** Whether the server calls itself Redis, for clients that look for that name. */
    public final BooleanParameter extendedRedisCompatibility;

    ProgramParameters(Config config) {
        availabilityZone = config.text("availability-zone", "", text -> text);
        extendedRedisCompatibility = config.flag("extended-redis-compatibility", false);
        dir = config.protect(config.text("dir", absolute(""), ProgramParameters::directory));
        logfile = config.immutable(config.text("logfile", "", text -> text));
        loglevel = config.choice("loglevel", "notice", "debug", "verbose", "notice", "warning", "nothing");
        logFormat = config.choice("log-format", "legacy", "legacy", "logfmt", "json");
        logTimestampFormat = config.choice("log-timestamp-format", "legacy", "legacy", "iso8601", "milliseconds");
        extensionDir = config.hidden(config.immutable(config.text("extension-dir", "", text -> text)));
        pidfile = config.immutable(config.text("pidfile", "", text -> text));
        shutdownOnSigint =
                config.manyWords(config.text("shutdown-on-sigint", "default", ProgramParameters::shutdownOptions));
        shutdownOnSigterm =
                config.manyWords(config.text("shutdown-on-sigterm", "default", ProgramParameters::shutdownOptions));
        shutdownTimeout = config.number("shutdown-timeout", 10, 0, Integer.MAX_VALUE);
        config.immutable(config.flag("daemonize", false))
                .refusing("daemonize is not supported: run Holdfast under a service manager, or in the background with"
                        + " 'nohup ./holdfast ... &'");
        config.immutable(config.flag("syslog-enabled", false))
                .refusing("syslog is not supported: use 'logfile', or leave the log to the service manager");
        aclfile = config.immutable(config.text("aclfile", "", text -> text));
    }

    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    private static String directory(String text) throws ConfigException {
        if (text.isEmpty()) {
            throw new ConfigException("dir can't be empty");
        }
        Path path = Path.of(text);
        if (!Files.exists(path)) {
            throw new ConfigException("No such file or directory");
        }
        if (!Files.isDirectory(path)) {
            throw new ConfigException("Not a directory");
        }
        return absolute(text);
    }

    private static String shutdownOptions(String text) throws ConfigException {
        TextParameter.Check word = TextParameter.oneOf(SHUTDOWN_WORDS);
        List<String> chosen = new ArrayList<>();
        for (String option : text.split(" ")) {
            chosen.add(word.normalize(option));
        }
        if (chosen.contains("save") && chosen.contains("nosave")) {
            throw new ConfigException("shutdown options SAVE and NOSAVE can't be used simultaneously");
        }
        chosen.remove("default");
        return chosen.isEmpty()
                ? "default"
                : String.join(
                        " ", SHUTDOWN_WORDS.stream().filter(chosen::contains).toList());
    }
}
