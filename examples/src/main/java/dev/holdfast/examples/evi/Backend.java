package dev.holdfast.examples.evi;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.MapCache;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.stream.StreamTasks;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A back end with its state in three namespaces, by where the truth is: {@code cache:db:*} in the database, so it may be lost;
 * {@code op:*} nowhere else, so it expires by itself; {@code stream:*} nowhere else either, and must not be lost, so it has no time to
 * live and {@code maxmemory-policy volatile-lru} never evicts it.
 *
 * <pre>
 * VALKEY_URL=redis://:password@host:6379 java … dev.holdfast.examples.evi.Backend
 * </pre>
 */
public final class Backend implements AutoCloseable {
    private static final int REQUESTS_PER_MINUTE = 5;

    private final Map<String, String> database = new ConcurrentHashMap<>(Map.of("theme", "dark", "language", "de"));
    private final Toolkit toolkit;
    private final MapCache settings;
    private final RateLimiter requests;
    private final StreamTasks<Map<String, String>> emails;

    public Backend(Toolkit toolkit) {
        this.toolkit = toolkit;
        this.settings = toolkit.mapCache("cache:db:").ttl(Duration.ofMinutes(5)).build();
        this.requests = toolkit.rateLimiter("op:ratelimit:api")
                .limit(Limit.fixedWindow(REQUESTS_PER_MINUTE, Duration.ofMinutes(1)))
                .build();
        this.emails = toolkit.streamTasks("tasks:email")
                .group("workers")
                .claimAfter(Duration.ofMinutes(1))
                .keep(10_000)
                .build();
    }

    /** The settings: from this process, from the hash {@code cache:db:settings}, or from the database. */
    public Map<String, String> settings() {
        return settings.get("settings", key -> Map.copyOf(database));
    }

    /** Changes a setting: the database first, then the hash as a whole; then every instance hears of it. */
    public void change(String setting, String value) throws Exception {
        settings.write("settings", () -> {
            database.put(setting, value);
            return Map.copyOf(database);
        });
    }

    /** Whether a client may send another request; and if not, when. */
    public Decision request(String client) {
        return requests.tryAcquire(client);
    }

    /** Has an e-mail sent by whichever worker comes first: {@code XADD stream:tasks:email * type … payload …}. */
    public void email(String type, String payload) {
        emails.add(Map.of("type", type, "payload", payload));
    }

    /**
     * Works e-mails off. One that cannot be sent stays pending and comes again; one whose worker has died is claimed by another after a
     * minute.
     */
    public void work(Consumer<Map<String, String>> sender) {
        emails.consume(entry -> sender.accept(entry.value()));
    }

    @Override
    public void close() {
        toolkit.close();
    }

    public static void main(String[] args) throws Exception {
        Toolkit toolkit = System.getenv("VALKEY_URL") == null ? Toolkit.open("embedded:") : Toolkit.fromEnvironment();
        try (Backend backend = new Backend(toolkit)) {
            System.out.println(backend.settings());
            backend.change("theme", "light");
            System.out.println(backend.settings());
            for (int i = 0; i < 7; i++) {
                System.out.println(backend.request("user:123"));
            }
            CountDownLatch sent = new CountDownLatch(1);
            backend.work(email -> {
                System.out.println("sent " + email);
                sent.countDown();
            });
            backend.email("welcome", "{\"user\":123}");
            System.out.println("in time: " + sent.await(10, TimeUnit.SECONDS));
        }
    }
}
