package dev.holdfast.engine.config;

/**
 * The parameters that are accepted, checked and shown, so that an existing {@code valkey.conf} loads, but that change nothing:
 * because what they control does not exist yet, or because a JVM does it by itself. {@code docs/configuration.md} lists
 * them. A parameter that gains an effect moves to a field of the class of its theme.
 */
final class IdleParameters {
    private IdleParameters() {}

    static void declare(Config config) {
        engine(config);
        program(config);
        network(config);
        replication(config);
        cluster(config);
    }

    /** What has no counterpart in a JVM or is decided otherwise. */
    private static void engine(Config config) {
        config.idle(config.flag("activerehashing", true));
        config.idle(config.flag("lazyfree-lazy-user-del", true));
        config.idle(config.flag("lazyfree-lazy-user-flush", true));
        config.idle(config.number("list-compress-depth", 0, 0, Integer.MAX_VALUE));
        config.idle(config.flag("jemalloc-bg-thread", true));
        config.idle(config.number("active-defrag-cycle-min", 1, 1, 99));
        config.idle(config.number("active-defrag-cycle-max", 25, 1, 99));
        config.idle(config.number("active-defrag-threshold-lower", 10, 0, 1000));
        config.idle(config.number("active-defrag-threshold-upper", 100, 0, 1000));
        config.idle(config.number("active-defrag-cycle-us", 500, 0, 100000));
        config.idle(config.bytes("active-defrag-ignore-bytes", 100L << 20, 1, Long.MAX_VALUE));
        config.idle(config.number("active-defrag-max-scan-fields", 1000, 1, Long.MAX_VALUE));
        config.idle(config.immutable(config.text("hash-seed", "", text -> text)));
        config.hidden(config.idle(config.text("debug-context", "", text -> text)));
    }

    private static String titleTemplate(String text) throws ConfigException {
        String variable = "\\{(title|listen-addr|server-mode|config-file|port|tls-port|unixsocket)}";
        String rest = text.replaceAll(variable, "");
        if (text.isBlank() || rest.indexOf('{') >= 0) {
            throw new ConfigException("template format is invalid or contains unknown variables");
        }
        return text;
    }

    private static String scores(String text) throws ConfigException {
        String[] words = text.strip().split("\\s+");
        if (words.length != 3) {
            throw new ConfigException("wrong number of arguments");
        }
        for (String word : words) {
            if (!word.matches("[+-]?0*\\d{1,4}") || Math.abs(Integer.parseInt(word)) > 2000) {
                throw new ConfigException("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
            }
        }
        return String.join(" ", words);
    }

    /** Takes what looks like the name of a locale; which of them a system has, another may not. */
    private static String locale(String text) throws ConfigException {
        if (!text.matches("|C|POSIX|C\\.[\\w-]+|[a-z]{2,3}(_[A-Z]{2})?(\\.[\\w-]+)?(@\\w+)?")) {
            throw new ConfigException("Invalid locale name");
        }
        return text;
    }

    /** The process and its log. */
    private static void program(Config config) {
        config.idle(config.immutable(config.flag("always-show-logo", false)));
        config.idle(config.immutable(config.flag("set-proc-title", true)));
        config.idle(config.text(
                "proc-title-template", "{title} {listen-addr} {server-mode}", IdleParameters::titleTemplate));
        config.idle(config.flag("crash-log-enabled", true));
        config.idle(config.flag("crash-memcheck-enabled", true));
        config.idle(config.hidden(config.flag("use-exit-on-panic", false)));
        config.idle(config.immutable(config.flag("disable-thp", true)));
        config.idle(config.hidden(config.immutable(config.flag("enable-debug-assert", false))));
        config.idle(config.flag("hide-user-data-from-log", true));
        config.idle(config.immutable(config.choice("supervised", "no", "upstart", "systemd", "auto", "no")));
        config.idle(config.immutable(config.text("syslog-ident", "valkey", text -> text)));
        config.idle(config.immutable(config.choice(
                "syslog-facility",
                "local0",
                "user",
                "local0",
                "local1",
                "local2",
                "local3",
                "local4",
                "local5",
                "local6",
                "local7")));
        config.idle(config.choice("oom-score-adj", "no", "no", "yes", "relative", "absolute"));
        config.idle(config.manyWords(config.text("oom-score-adj-values", "0 200 800", IdleParameters::scores)));
        config.idle(config.text("ignore-warnings", "", text -> text));
        config.idle(config.text("locale-collate", "", IdleParameters::locale));
        config.idle(config.hidden(config.number("watchdog-period", 0, 0, Integer.MAX_VALUE)));
        config.idle(config.immutable(config.text("server-cpulist", "", text -> text, "server_cpulist")));
        config.idle(config.immutable(config.text("bio-cpulist", "", text -> text, "bio_cpulist")));
        config.idle(config.immutable(config.text("aof-rewrite-cpulist", "", text -> text, "aof_rewrite_cpulist")));
        config.idle(config.immutable(config.text("bgsave-cpulist", "", text -> text, "bgsave_cpulist")));
    }

    /** Sockets. */
    private static void network(Config config) {
        config.idle(config.immutable(config.text("unixsocketgroup", "", text -> text)));
        config.idle(config.text("bind-source-addr", "", text -> text));
        config.idle(config.immutable(config.number("socket-mark-id", 0, 0, 0xFFFFFFFFL)));
        config.idle(config.immutable(config.flag("mptcp", false)));
        config.idle(config.number("max-new-connections-per-cycle", 10, 1, 1000));
        config.idle(config.number("max-new-tls-connections-per-cycle", 1, 1, 1000));
        config.idle(config.text("tls-dh-params-file", "", text -> text));
        config.idle(config.number("prefetch-batch-max-size", 16, 0, 128));
        config.idle(config.hidden(config.flag("io-threads-always-active", false)));
        config.idle(config.hidden(config.number("min-io-threads-avoid-copy-reply", 7, 0, Integer.MAX_VALUE)));
        config.idle(config.hidden(config.number("min-string-size-avoid-copy-reply", 16384, 0, Integer.MAX_VALUE)));
        config.idle(
                config.hidden(config.number("min-string-size-avoid-copy-reply-threaded", 65536, 0, Integer.MAX_VALUE)));
    }

    /** Replication. */
    private static void replication(Config config) {
        config.idle(config.flag("replica-lazy-flush", true, "slave-lazy-flush"));
        config.idle(config.flag("replica-ignore-disk-write-errors", false));
        config.idle(config.flag("repl-disable-tcp-nodelay", false));
        config.idle(config.immutable(config.flag("repl-mptcp", false)));
    }

    /** Cluster. */
    private static void cluster(Config config) {
        config.idle(config.flag("cluster-require-full-coverage", true));
        config.idle(config.flag("cluster-replica-no-failover", false, "cluster-slave-no-failover"));
        config.idle(config.flag("cluster-allow-reads-when-down", false));
        config.idle(config.flag("cluster-allow-pubsubshard-when-down", true));
        config.idle(config.flag("cluster-allow-replica-migration", true));
        config.idle(config.flag("cluster-slot-stats-enabled", false));
        config.idle(config.number(
                "cluster-replica-validity-factor", 10, 0, Integer.MAX_VALUE, "cluster-slave-validity-factor"));
        config.idle(config.number("cluster-migration-barrier", 1, 0, Integer.MAX_VALUE));
        config.idle(config.text("cluster-announce-human-nodename", "", text -> text));
        config.idle(config.immutable(config.text("cluster-config-file", "nodes.conf", text -> text)));
        config.idle(config.number("cluster-node-timeout", 15000, 0, Long.MAX_VALUE));
        config.idle(config.hidden(config.number("cluster-ping-interval", 0, 0, Long.MAX_VALUE)));
        config.idle(config.hidden(config.number("cluster-message-gossip-perc", 10, 1, 100)));
        config.idle(config.number("cluster-blacklist-ttl", 60, Long.MIN_VALUE, Long.MAX_VALUE));
        config.idle(config.number("cluster-slot-migration-log-max-len", 1000, 0, Long.MAX_VALUE));
        config.idle(config.number("cluster-manual-failover-timeout", 5000, 1, Integer.MAX_VALUE));
        config.idle(config.add(new NumberParameter(
                "cluster-link-sendbuf-limit", 0, 0, Long.MAX_VALUE, NumberParameter.Unit.UNSIGNED_BYTES)));
        config.idle(config.signedBytes("slot-migration-max-failover-repl-bytes", 0, -1, Long.MAX_VALUE));
        config.idle(config.choice("cluster-config-save-behavior", "sync", "sync", "best-effort"));
    }
}
