package dev.holdfast.conformance.clients;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.conformance.access.OurServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.CacheFrontend;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Lettuce's cache inside the client hears of what others change. Jedis has one too, but only for servers that call themselves Redis 7.4
 * or later, which Valkey does not.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientCachingTest {
    private final OurServer server = new OurServer();

    @AfterAll
    void close() {
        server.close();
    }

    @Test
    void lettuceForgetsWhatOthersChange() {
        RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()));
        Map<String, String> cache = new ConcurrentHashMap<>();
        try (StatefulRedisConnection<String, String> cached = client.connect();
                StatefulRedisConnection<String, String> other = client.connect()) {
            CacheFrontend<String, String> frontend = ClientSideCaching.enable(
                    CacheAccessor.forMap(cache),
                    cached,
                    TrackingArgs.Builder.enabled().noloop());
            other.sync().set("key", "1");
            assertEquals("1", frontend.get("key"));
            assertEquals(Map.of("key", "1"), cache);
            other.sync().set("key", "2");
            await().until(cache::isEmpty);
            assertEquals("2", frontend.get("key"));
            other.sync().del("key");
            await().until(cache::isEmpty);
            assertEquals("3", frontend.get("key", () -> "3"));
            frontend.close();
        } finally {
            client.shutdown();
        }
    }
}
