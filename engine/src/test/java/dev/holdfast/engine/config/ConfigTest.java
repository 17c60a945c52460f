package dev.holdfast.engine.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
    private final Config config = new Config();

    private String get(String name) {
        return Objects.requireNonNull(config.find(name), name).text();
    }

    private String refusal(String... namesAndValues) {
        return assertThrows(ConfigException.class, () -> config.change(List.of(namesAndValues), false))
                .getMessage();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hz|x|argument couldn't be parsed into an integer",
                "hz|01|argument couldn't be parsed into an integer",
                "hz|-1|argument must be between 0 and 2147483647 inclusive",
                "port|65536|argument must be between 0 and 65535 inclusive",
                "maxmemory|10xb|argument must be a memory value",
                "maxmemory|-1|argument must be a memory value",
                "maxmemory-clients|101%|percentage argument must be less or equal to 100",
                "maxmemory-clients|x%|argument must be a memory or percent value",
                "appendonly|on|argument must be 'yes' or 'no'",
                "appendfsync|often|argument(s) must be one of the following: everysec, always, no",
                "save|1|Invalid save parameters",
                "save|0 1|Invalid save parameters",
                "client-output-buffer-limit|normal 1 2|Wrong number of arguments in buffer limit configuration.",
                "client-output-buffer-limit|master 1 2 3|Invalid client class specified in buffer limit configuration.",
                "client-output-buffer-limit|normal 1x 2 3|Error in hard, soft or soft_seconds setting in buffer limit"
                        + " configuration.",
                "notify-keyspace-events|Q|Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
                "shutdown-on-sigterm|save nosave|shutdown options SAVE and NOSAVE can't be used simultaneously",
                "latency-tracking-info-percentiles|101|latency-tracking-info-percentiles parameters should sit between"
                        + " [0.0,100.0]",
                "databases|3|can't set immutable config",
                "dir|/tmp|can't set protected config",
            })
    void valuesAreRefusedInValkeysWords(String name, String value, String reason) {
        String before = get(name);
        assertEquals(
                "CONFIG SET failed (possibly related to argument '" + name + "') - " + reason, refusal(name, value));
        assertEquals(before, get(name));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "maxmemory|1GB|1073741824",
                "maxmemory|1g|1000000000",
                "maxmemory|100b|100",
                "maxmemory-clients|5%|5%",
                "hz|0|1",
                "hz|1000|500",
                "appendonly|YES|yes",
                "loglevel|Verbose|verbose",
                "tls-auth-clients-user|cn|CN",
                "slowlog-max-len|5|5",
                "save|60 1000 1 0|60 1000 1 0",
                "notify-keyspace-events|KEA|AKE",
                "client-output-buffer-limit|pubsub 1mb 2kb 3|normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 2048 3",
                "shutdown-on-sigint|now nosave|nosave now",
            })
    void valuesAreKeptInTheirCanonicalForm(String name, String value, String kept) throws ConfigException {
        config.change(List.of(name, value), false);
        assertEquals(kept, get(name));
    }

    @Test
    void aliasesAreOtherNamesOfTheSame() throws ConfigException {
        config.change(List.of("hash-max-ziplist-entries", "7"), false);
        assertEquals(7, config.hashMaxListpackEntries.get());
        assertEquals("7", get("HASH-MAX-LISTPACK-ENTRIES"));
    }

    /** What a real Valkey refuses must be refused, or it could not load what CONFIG REWRITE writes; and the other way round. */
    @Test
    void takesWhatValkeyTakesAndNothingElse() throws ConfigException {
        List<List<String>> taken = List.of(
                List.of("cluster-announce-client-ipv4", "1.2.3.4", "1.2.3.4"),
                List.of("cluster-announce-client-ipv4", "", ""),
                List.of("cluster-announce-client-ipv6", "::ffff:1.2.3.4", "::ffff:1.2.3.4"),
                List.of("cluster-announce-client-ipv6", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
                List.of("cluster-announce-client-ipv6", "::", "::"),
                List.of("oom-score-adj-values", "-2000 1  2", "-2000 1 2"),
                List.of("locale-collate", "en_US.UTF-8", "en_US.UTF-8"),
                List.of("proc-title-template", "{title} on {port}", "{title} on {port}"),
                List.of("client-output-buffer-limit", "", get("client-output-buffer-limit")),
                List.of("cluster-blacklist-ttl", "-1", "-1"),
                List.of("slot-migration-max-failover-repl-bytes", "-1", "-1"),
                List.of("slot-migration-max-failover-repl-bytes", "1kb", "1024"),
                List.of("repl-backlog-size", "1", "16384"),
                List.of("proto-max-bulk-len", "8gb", "8589934592"));
        for (List<String> parameter : taken) {
            config.change(parameter.subList(0, 2), false);
            assertEquals(parameter.get(2), get(parameter.get(0)), parameter.get(0));
        }
        assertEquals(Integer.MAX_VALUE - (1L << 20), config.maxStringBytes());
        List<List<String>> refused = List.of(
                List.of("cluster-announce-client-ipv4", "1.2.3", "Invalid IPv4 address"),
                List.of("cluster-announce-client-ipv4", "localhost", "Invalid IPv4 address"),
                List.of("cluster-announce-client-ipv6", "1.2.3.4", "Invalid IPv6 address"),
                List.of("cluster-announce-client-ipv6", "1:2:3", "Invalid IPv6 address"),
                List.of("cluster-announce-client-ipv6", ":::", "Invalid IPv6 address"),
                List.of("cluster-announce-client-ipv6", "1::2::3", "Invalid IPv6 address"),
                List.of("cluster-announce-client-ipv6", "1:2:3:4:5:6:7::8", "Invalid IPv6 address"),
                List.of("cluster-announce-client-ipv6", "12345::", "Invalid IPv6 address"),
                List.of("cluster-announce-client-ipv6", "fe80::1%lo", "Invalid IPv6 address"),
                List.of("oom-score-adj-values", "1 2", "wrong number of arguments"),
                List.of(
                        "oom-score-adj-values",
                        "1 2 2001",
                        "Invalid oom-score-adj-values, elements must be between -2000 and 2000."),
                List.of("locale-collate", "some value", "Invalid locale name"),
                List.of(
                        "proc-title-template",
                        "{nonsense}",
                        "template format is invalid or contains unknown variables"),
                List.of(
                        "slot-migration-max-failover-repl-bytes",
                        "-2",
                        "argument must be between -1 and 9223372036854775807 inclusive"));
        for (List<String> parameter : refused) {
            assertEquals(
                    "CONFIG SET failed (possibly related to argument '" + parameter.get(0) + "') - " + parameter.get(2),
                    refusal(parameter.get(0), parameter.get(1)));
        }
    }

    @Test
    void aChangeOfSeveralIsAllOrNothing() {
        assertEquals(
                "CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer",
                refusal("timeout", "5", "maxclients", "9", "hz", "many"));
        assertEquals("0", get("timeout"));
        assertEquals("10000", get("maxclients"));
        assertEquals(
                "CONFIG SET failed (possibly related to argument 'slowlog-max-len') - duplicate parameter",
                refusal("commandlog-slow-execution-max-len", "5", "slowlog-max-len", "6"));
        assertEquals(
                "Unknown option or number of arguments for CONFIG SET - 'nonsense'",
                refusal("timeout", "5", "nonsense", "1"));
        assertEquals("0", get("timeout"));
    }

    @Test
    void whatCannotActOnAChangeTakesItBack() {
        List<String> seen = new ArrayList<>();
        config.network.timeout.onChange(() -> seen.add("timeout " + config.network.timeout.get()));
        config.network.port.onChange(() -> {
            seen.add("port " + config.network.port.get());
            if (config.network.port.get() == 1) {
                throw new ConfigException("the port is taken");
            }
        });
        assertEquals(
                "CONFIG SET failed (possibly related to argument 'port') - the port is taken",
                refusal("timeout", "5", "port", "1"));
        assertEquals(List.of("timeout 5", "port 1", "timeout 0", "port 6379"), seen);
    }

    @Test
    void linesOfAFileMayGiveSeveralWordsOnlyWhereTheyBelongTogether() throws ConfigException {
        config.load("save", List.of("60", "1"));
        config.load("save", List.of("10", "5"));
        assertEquals("60 1 10 5", get("save"));
        config.load("save", List.of(""));
        assertEquals("", get("save"));
        assertEquals(
                "wrong number of arguments",
                assertThrows(ConfigException.class, () -> config.load("port", List.of("1", "2")))
                        .getMessage());
        config.load("databases", List.of("3"));
        assertEquals(3, config.databases.get());
    }

    @Test
    void whatHasNoEffectIsListedForUsers() throws IOException {
        String page = Files.readString(Path.of("../docs/configuration.md"));
        TreeSet<String> missing = new TreeSet<>();
        for (Parameter parameter : config.parameters()) {
            if (parameter.isIdle() && !page.contains("`" + parameter.name() + "`")) {
                missing.add(parameter.name());
            }
        }
        assertTrue(missing.isEmpty(), "docs/configuration.md does not list " + missing);
    }
}
