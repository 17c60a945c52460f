package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    private final Config config = new Config();

    @TempDir
    private Path folder = Path.of("");

    private @Nullable Path apply(String... arguments) throws IOException, ConfigException {
        return applyWithInput("", arguments);
    }

    private @Nullable Path applyWithInput(String input, String... arguments) throws IOException, ConfigException {
        return ConfigFile.apply(
                config, List.of(arguments), new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    }

    private String get(String name) {
        return Objects.requireNonNull(config.find(name), name).text();
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    @Test
    void optionsComeAfterTheFileAndTheInputAndTheLastCounts() throws IOException, ConfigException {
        String file =
                file("valkey.conf", "port 1\ntimeout 1\n  HZ   20 # not a comment\n".replace(" # not a comment", ""));
        Path read = applyWithInput("port 2\ntimeout 2\n", file, "--port", "3", "-");
        assertEquals(Path.of(file), read);
        assertEquals("3", get("port"));
        assertEquals("2", get("timeout"));
        assertEquals("20", get("hz"));
    }

    @Test
    void optionsMayHaveSeveralValuesOrOneArgumentForAll() throws IOException, ConfigException {
        assertNull(apply(
                "--save",
                "60",
                "1000",
                "--client-output-buffer-limit",
                "pubsub",
                "1",
                "2",
                "3",
                "--port 7000",
                "--requirepass",
                "--dashes",
                "--bind",
                "127.0.0.1 -::1"));
        assertEquals("60 1000", get("save"));
        assertTrue(get("client-output-buffer-limit").endsWith("pubsub 1 2 3"));
        assertEquals("7000", get("port"));
        assertEquals("--dashes", get("requirepass"));
        assertEquals("127.0.0.1 -::1", get("bind"));
    }

    @Test
    void anOptionSaveWithoutValueMeansNoSnapshots() throws IOException, ConfigException {
        apply("--save", "--port", "1");
        assertEquals("", get("save"));
        assertEquals("1", get("port"));
        config.load("save", List.of("1", "1"));
        apply("--port", "1", "--save");
        assertEquals("", get("save"));
    }

    @Test
    void filesIncludeOthersByNameOrPattern() throws IOException, ConfigException {
        file("a.inc", "timeout 5\n");
        file("b.inc", "hz 30");
        apply(file("valkey.conf", "include " + folder + "/*.inc\ninclude " + folder + "/none*\nport 4\n"));
        assertEquals("5", get("timeout"));
        assertEquals("30", get("hz"));
        String missing = folder + "/missing";
        assertEquals(
                "Fatal error, can't open config file '" + missing + "': No such file or directory",
                assertThrows(IOException.class, () -> apply(file("x.conf", "include " + missing)))
                        .getMessage());
    }

    @Test
    void quotesEnclosePartsOfWords() throws IOException, ConfigException {
        apply(file("valkey.conf", "requirepass \"a b\\x41\\n\"\npidfile '/tmp/it''s'\n"));
        assertEquals("a bA\n", get("requirepass"));
        assertEquals("/tmp/its", get("pidfile"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port abc|argument couldn't be parsed into an integer",
                "port 1 2|wrong number of arguments",
                "nonsense 1|Bad directive or wrong number of arguments",
                "port \"1|Unbalanced quotes in configuration line",
                "rename-command FLUSHALL|Bad directive or wrong number of arguments",
                "replicaof localhost x|Invalid primary port",
            })
    void aWrongLineIsShown(String line, String reason) throws IOException {
        String file = file("valkey.conf", "# first\n\n" + line + "\nport 9\n");
        assertEquals(
                "\n*** FATAL CONFIG FILE ERROR (Version development) ***\nReading the configuration file, at line 3\n"
                        + ">>> '" + line + "'\n" + reason,
                assertThrows(ConfigException.class, () -> apply(file)).getMessage());
    }

    @Test
    void aPasswordIsNotShown() throws IOException {
        String file = file("valkey.conf", "requirepass open sesame\n");
        String message = assertThrows(ConfigException.class, () -> apply(file)).getMessage();
        assertFalse(message.contains("sesame"), message);
    }

    /** The lines of a document that an existing installation may have, all of which must be accepted. */
    @Test
    void theUsualLinesAreAccepted() throws IOException, ConfigException {
        apply(file("valkey.conf", """
                maxmemory 2gb
                maxmemory-policy allkeys-lru
                maxmemory-samples 5
                lazyfree-lazy-eviction yes
                appendonly yes
                appendfsync everysec
                no-appendfsync-on-rewrite no
                auto-aof-rewrite-percentage 100
                auto-aof-rewrite-min-size 64mb
                save 900 1
                save 300 10
                save 60 10000
                tcp-backlog 511
                timeout 0
                tcp-keepalive 300
                io-threads 4
                io-threads-do-reads yes
                client-output-buffer-limit normal 0 0 0
                client-output-buffer-limit replica 256mb 64mb 60
                client-output-buffer-limit pubsub 32mb 8mb 60
                daemonize no
                supervised systemd
                slowlog-log-slower-than 10000
                dynamic-hz yes
                """));
        assertEquals("2147483648", get("maxmemory"));
        assertEquals("900 1 300 10 60 10000", get("save"));
        assertEquals("4", get("io-threads"));
    }
}
