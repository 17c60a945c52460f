package dev.holdfast.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What {@code spring.data.redis} says, as a URI of the toolkit. */
class StoreAddressTest {
    private static @Nullable String uri(String... properties) {
        Map<String, String> found = new HashMap<>();
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class, DataRedisAutoConfiguration.class))
                .withPropertyValues(properties)
                .run(context -> found.put(
                        "uri",
                        StoreAddress.of(context.getBean(DataRedisConnectionDetails.class))
                                .uri()));
        return found.get("uri");
    }

    @Test
    void aServer() {
        assertEquals(
                "redis://an%20na:p%40ss%2B%2F@db.local:6380/3",
                uri("spring.data.redis.url=redis://an%20na:p%40ss%2B%2F@db.local:6380/3"));
        assertEquals("redis://localhost:6379/0", uri());
        assertEquals("redis://[::1]:6379/0", uri("spring.data.redis.host=::1"));
        assertEquals(
                "rediss://:secret@localhost:6379/0",
                uri("spring.data.redis.ssl.enabled=true", "spring.data.redis.password=secret"));
    }

    @Test
    void sentinelAndCluster() {
        assertEquals(
                "redis-sentinel://:pw@a:26379,b:26380/2#main",
                uri(
                        "spring.data.redis.sentinel.master=main",
                        "spring.data.redis.sentinel.nodes=a:26379,b:26380",
                        "spring.data.redis.database=2",
                        "spring.data.redis.password=pw"));
        assertEquals("redis-cluster://a:7000,b:7001", uri("spring.data.redis.cluster.nodes=a:7000,b:7001"));
    }

    @Test
    void whatAUriCouldNotSayIsAnError() {
        assertThrows(IllegalStateException.class, () -> uri("spring.data.redis.masterreplica.nodes=a:7000"));
    }
}
