package dev.holdfast.relay.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The bundle that is committed is what console/build.mjs makes of the sources beside it. */
class BundleTest {
    private static final Path CONSOLE = Path.of("..", "console");

    private static byte[] bundled(String name) throws IOException {
        try (InputStream in = Frame.class.getResourceAsStream(name)) {
            assertNotNull(in, name);
            return in.readAllBytes();
        }
    }

    @Test
    void itIsMadeOfTheseSources() throws Exception {
        TreeSet<String> names = new TreeSet<>(List.of("package-lock.json", "build.mjs"));
        try (Stream<Path> sources = Files.list(CONSOLE.resolve("src"))) {
            sources.forEach(source -> names.add("src/" + source.getFileName()));
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (String name : names) {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            digest.update(Files.readAllBytes(CONSOLE.resolve(name)));
            digest.update((byte) 0);
        }
        assertEquals(
                HexFormat.of().formatHex(digest.digest()),
                new String(bundled("bundle.sha256"), StandardCharsets.US_ASCII).strip(),
                "the console's sources have changed: cd console && npm ci && node build.mjs");
    }

    @Test
    void itIsSmall() throws Exception {
        int bytes = 0;
        for (String name : List.of("index.html", "app.js", "app.css", "icon.svg")) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
                gzip.write(bundled(name));
            }
            bytes += packed.size();
        }
        assertTrue(bytes < 100_000, bytes + " bytes compressed");
    }

    /** The policy forbids what the page would have to be trusted for. */
    @Test
    void thePageHasNothingInline() throws Exception {
        String page = new String(bundled("index.html"), StandardCharsets.UTF_8);
        assertTrue(!page.contains("style=") && !page.contains("onload=") && page.contains("<script src="), page);
    }
}
