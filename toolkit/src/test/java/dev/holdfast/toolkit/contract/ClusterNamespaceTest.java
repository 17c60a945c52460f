package dev.holdfast.toolkit.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A cluster without databases: their numbers become prefixes. */
class ClusterNamespaceTest {
    @Test
    void databasesAreTold() {
        Target.CLUSTER.clear();
        try (Toolkit zero = Toolkit.open(Target.CLUSTER.uri());
                Toolkit eight = Toolkit.open(Target.CLUSTER.uri() + "/8")) {
            Cache<String> dictionary = eight.cache("cpe", String.class).build();
            dictionary.put("nginx", "cpe:2.3:a:nginx");
            assertEquals("cpe:2.3:a:nginx", dictionary.get("nginx"));
            assertNull(zero.cache("cpe", String.class).build().get("nginx"));
            eight.cache("pages", String.class).prefix("page:").build().put("1", "text");
            eight.cacheHandler("cache:", Duration.ofMinutes(5)).set("a", "text");
            eight.mapCache("cache:db:").build().put("settings", Map.of("theme", "dark"));
            eight.queue("queue", String.class).build().put("high", "message");
            eight.streamTasks("events", String.class).build().add("event");
            eight.rateLimiter("rate:api")
                    .limit(Limit.fixedWindow(5, Duration.ofMinutes(1)))
                    .build()
                    .tryAcquire("ada");
            eight.ranking("game").build().add("ada", 1);
            try (var lease = eight.locks().mutex("report").acquire()) {
                assertEquals(true, lease.isHeld());
                assertEquals(
                        Set.of(
                                "db8:cache:cpe:nginx",
                                "db8:cache:a",
                                "db8:cache:db:settings",
                                "{db8:cache:db:settings}:generation",
                                "db8:page:1",
                                "lock:db8:report",
                                "ranking:db8:game",
                                "db8:rate:api:ada",
                                "stream:db8:events",
                                "{db8:queue}:high",
                                "{db8:queue}:wake",
                                "{lock:db8:report}:fence"),
                        keys(zero.store()));
            }
        }
    }

    private static Set<String> keys(Store store) {
        Set<String> keys = new TreeSet<>();
        store.scan("*", batch -> batch.forEach(key -> keys.add(new String(key, UTF_8))));
        return keys;
    }
}
