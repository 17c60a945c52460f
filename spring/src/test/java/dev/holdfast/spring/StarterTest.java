package dev.holdfast.spring;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.server.Server;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Store;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.session.FindByIndexNameSessionRepository;

/** An application that is started as its users start it, alone on a store of its own or several over one server. */
class StarterTest {
    /** Where the application's store is. */
    enum Place {
        HERE,
        ELSEWHERE
    }

    private final List<AutoCloseable> open = new ArrayList<>();
    private final HttpClient browser =
            HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }

    private ConfigurableApplicationContext start(String... properties) {
        String[] all = Stream.concat(
                        Stream.of("server.port=0", "logging.level.root=warn", "spring.main.banner-mode=off"),
                        Arrays.stream(properties))
                .toArray(String[]::new);
        ConfigurableApplicationContext application =
                new SpringApplicationBuilder(Shop.class).properties(all).run();
        open.add(application);
        return application;
    }

    private int server() throws IOException {
        Holdfast store = Holdfast.open();
        open.add(store);
        return Server.serve(store, 0).port();
    }

    private ConfigurableApplicationContext start(Place place) throws IOException {
        return place == Place.HERE
                ? start()
                : start("spring.data.redis.port=" + server(), "spring.data.redis.host=127.0.0.1");
    }

    private String get(ConfigurableApplicationContext application, String path) throws Exception {
        return browser.send(
                        HttpRequest.newBuilder(URI.create("http://localhost:"
                                        + application.getEnvironment().getProperty("local.server.port") + path))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    @ParameterizedTest
    @EnumSource
    void springDataAndTheToolkitShareAStore(Place place) throws IOException {
        ConfigurableApplicationContext application = start(place);
        application.getBean(StringRedisTemplate.class).opsForValue().set("greeting", "hello");
        Toolkit toolkit = application.getBean(Toolkit.class);
        assertEquals("hello", toolkit.store().call("GET", "greeting").text());
        assertEquals(place == Place.HERE, application.getBean(Store.class) instanceof EmbeddedStore);
    }

    @ParameterizedTest
    @EnumSource
    void annotationsUseTheToolkitsCaches(Place place) throws IOException {
        ConfigurableApplicationContext application = start(place);
        Shop.Prices prices = application.getBean(Shop.Prices.class);
        assertEquals(new Shop.Price("tea", 1), prices.of("tea"));
        assertEquals(new Shop.Price("tea", 1), prices.of("tea"), "from the cache");
        assertNull(prices.of("nothing"));
        assertNull(prices.of("nothing"), "null too");
        assertEquals(2, prices.asked());
        prices.change("tea");
        assertEquals(new Shop.Price("tea", 3), prices.of("tea"));
        assertThrows(IllegalStateException.class, () -> prices.of("broken"));
        assertEquals(
                List.of("prices"),
                List.copyOf(application.getBean(CacheManager.class).getCacheNames()));
    }

    @Test
    void applicationsOverOneServerShareCaches() throws IOException {
        String url = "spring.data.redis.url=redis://127.0.0.1:" + server();
        Shop.Prices one = start(url).getBean(Shop.Prices.class);
        Shop.Prices other = start(url).getBean(Shop.Prices.class);
        assertEquals(one.of("tea"), other.of("tea"));
        assertEquals(0, other.asked());
    }

    @ParameterizedTest
    @EnumSource
    void cachesKeepSpringsRules(Place place) throws Exception {
        Cache cache = requireNonNull(start(place).getBean(CacheManager.class).getCache("rules"));
        assertNull(cache.get("a"));
        assertNull(cache.putIfAbsent("a", 1));
        assertEquals(1, requireNonNull(cache.putIfAbsent("a", 2)).get());
        assertEquals(1, cache.get("a", Integer.class));
        assertThrows(IllegalStateException.class, () -> cache.get("a", String.class));
        assertEquals(7, cache.<Integer>get("b", () -> 7));
        cache.put(List.of("x", 1), null);
        assertNull(requireNonNull(cache.get(List.of("x", 1))).get());
        assertEquals(
                1,
                requireNonNull(cache.retrieve("a")).get() instanceof Cache.ValueWrapper wrapper ? wrapper.get() : null);
        assertNull(requireNonNull(cache.retrieve("c")).get());
        assertTrue(cache.evictIfPresent("a"));
        assertFalse(cache.evictIfPresent("a"));
        assertTrue(cache.invalidate());
        assertNull(cache.get("b"));
        Cache.ValueRetrievalException failed = assertThrows(
                Cache.ValueRetrievalException.class,
                () -> cache.get("d", () -> {
                    throw new IOException("no database");
                }));
        assertEquals("no database", requireNonNull(failed.getCause()).getMessage());
        assertThrows(IllegalArgumentException.class, () -> cache.get(new Object()), "its text is another each time");
    }

    @Test
    void sessionsOutliveTheirApplication() throws Exception {
        String url = "spring.data.redis.url=redis://127.0.0.1:" + server();
        ConfigurableApplicationContext first = start(url);
        assertEquals("[tea]", get(first, "/buy/tea"));
        assertEquals("[tea, milk]", get(first, "/buy/milk"));
        first.close();
        ConfigurableApplicationContext second = start(url);
        assertEquals("[tea, milk, bread]", get(second, "/buy/bread"));
        String before = get(second, "/id");
        assertEquals("ada", get(second, "/login/ada"));
        assertNotEquals(before, get(second, "/id"));
        FindByIndexNameSessionRepository<?> sessions = second.getBean(FindByIndexNameSessionRepository.class);
        assertEquals(1, sessions.findByPrincipalName("ada").size());
        assertEquals("bob", get(second, "/login/bob"));
        assertEquals(Map.of(), sessions.findByPrincipalName("ada"));
        assertEquals("[tea, milk, bread, jam]", get(second, "/buy/jam"));
        get(second, "/logout");
        assertEquals(Map.of(), sessions.findByPrincipalName("bob"));
        assertEquals("[tea]", get(second, "/buy/tea"), "a new one");
    }

    @ParameterizedTest
    @EnumSource
    void locksAreTheToolkits(Place place) throws Exception {
        ConfigurableApplicationContext application = start(place);
        LockRegistry<?> locks = application.getBean(LockRegistry.class);
        Lock lock = locks.obtain("stock");
        assertTrue(lock.tryLock());
        assertTrue(lock.tryLock(), "reentrant");
        boolean[] others = new boolean[1];
        Thread other =
                Thread.ofVirtual().start(() -> others[0] = locks.obtain("stock").tryLock());
        assertTrue(other.join(Duration.ofSeconds(30)));
        assertFalse(others[0]);
        assertTrue(application
                .getBean(Toolkit.class)
                .locks()
                .mutex("stock")
                .tryAcquire()
                .isEmpty());
        lock.unlock();
        lock.unlock();
        assertTrue(locks.obtain("stock").tryLock(1, TimeUnit.SECONDS));
        locks.obtain("stock").unlock();
    }

    @ParameterizedTest
    @EnumSource
    void healthAndMetricsShowTheToolkit(Place place) throws Exception {
        ConfigurableApplicationContext application = start(place);
        application.getBean(Shop.Prices.class).of("tea");
        String health = get(application, "/actuator/health");
        assertTrue(health.contains("\"holdfast\""), health);
        assertTrue(health.contains("\"status\":\"UP\""), health);
        String metrics = get(application, "/actuator/metrics");
        assertTrue(metrics.contains("holdfast.cache"), metrics);
    }

    @Test
    void aStoreKeepsItsFilesWhereItIsTold(@TempDir Path directory) {
        String uri = "holdfast.uri=embedded:" + directory;
        ConfigurableApplicationContext first = start(uri);
        first.getBean(StringRedisTemplate.class).opsForValue().set("kept", "yes");
        first.close();
        assertEquals(
                "yes",
                start(uri).getBean(StringRedisTemplate.class).opsForValue().get("kept"));
    }
}
