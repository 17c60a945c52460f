package dev.holdfast.toolkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.lock.Lease;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A program in whose class path there is the toolkit, and nothing of what only some of its uses need. */
class LeanTest {
    private static final Pattern OPTIONAL =
            Pattern.compile("lettuce|netty|jackson|micrometer|resilience4j|cache-api|vavr");

    /** Where the classes of the toolkit's neighbours are, without libraries that it does not need here. */
    private static String classPath() {
        String all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(all.split(Pattern.quote(File.pathSeparator)))
                .filter(entry -> !OPTIONAL.matcher(entry).find())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The program. It says what it has seen, line by line. */
    static final class Main {
        private record User(String name) {}

        private Main() {}

        public static void main(String[] words) {
            try (Toolkit toolkit = Toolkit.open("embedded:")) {
                try (Lease lease = toolkit.locks().mutex("lock").acquire()) {
                    System.out.println("lock " + lease.isHeld());
                }
                System.out.println("limit "
                        + toolkit.rateLimiter("limit")
                                .limit(Limit.tokenBucket(1, Duration.ofMinutes(1)))
                                .build()
                                .tryAcquire("me")
                                .allowed());
                Cache<String> texts = toolkit.cache("texts", String.class).build();
                System.out.println("cache " + texts.get("key", key -> "loaded"));
                System.out.println("codec "
                        + toolkit.cache("own", Codecs.of((Long number) -> new byte[number.intValue()], bytes ->
                                        (long) bytes.length))
                                .build()
                                .get("key", key -> 3L));
                toolkit.queue("queue", String.class).build().put("high", "message");
                System.out.println("queue "
                        + toolkit.queue("queue", String.class)
                                .build()
                                .take()
                                .orElseThrow()
                                .message());
                toolkit.sessions("session:").build().create().set("number", 1).save();
                toolkit.ranking("ranking").build().add("ada", 1);
                System.out.println("health " + toolkit.store().health().up());
                needs(() -> toolkit.cache("users", User.class).build().put("ada", new User("ada")));
                needs(() -> toolkit.jobs("jobs").build());
                needs(() -> toolkit.context().meters());
            }
            needs(() -> Toolkit.open("redis://127.0.0.1:1"));
        }

        private static void needs(Runnable call) {
            try {
                call.run();
                System.out.println("nothing is missing");
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void anEmbeddedStoreNeedsNoLibraryThatItDoesNotUse() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath(),
                Main.class.getName());
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<String> lines =
                output.lines().filter(line -> !line.startsWith("WARNING")).toList();
        String end = " on the class path, or its module among those that are resolved";
        assertEquals(
                List.of(
                        "lock true",
                        "limit true",
                        "cache loaded",
                        "codec 3",
                        "queue message",
                        "health true",
                        "JSON needs tools.jackson.core:jackson-databind" + end,
                        "a set of jobs needs tools.jackson.core:jackson-databind" + end,
                        "a registry of metrics needs io.micrometer:micrometer-core" + end,
                        "a store elsewhere needs io.lettuce:lettuce-core" + end),
                lines,
                output);
        assertEquals(0, process.waitFor(), output);
    }
}
