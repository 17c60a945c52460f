package dev.holdfast.toolkit.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.cache.MapCache;
import dev.holdfast.toolkit.store.Channels;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a {@link MapCache} does, with whichever store. */
@ContractTest
class MapCacheContract extends Contract {
    private static final Map<String, String> OLD = Map.of("theme", "dark", "size", "10");
    private static final Map<String, String> NEW = Map.of("theme", "light");

    private MapCache cache() {
        return toolkit().mapCache("cache:db:").build();
    }

    private MapCache elsewhere() {
        return another().mapCache("cache:db:").build();
    }

    @Test
    void aMapIsAHashThatEveryProgramReads() {
        AtomicInteger loads = new AtomicInteger();
        MapCache cache = cache();
        for (int i = 0; i < 3; i++) {
            assertEquals(OLD, cache.get("settings", key -> {
                loads.incrementAndGet();
                return OLD;
            }));
        }
        assertEquals(1, loads.get());
        assertEquals(10, store().call("HGET", "cache:db:settings", "size").number());
        long left = store().call("PTTL", "cache:db:settings").number();
        assertTrue(left > 299_000 && left <= 300_000, "" + left);
        assertEquals(OLD, elsewhere().get("settings", key -> NEW));
    }

    @Test
    void anEmptyMapIsNotCached() {
        assertEquals(Map.of(), cache().get("none", key -> Map.of()));
        assertEquals(0, store().call("EXISTS", "cache:db:none").number());
        assertEquals(NEW, cache().get("none", key -> NEW));
    }

    @Test
    void writingThroughReplacesTheWholeMapEverywhere() throws Exception {
        MapCache here = cache();
        MapCache there = elsewhere();
        List<String> heard = new CopyOnWriteArrayList<>();
        closing(store().subscribe(
                        Channels.named(MapCache.CHANNEL), (channel, name) -> heard.add(new String(name, UTF_8))));
        assertEquals(OLD, there.get("settings", key -> OLD));
        assertThrows(
                IOException.class,
                () -> here.write("settings", () -> {
                    throw new IOException("not committed");
                }));
        assertEquals(OLD, here.get("settings", key -> NEW));
        here.write("settings", () -> NEW);
        eventually(() -> NEW.equals(there.get("settings", key -> OLD)));
        assertEquals(
                List.of("theme"),
                List.copyOf(store().call("HGETALL", "cache:db:settings").map().keySet()));
        eventually(() -> heard.contains("settings"));
        here.invalidate("settings");
        eventually(() -> OLD.equals(there.get("settings", key -> OLD)));
    }

    @Test
    void anotherProgramsMessageDropsTheCopy() {
        MapCache cache = cache();
        assertEquals(OLD, cache.get("settings", key -> OLD));
        another().store().call("DEL", "cache:db:settings");
        another().store().publish(MapCache.CHANNEL, "settings".getBytes(UTF_8));
        eventually(() -> NEW.equals(cache.get("settings", key -> NEW)));
    }

    @Test
    void aLoadUnderWayDoesNotBringBackAnOldMap() throws Exception {
        MapCache cache = cache();
        MapCache there = elsewhere();
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Map<String, String>> answer = CompletableFuture.supplyAsync(
                () -> cache.get("settings", key -> {
                    loading.countDown();
                    go.await();
                    return OLD;
                }),
                toolkit().context().workers());
        loading.await();
        there.put("settings", NEW);
        go.countDown();
        assertEquals(OLD, answer.get(10, TimeUnit.SECONDS));
        assertEquals(NEW, there.get("settings", key -> OLD));
        eventually(() -> NEW.equals(cache.get("settings", key -> OLD)));
    }

    @Test
    void aMapExpires() {
        MapCache cache =
                toolkit().mapCache("cache:db:").ttl(Duration.ofMillis(200)).build();
        assertEquals(OLD, cache.get("settings", key -> OLD));
        pass(Duration.ofMillis(300));
        assertEquals(NEW, cache.get("settings", key -> NEW));
    }
}
