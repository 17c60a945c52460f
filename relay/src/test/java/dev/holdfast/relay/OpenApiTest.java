package dev.holdfast.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.topic.RelaySettings;
import dev.holdfast.toolkit.Toolkit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/openapi.yaml lists what is served, and nothing else. */
class OpenApiTest {
    @Test
    void theDescriptionListsEveryRoute() throws Exception {
        Set<String> described = new TreeSet<>();
        String path = "";
        for (String line : Files.readAllLines(Path.of("..", "docs", "openapi.yaml"))) {
            Matcher pathLine = Pattern.compile("  (/\\S*):").matcher(line);
            Matcher methodLine =
                    Pattern.compile("    (get|post|put|delete|patch):").matcher(line);
            if (pathLine.matches()) {
                path = pathLine.group(1);
            } else if (methodLine.matches()) {
                described.add(methodLine.group(1).toUpperCase(java.util.Locale.ROOT) + " " + path);
            }
        }
        try (Holdfast store = Holdfast.open();
                Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.over(toolkit)
                        .relay(new Login(toolkit, "0123456789abcdef0123456789abcdef"), RelaySettings.DEFAULT)
                        .build()) {
            assertEquals(new TreeSet<>(face.routes()), described);
        }
    }
}
