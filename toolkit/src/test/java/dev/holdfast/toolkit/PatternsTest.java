package dev.holdfast.toolkit;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking.Submit;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.Topic;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What all patterns have in common: health and metrics, as they are written down. */
class PatternsTest {
    private static final Path PAGE = Path.of("..", "docs", "toolkit", "README.md");

    /** Every pattern at work under the name {@code it}; each has done something. */
    private static void work(Toolkit toolkit) throws InterruptedException {
        toolkit.cache("it", String.class).build().get("k", key -> "v");
        toolkit.mapCache("it").build().get("k", key -> Map.of("f", "v"));
        toolkit.sessions("it").build().create().save();
        toolkit.rateLimiter("it")
                .limit(Limit.fixedWindow(1, Duration.ofMinutes(1)))
                .build()
                .tryAcquire("a");
        toolkit.ranking("it").build().submit("ada", 1, Submit.SET);
        try (Lease lease = toolkit.locks().mutex("it").acquire()) {
            assertTrue(lease.isHeld());
        }
        CountDownLatch handled = new CountDownLatch(5);
        ReliableQueue<String> queue = toolkit.queue("it", String.class).build();
        queue.put("high", "m");
        queue.consume(1, delivery -> handled.countDown());
        StreamTasks<String> stream = toolkit.streamTasks("it", String.class).build();
        stream.add("e");
        stream.consume(entry -> handled.countDown());
        var jobs = toolkit.jobs("it").queue("default", 1).build();
        jobs.add(NewJob.of("j", "payload"));
        jobs.worker()
                .handle("j", String.class, job -> handled.countDown())
                .concurrency(1)
                .start();
        Topic<String> topic = toolkit.topic("it", String.class);
        topic.subscribe((channel, message) -> handled.countDown());
        topic.publish("m");
        DurableTopic<String> durable = toolkit.durableTopic("it", String.class).build();
        durable.publish("m");
        durable.read("r", DurableTopic.Start.OLDEST, (id, message) -> handled.countDown());
        assertTrue(handled.await(30, TimeUnit.SECONDS), "all have been handled");
    }

    /** The kinds, and the metrics of each, in the table of the documentation. */
    private static Set<String> documented() throws IOException {
        Set<String> metrics = new TreeSet<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("| `holdfast.")) {
                String[] cells = line.split("\\|");
                String prefix = cells[1].strip().replace("`", "");
                List<String> names = new ArrayList<>();
                java.util.regex.Pattern.compile("`([a-z.]+)[^`]*`")
                        .matcher(cells[2])
                        .results()
                        .map((MatchResult found) -> found.group(1))
                        .forEach(names::add);
                if (!prefix.equals("holdfast.store")) { // A store in this JVM has none.
                    names.forEach(name -> metrics.add(prefix + "." + name));
                }
            }
        }
        return metrics;
    }

    @Test
    void eachHasHealthAndTheMetricsThatAreWrittenDown() throws Exception {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Toolkit toolkit = Toolkit.builder().meters(meters).open("embedded:")) {
            work(toolkit);
            Map<String, Health> health = toolkit.health();
            assertEquals(
                    List.of(
                            "cache:it",
                            "durabletopic:it",
                            "jobs:it",
                            "limiter:it",
                            "lock:all",
                            "mapcache:it",
                            "queue:it",
                            "ranking:it",
                            "sessions:it",
                            "store",
                            "stream:it",
                            "topic:it"),
                    List.copyOf(health.keySet()));
            health.forEach((name, it) -> assertTrue(it.up(), () -> name + " is down: " + it.details()));
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertEquals(documented(), names(meters)));
        }
    }

    private static Set<String> names(SimpleMeterRegistry meters) {
        Set<String> names = new TreeSet<>();
        meters.getMeters().forEach(meter -> names.add(meter.getId().getName()));
        return names;
    }

    /** A test that a page names is there. */
    @Test
    void theTestsThatThePagesNameAreThere() throws IOException {
        java.util.regex.Pattern named = java.util.regex.Pattern.compile("`(\\w+(?:Contract|Test))(?:\\.(\\w+))?`");
        List<Path> sources;
        try (Stream<Path> tree = Files.walk(Path.of("src", "test", "java"))) {
            sources = tree.toList();
        }
        try (Stream<Path> pages = Files.list(PAGE.getParent())) {
            for (Path page : pages.toList()) {
                for (MatchResult found :
                        named.matcher(Files.readString(page)).results().toList()) {
                    Path source = sources.stream()
                            .filter(path -> path.endsWith(found.group(1) + ".java"))
                            .findFirst()
                            .orElseThrow(() -> new AssertionError(page + " names " + found.group()));
                    String method = found.group(2) == null ? "" : " " + found.group(2) + "(";
                    assertTrue(Files.readString(source).contains(method), () -> page + " names " + found.group());
                }
            }
        }
    }

    @Test
    void whatIsClosedIsReadNoMore() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Toolkit toolkit = Toolkit.builder().meters(meters).open("embedded:")) {
            for (int i = 1; i <= 2; i++) {
                var cache = toolkit.cache("it", String.class).build();
                cache.put("k" + i, "v");
                Gauge size = meters.get("holdfast.cache.near.size").gauge();
                assertEquals(1, size.value(), "it is the present one that is read");
                cache.close();
                assertEquals(0, meters.find("holdfast.cache.near.size").gauges().size());
                assertEquals(Set.of("store"), toolkit.health().keySet());
            }
        }
    }

    @Test
    void theStoresHealthHasItsFigures() {
        try (Toolkit toolkit = Toolkit.open("embedded:?db=8")) {
            toolkit.store().call("SET", "a", "1");
            Map<String, Object> details = toolkit.store().health().details();
            assertEquals(1L, details.get("keys"));
            assertEquals(1L, details.get("keys.db8"));
            assertTrue(details.containsKey("clients.connected"), () -> "clients: " + details);
            assertEquals("noeviction", details.get("memory.policy"));
        }
    }

    @Test
    void patternsThatMustNotBeEvictedSaySo() {
        try (Toolkit toolkit = Toolkit.open("embedded:")) {
            List<Pattern> kept = List.of(
                    toolkit.jobs("j").queue("default", 1).build(),
                    toolkit.queue("q", String.class).build(),
                    toolkit.streamTasks("s", String.class).build(),
                    toolkit.durableTopic("t", String.class).build());
            kept.forEach(pattern -> assertTrue(pattern.isOnlyCopy(), pattern.kind()));
            assertEquals(false, toolkit.cache("c", String.class).build().isOnlyCopy());
        }
    }
}
