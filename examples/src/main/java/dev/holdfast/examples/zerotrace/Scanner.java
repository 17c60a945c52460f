package dev.holdfast.examples.zerotrace;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.stream.StreamTasks;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What an API and an enrichment service do with their store: jobs in three priorities scan hosts; what they find goes into a stream,
 * whose consumers look each application up in a dictionary behind a cache of two levels.
 *
 * <pre>
 * REDIS_HOST=localhost java … dev.holdfast.examples.zerotrace.Scanner
 * </pre>
 */
public final class Scanner implements AutoCloseable {
    /** A host to be scanned. */
    public record Host(String name, List<String> applications) {}

    /** An application that a scan has found. */
    public record Finding(String host, String application) {}

    private final Toolkit toolkit;
    private final Cache<String> dictionary;
    private final Jobs jobs;
    private final StreamTasks<Finding> findings;
    private final AtomicInteger lookups = new AtomicInteger();
    private final AtomicInteger enriched = new AtomicInteger();

    public Scanner(Toolkit toolkit) {
        this.toolkit = toolkit;
        this.dictionary =
                toolkit.cache("cpe", String.class).ttl(Duration.ofMinutes(5)).build();
        this.jobs = toolkit.jobs("scans")
                .queue("critical", 6)
                .queue("default", 3)
                .queue("low", 1)
                .build();
        this.findings = toolkit.streamTasks("findings", Finding.class)
                .group("enrichment")
                .workers(10)
                .batch(100)
                .build();
    }

    /** Begins to work. */
    public void start() {
        Worker worker = jobs.worker()
                .handle("scan", Host.class, job -> {
                    for (String application : job.payload().applications()) {
                        findings.add(new Finding(job.payload().name(), application));
                    }
                })
                .concurrency(10)
                .backoff(Backoff.exponential(Duration.ofSeconds(1), Duration.ofMinutes(10)))
                .start();
        System.out.println("worker " + worker.name() + " is at work");
        findings.consume(entry -> {
            dictionary.get(entry.value().application(), this::lookUp);
            enriched.incrementAndGet();
        });
    }

    /** Has a host scanned; twice the same host at once makes no sense. */
    public void scan(Host host, String priority) {
        jobs.add(NewJob.of("scan", host).queue(priority).attempts(5).uniqueUntilDone("scan:" + host.name()));
    }

    private String lookUp(String application) {
        lookups.incrementAndGet();
        return "cpe:2.3:a:" + application + ":" + application;
    }

    /** How many findings have been looked up. */
    public int enriched() {
        return enriched.get();
    }

    /** How many of them were not in the cache. */
    public int lookups() {
        return lookups.get();
    }

    @Override
    public void close() {
        toolkit.close();
    }

    public static void main(String[] args) throws InterruptedException {
        Toolkit toolkit = System.getenv("REDIS_HOST") == null ? Toolkit.open("embedded:") : Toolkit.fromEnvironment();
        try (Scanner scanner = new Scanner(toolkit)) {
            scanner.start();
            scanner.scan(new Host("web-1", List.of("nginx", "openssl", "curl")), "critical");
            scanner.scan(new Host("web-2", List.of("nginx", "openssl", "php")), "default");
            for (int i = 0; i < 100 && scanner.enriched() < 6; i++) {
                Thread.sleep(50);
            }
            System.out.println(scanner.enriched() + " findings, " + scanner.lookups() + " looked up");
            System.out.println(toolkit.health());
        }
    }
}
