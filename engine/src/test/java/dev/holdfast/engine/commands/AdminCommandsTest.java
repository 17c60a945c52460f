package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** INFO, CONFIG, COMMAND, DEBUG, MEMORY and the other commands about the server as a whole. */
class AdminCommandsTest {
    private final TestStore store = new TestStore("enable-debug-command", "yes");

    @AfterEach
    void close() {
        store.close();
    }

    private String info(String... sections) {
        String[] words = new String[sections.length + 1];
        words[0] = "INFO";
        System.arraycopy(sections, 0, words, 1, sections.length);
        return String.valueOf(store.run(words));
    }

    // ---- INFO ----

    @Test
    void infoHasItsSectionsInValkeysOrder() {
        List<String> titles =
                info().lines().filter(line -> line.startsWith("# ")).toList();
        assertEquals(
                List.of(
                        "# Server",
                        "# Clients",
                        "# Memory",
                        "# Persistence",
                        "# Stats",
                        "# Replication",
                        "# CPU",
                        "# Modules",
                        "# Errorstats",
                        "# Cluster",
                        "# Keyspace"),
                titles);
        assertEquals("# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n", info("keyspace", "CLUSTER", "nonsense"));
        assertTrue(info("everything").contains("# Commandstats\r\n"));
        assertFalse(info("default").contains("# Commandstats\r\n"));
        assertEquals("", info("nonsense"));
    }

    @Test
    void infoCountsWhatCommandsDo() {
        store.run("SET", "a", "1");
        store.run("SET", "b", "1", "PX", "5000");
        store.run("GET", "a");
        store.run("GET", "none");
        store.error("LPUSH", "a", "1");
        store.error("GET");
        String stats = info("stats", "commandstats", "errorstats", "keyspace");
        assertTrue(stats.contains("\r\nkeyspace_hits:1\r\n"), stats);
        assertTrue(stats.contains("\r\nkeyspace_misses:1\r\n"), stats);
        assertTrue(stats.contains("\r\ncmdstat_set:calls=2,usec="), stats);
        assertTrue(stats.contains(",rejected_calls=1,failed_calls=0\r\n"), stats);
        assertTrue(stats.contains(",rejected_calls=0,failed_calls=1\r\n"), stats);
        assertTrue(stats.contains("\r\nerrorstat_WRONGTYPE:count=1\r\n"), stats);
        assertTrue(stats.contains("\r\ndb0:keys=2,expires=1,avg_ttl="), stats);
        store.error("AUTH", "nosuch", "secret");
        store.run("CONFIG", "RESETSTAT");
        assertTrue(info("stats").contains("\r\nkeyspace_hits:0\r\n"));
        assertTrue(info("stats").contains("\r\nacl_access_denied_auth:1\r\n"));
    }

    @Test
    void infoTellsSoManyErrorCodesApart() {
        for (int i = 0; i < 140; i++) {
            store.error("EVAL", "return server.error_reply(ARGV[1])", "0", "E" + i + " it");
        }
        store.error("SET", "a", "b", "nonsense");
        String errors = info("errorstats");
        assertTrue(errors.contains("\r\nerrorstat_E127:count=1\r\n"), errors);
        assertTrue(errors.contains("\r\nerrorstat_ERR:count=1\r\n"), errors);
        assertTrue(errors.contains("\r\nerrorstat_ERRORSTATS_OVERFLOW:count=12\r\n"), errors);
    }

    @Test
    void percentilesAreThoseAskedFor() {
        store.run("CONFIG", "SET", "latency-tracking-info-percentiles", "0.0 50.00 99.9");
        assertEquals(
                Map.of("latency-tracking-info-percentiles", "0 50 99.9"),
                store.run("CONFIG", "GET", "latency-tracking-info-percentiles"));
        store.run("KEYS", "*");
        String latency = info("latencystats");
        assertTrue(latency.matches("(?s).*_usec_keys:p0=[0-9.]+,p50=[0-9.]+,p99.9=[0-9.]+\r\n.*"), latency);
    }

    @Test
    void thePasswordIsShownNowhere() {
        store.run("CONFIG", "SET", "requirepass", "open sesame");
        assertFalse(info("everything").contains("sesame"));
    }

    // ---- CONFIG ----

    @Test
    void configGetTakesNamesAndPatterns() {
        assertEquals(Map.of("HZ", "10"), store.run("CONFIG", "GET", "HZ"));
        assertEquals(
                "{hash-max-listpack-entries=512, hash-max-ziplist-entries=512}",
                String.valueOf(store.run("CONFIG", "GET", "hash-max-*-entries", "nonsense")));
        assertEquals(Map.of(), store.run("CONFIG", "GET", "*debug-conte?t"));
        assertEquals(Map.of("debug-context", ""), store.run("CONFIG", "GET", "debug-context"));
    }

    @Test
    void configSetActs() {
        assertEquals("OK", store.run("CONFIG", "SET", "hash-max-listpack-entries", "1", "hz", "50"));
        store.run("HSET", "h", "a", "1", "b", "2");
        assertEquals("hashtable", store.run("OBJECT", "ENCODING", "h"));
        assertEquals(
                "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and"
                        + " 4294967295 inclusive",
                store.error("CONFIG", "SET", "hz", "10", "maxclients", "0"));
        assertEquals(Map.of("hz", "50"), store.run("CONFIG", "GET", "hz"));
        assertEquals("ERR syntax error", store.error("CONFIG", "SET", "hz", "10", "timeout"));
        assertEquals("ERR The server is running without a config file", store.error("CONFIG", "REWRITE"));
    }

    // ---- COMMAND ----

    @Test
    void everyCommandDescribesItself() {
        for (CommandSpec command : store.engine().commands().commands()) {
            assertFalse(command.summary().isEmpty(), command.name());
            assertFalse(command.complexity().isEmpty(), command.name());
            assertFalse(command.since().isEmpty(), command.name());
            assertTrue(command.arity() != 0, command.name());
            Map<?, ?> docs = assertInstanceOf(Map.class, store.run("COMMAND", "DOCS", command.name()));
            assertEquals(1, docs.size(), command.name());
        }
        int count = store.engine().commands().commands().size();
        assertEquals((long) count, store.run("COMMAND", "COUNT"));
        assertEquals(count, assertInstanceOf(List.class, store.run("COMMAND")).size());
    }

    @Test
    void docsGiveTheArgumentsAsATree() {
        assertEquals(
                "{getex={summary=" + summary("getex") + ", since=6.2.0, group=string, complexity=O(1), arguments=["
                        + "{name=key, type=key, display_text=key, key_spec_index=0}, "
                        + "{name=seconds, type=oneof, flags=[optional], arguments=["
                        + "{name=seconds, type=integer, display_text=seconds, token=EX}, "
                        + "{name=milliseconds, type=integer, display_text=milliseconds, token=PX}, "
                        + "{name=unix-time-seconds, type=unix-time, display_text=unix-time-seconds, token=EXAT}, "
                        + "{name=unix-time-milliseconds, type=unix-time, display_text=unix-time-milliseconds,"
                        + " token=PXAT}, "
                        + "{name=persist, type=pure-token, display_text=persist, token=PERSIST}]}]}}",
                String.valueOf(store.run("COMMAND", "DOCS", "GETEX")));
    }

    private String summary(String name) {
        CommandSpec command = store.engine().commands().find(name);
        return command == null ? "" : command.summary();
    }

    @Test
    void keysAreFoundInTheWordsOfACommand() {
        assertEquals(List.of("a", "c"), store.run("COMMAND", "GETKEYS", "MSET", "a", "b", "c", "d"));
        assertEquals(
                "[[d, [OW, update]], [a, [RO, access]], [b, [RO, access]]]",
                String.valueOf(store.run("COMMAND", "GETKEYSANDFLAGS", "ZUNIONSTORE", "d", "2", "a", "b")));
        assertEquals(
                "[[k, [RW, access, update]]]",
                String.valueOf(store.run("COMMAND", "GETKEYSANDFLAGS", "SET", "k", "v", "GET")));
        assertEquals("ERR Invalid command specified", store.error("COMMAND", "GETKEYS", "nonsense", "a"));
        assertEquals("ERR The command has no key arguments", store.error("COMMAND", "GETKEYS", "PING"));
        assertEquals("ERR Invalid number of arguments specified for command", store.error("COMMAND", "GETKEYS", "GET"));
        assertEquals(
                "ERR Invalid arguments specified for command",
                store.error("COMMAND", "GETKEYS", "LMPOP", "x", "a", "LEFT"));
    }

    @Test
    void commandsAreListedByPatternAndCategory() {
        assertEquals(
                List.of("config|get", "config|set"), store.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "config|?et"));
        assertTrue(String.valueOf(store.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "sortedset"))
                .contains("zadd"));
        assertEquals(List.of(), store.run("COMMAND", "LIST", "FILTERBY", "MODULE", "x"));
        assertEquals("ERR syntax error", store.error("COMMAND", "LIST", "FILTERBY", "NAME", "x"));
    }

    @Test
    void containersExplainThemselves() {
        List<?> help = assertInstanceOf(List.class, store.run("CONFIG", "HELP"));
        assertEquals("CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", help.getFirst());
        assertTrue(help.contains("SET parameter value [parameter value ...]"));
        assertEquals("    Print this help.", help.getLast());
        assertEquals("ERR unknown subcommand 'x'. Try CONFIG HELP.", store.error("CONFIG", "x"));
    }

    // ---- DEBUG ----

    @Test
    void debugIsOffUnlessAllowed() {
        try (TestStore other = new TestStore()) {
            assertEquals(
                    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run"
                            + " it from a local connection, otherwise you need to set this option in the configuration"
                            + " file, and then restart the server.",
                    other.error("DEBUG", "DIGEST"));
        }
        assertEquals(
                "ERR unknown subcommand or wrong number of arguments for 'sleep'. Try DEBUG HELP.",
                store.error("DEBUG", "sleep"));
    }

    /** The digests were taken from a Valkey 9.1 with the same data. */
    @Test
    void theDigestIsThatOfValkey() {
        assertEquals("0".repeat(40), store.run("DEBUG", "DIGEST"));
        store.run("SET", "s", "abc");
        store.run("RPUSH", "l", "a", "b", "1");
        store.run("SADD", "ss", "x", "2", "y");
        store.run("ZADD", "z", "1", "a", "2.5", "b", "-inf", "c");
        store.run("HSET", "h", "f", "v", "g", "1");
        assertEquals(ALL_DIGEST, store.run("DEBUG", "DIGEST"));
        assertEquals(
                List.of(VALUE_DIGESTS.split(" ")),
                store.run("DEBUG", "DIGEST-VALUE", "s", "l", "ss", "z", "h", "none"));
        store.run("CONFIG", "SET", "hash-max-listpack-entries", "0", "zset-max-listpack-entries", "0");
        store.run("COPY", "h", "h2");
        store.run("HSET", "h2", "g", "1");
        assertEquals("hashtable", store.run("OBJECT", "ENCODING", "h2"));
        assertEquals(store.run("DEBUG", "DIGEST-VALUE", "h"), store.run("DEBUG", "DIGEST-VALUE", "h2"));
    }

    private static final String ALL_DIGEST = "eb1363d92af44c3ef78c579bfb3870f79911c8d7";
    private static final String VALUE_DIGESTS =
            "21ffcd2d36aebffca02995acb412bcb827d4c1db " + "981fd62c1655c074205cff40b800bd5a5bfdcd41 "
                    + "eccffdbd2837a69a1e4b1375f1229f14c0974e6e " + "f2ad7cda97b68291b8199d655f83d19f6e41e93c "
                    + "6679ee22f89ed8001eeb5309d0900265ea56c03a " + "0000000000000000000000000000000000000000";

    @Test
    void populateMakesKeysThatAreMissing() {
        store.run("SET", "key:1", "kept");
        assertEquals("OK", store.run("DEBUG", "POPULATE", "3"));
        assertEquals("OK", store.run("DEBUG", "POPULATE", "1", "long", "20"));
        assertEquals(List.of("value:0", "kept", "value:2"), store.run("MGET", "key:0", "key:1", "key:2"));
        assertEquals(20L, store.run("STRLEN", "long:0"));
    }

    @Test
    void activeExpiryCanBeStopped() {
        store.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        store.run("SET", "a", "1", "PX", "10");
        store.clock().advance(100);
        assertEquals(1L, store.run("DBSIZE"));
        assertNull(store.run("GET", "a"));
        assertEquals("OK", store.run("DEBUG", "SET-ACTIVE-EXPIRE", "1"));
    }

    @Test
    void objectShowsHowAValueIsKept() {
        store.run("SET", "a", "1");
        assertTrue(
                String.valueOf(store.run("DEBUG", "OBJECT", "a"))
                        .matches(
                                "Value at:0x[0-9a-f]+ refcount:1 encoding:int serializedlength:\\d+ lru:\\d+ lru_seconds_idle:0"));
        assertEquals("ERR no such key", store.error("DEBUG", "OBJECT", "none"));
    }

    @Test
    void errorsAndProtocolExamples() {
        assertEquals("SOME error", store.error("DEBUG", "ERROR", "SOME error"));
        assertEquals("*3\r\n:0\r\n:1\r\n:2\r\n", store.resp2("DEBUG", "PROTOCOL", "set"));
        assertEquals("%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n", store.resp3("DEBUG", "PROTOCOL", "map"));
        assertEquals("(1234567999999999999999999999999999999\r\n", store.resp3("DEBUG", "PROTOCOL", "bignum"));
    }

    // ---- MEMORY and the rest ----

    @Test
    void memoryUsageGrowsWithTheValue() {
        assertNull(store.run("MEMORY", "USAGE", "a"));
        store.run("SET", "a", "x");
        long small = assertInstanceOf(Long.class, store.run("MEMORY", "USAGE", "a", "SAMPLES", "0"));
        store.run("APPEND", "a", "y".repeat(5000));
        long large = assertInstanceOf(Long.class, store.run("MEMORY", "USAGE", "a"));
        assertTrue(small > 0 && large > small + 5000 - 1, small + " " + large);
        assertEquals("ERR syntax error", store.error("MEMORY", "USAGE", "a", "SAMPLES", "-1"));
        Map<?, ?> stats = assertInstanceOf(Map.class, store.run("MEMORY", "STATS"));
        assertEquals(1L, stats.get("keys.count"));
        assertTrue(stats.containsKey("db.0"));
    }

    @Test
    void aPurgeCollectsWhatHasGoneSinceTheLastOne() {
        store.run("DEBUG", "POPULATE", "40000", "key", "900");
        store.run("MEMORY", "PURGE");
        long full = HeapRoom.usedBytes();
        store.run("FLUSHALL");
        store.run("MEMORY", "PURGE");
        long left = HeapRoom.usedBytes();
        assertTrue(left < full - (20 << 20), full + " " + left);
    }

    @Test
    void timeRoleAndFunctionFlush() {
        assertEquals(List.of("1800000000", "0"), store.run("TIME"));
        assertEquals(List.of("master", 0L, List.of()), store.run("ROLE"));
        assertEquals("OK", store.run("FUNCTION", "FLUSH", "ASYNC"));
        assertEquals("ERR FUNCTION FLUSH only supports SYNC|ASYNC option", store.error("FUNCTION", "FLUSH", "x"));
        assertTrue(String.valueOf(store.run("LOLWUT")).contains("Valkey ver. 9.1.0"));
    }

    @Test
    void shutdownAsksTheHost() {
        StringBuilder asked = new StringBuilder();
        store.engine().setHost(asked::append);
        assertEquals("ERR syntax error", store.error("SHUTDOWN", "SAVE", "NOSAVE"));
        assertEquals("ERR No shutdown in progress.", store.error("SHUTDOWN", "ABORT"));
        assertEquals("", asked.toString());
        store.run("MULTI");
        assertEquals("ERR Command 'shutdown' not allowed inside a transaction", store.error("SHUTDOWN"));
        store.run("DISCARD");
        assertEquals("", store.resp2("SHUTDOWN", "NOSAVE"));
        assertEquals("User requested shutdown...", asked.toString());
    }
}
