package dev.holdfast.toolkit.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.CacheHandler;
import dev.holdfast.toolkit.cache.CacheLoadException;
import dev.holdfast.toolkit.cache.Format;
import dev.holdfast.toolkit.cache.Invalidation;
import dev.holdfast.toolkit.cache.TagStyle;
import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.store.CommandFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every {@link Cache} does, with whichever store. */
@ContractTest
class CacheContract extends Contract {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONGER = Duration.ofMillis(400);

    record User(String name, int age) {}

    private Cache<String> cache() {
        return toolkit().cache("test", String.class).build();
    }

    private Cache<String> cache(UnaryOperator<dev.holdfast.toolkit.cache.CacheOptions> change) {
        return toolkit().cache("test", String.class).options(change).build();
    }

    /** The same cache in another process. */
    private Cache<String> elsewhere() {
        return another().cache("test", String.class).build();
    }

    @Test
    void aValueIsLoadedOnceAndThenServedHereAndElsewhere() {
        AtomicInteger loads = new AtomicInteger();
        Cache<User> users = toolkit().cache("users", User.class).build();
        for (int i = 0; i < 3; i++) {
            assertEquals(new User("Anna", 7), users.get("1", key -> {
                loads.incrementAndGet();
                return new User("Anna", 7);
            }));
        }
        assertEquals(1, loads.get());
        eventually(() -> users.get("1") != null && users.statistics().nearHits() > 0);
        Cache<User> others = another().cache("users", User.class).build();
        assertEquals(new User("Anna", 7), others.get("1"));
        assertEquals(1, others.statistics().farHits());
    }

    @Test
    void aMissIsToldFromAValue() {
        assertNull(cache().get("nothing"));
        assertFalse(cache().contains("nothing"));
        assertNull(cache().get("nothing", key -> null));
    }

    @Test
    void manyThreadsLoadOnce() throws Exception {
        Cache<String> cache = cache();
        AtomicInteger loads = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            answers.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            start.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        return cache.get("k", key -> "v" + loads.incrementAndGet());
                    },
                    toolkit().context().workers()));
        }
        start.countDown();
        for (CompletableFuture<String> answer : answers) {
            assertEquals("v1", answer.get(10, TimeUnit.SECONDS));
        }
        assertEquals(1, loads.get());
    }

    @Test
    void theFleetLoadsOnce() throws Exception {
        AtomicInteger loads = new AtomicInteger();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Cache<String> cache = another()
                    .cache("test", String.class)
                    .options(options -> options.fleetWide())
                    .build();
            answers.add(CompletableFuture.supplyAsync(
                    () -> cache.get("k", key -> {
                        Thread.sleep(100);
                        return "v" + loads.incrementAndGet();
                    }),
                    toolkit().context().workers()));
        }
        for (CompletableFuture<String> answer : answers) {
            assertEquals("v1", answer.get(10, TimeUnit.SECONDS));
        }
        assertEquals(1, loads.get());
    }

    @Test
    void whoeverWaitsLoadsWhenTheOtherHasFailed() throws Exception {
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch fail = new CountDownLatch(1);
        Cache<String> failing = another()
                .cache("test", String.class)
                .options(options -> options.fleetWide())
                .build();
        CompletableFuture<String> failed = CompletableFuture.supplyAsync(
                () -> failing.get("k", key -> {
                    loading.countDown();
                    fail.await();
                    throw new IOException("broken");
                }),
                toolkit().context().workers());
        loading.await();
        CompletableFuture<String> waiting = CompletableFuture.supplyAsync(
                () -> cache(options -> options.fleetWide()).get("k", key -> "second"),
                toolkit().context().workers());
        fail.countDown();
        assertEquals("second", waiting.get(10, TimeUnit.SECONDS));
        Throwable thrown = assertThrows(Exception.class, () -> failed.get(10, TimeUnit.SECONDS));
        assertTrue(thrown.getCause() instanceof CacheLoadException, () -> "" + thrown);
    }

    @Test
    void aWriteElsewhereIsSeenHere() {
        Cache<String> here = cache();
        Cache<String> there = elsewhere();
        there.put("k", "old");
        assertEquals("old", here.get("k"));
        there.put("k", "new");
        eventually(() -> "new".equals(here.get("k")));
        there.invalidate("k");
        eventually(() -> here.get("k") == null);
    }

    @Test
    void aWriteElsewhereIsSeenHereByMessagesToo() {
        Cache<String> here =
                toolkit().cache("test", String.class).withoutTracking().build();
        Cache<String> there =
                another().cache("test", String.class).withoutTracking().build();
        there.put("k", "old");
        there.put("other", "stays");
        assertEquals("old", here.get("k"));
        there.put("k", "new");
        eventually(() -> "new".equals(here.get("k")));
        there.clear("k*");
        eventually(() -> here.get("k") == null);
        assertEquals("stays", here.get("other"));
    }

    @Test
    void aWriteByAnotherProgramIsSeen() {
        Cache<String> here = cache();
        here.put("k", "old");
        assertEquals("old", here.get("k"));
        another().store().call("SET", "cache:test:k", "plain");
        eventually(() -> "plain".equals(here.get("k")));
    }

    @Test
    void twoCachesOfOneProcessAgree() {
        Cache<String> one = cache();
        Cache<String> other = cache();
        one.put("k", "old");
        assertEquals("old", other.get("k"));
        one.put("k", "new");
        assertEquals("new", other.get("k"));
    }

    @Test
    void aLoadUnderWayDoesNotBringBackAnOldValue() throws Exception {
        for (boolean here : new boolean[] {true, false}) {
            Cache<String> cache = cache();
            Cache<String> there = elsewhere();
            CountDownLatch loading = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(
                    () -> cache.get("k", key -> {
                        loading.countDown();
                        go.await();
                        return "old";
                    }),
                    toolkit().context().workers());
            loading.await();
            (here ? cache : there).invalidate("k");
            go.countDown();
            assertEquals("old", answer.get(10, TimeUnit.SECONDS));
            assertNull(there.get("k"), "the store has an old value");
            if (here) {
                assertNull(cache.get("k"), "this process has an old value");
            } else {
                // What happens elsewhere is heard of a moment later.
                eventually(() -> cache.get("k") == null);
            }
        }
    }

    @Test
    void aReadDuringAPutDoesNotBringBackTheOldValue() throws Exception {
        CountDownLatch putting = new CountDownLatch(1);
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch written = new CountDownLatch(1);
        // Encoding is between the moment when the writer drops the entry here and its SET, decoding is after the
        // reader's GET.
        Codec<String> slow = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                putting.countDown();
                await(reading);
                return value.getBytes(UTF_8);
            }

            @Override
            public String decode(byte[] bytes) {
                String value = new String(bytes, UTF_8);
                if (value.equals("old")) {
                    reading.countDown();
                    await(written);
                }
                return value;
            }
        };
        elsewhere().put("k", "old");
        Cache<String> cache = toolkit().cache("test", slow).build();
        CompletableFuture<Void> put = CompletableFuture.runAsync(
                () -> cache.put("k", "new"), toolkit().context().workers());
        putting.await();
        CompletableFuture<String> read = CompletableFuture.supplyAsync(
                () -> cache.get("k"), toolkit().context().workers());
        put.get(30, TimeUnit.SECONDS);
        written.countDown();
        assertEquals("old", read.get(30, TimeUnit.SECONDS));
        assertEquals("new", cache.get("k"));
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anEntryExpires() {
        Cache<String> cache = cache(options -> options.ttl(SHORT));
        cache.put("k", "v");
        assertEquals("v", cache.get("k"));
        pass(LONGER);
        assertNull(cache.get("k"));
        assertNull(elsewhere().get("k"));
    }

    @Test
    void readingKeepsASlidingEntry() {
        Cache<String> cache = cache(options -> options.ttl(SHORT).sliding());
        cache.put("k", "v");
        for (int i = 0; i < 4; i++) {
            pass(SHORT.dividedBy(2));
            assertEquals("v", cache.get("k"));
        }
        pass(LONGER);
        assertNull(cache.get("k"));
    }

    @Test
    void jitterSpreadsExpiry() {
        Cache<String> cache = cache(options -> options.jitter(0.5).ttl(Duration.ofSeconds(100)));
        Set<Long> times = new java.util.HashSet<>();
        for (int i = 0; i < 20; i++) {
            cache.put("k" + i, "v");
            long left = store().call("PTTL", "cache:test:k" + i).number();
            assertTrue(left > 99_000 && left <= 150_000, "" + left);
            times.add(left / 1000);
        }
        assertTrue(times.size() > 3, "" + times);
    }

    @Test
    void thatThereIsNoValueIsRemembered() {
        AtomicInteger loads = new AtomicInteger();
        Cache<String> cache = cache(options -> options.negativeTtl(SHORT));
        for (int i = 0; i < 3; i++) {
            assertNull(cache.get("k", key -> {
                loads.incrementAndGet();
                return null;
            }));
        }
        assertEquals(1, loads.get());
        assertNull(elsewhere().get("k", key -> "not asked"));
        pass(LONGER);
        assertEquals("there", cache.get("k", key -> "there"));
    }

    @Test
    void aStaleValueIsServedWhenLoadingFails() {
        UnaryOperator<dev.holdfast.toolkit.cache.CacheOptions> stale =
                options -> options.ttl(SHORT).staleFor(Duration.ofMinutes(1)).staleAgainAfter(SHORT);
        Cache<String> cache = cache(stale);
        cache.put("k", "old");
        pass(LONGER);
        AtomicInteger tries = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            assertEquals("old", cache.get("k", key -> {
                tries.incrementAndGet();
                throw new IOException("broken");
            }));
        }
        assertEquals(1, tries.get(), "a failed load is not tried again at once");
        Cache<String> there =
                another().cache("test", String.class).options(stale).build();
        assertEquals("old", there.get("k", key -> {
            throw new IllegalStateException("broken too");
        }));
        pass(LONGER);
        assertEquals("new", cache.get("k", key -> "new"));
        assertThrows(
                CacheLoadException.class,
                () -> cache.get("none", key -> {
                    throw new IOException("broken");
                }));
        assertThrows(
                IllegalStateException.class,
                () -> cache.get("none", key -> {
                    throw new IllegalStateException("as it is");
                }));
    }

    @Test
    void aSlowLoadIsNotAwaitedForEver() throws Exception {
        Cache<String> cache = cache(options -> options.ttl(SHORT)
                .staleFor(Duration.ofMinutes(1))
                .timeouts(Duration.ofMillis(30), Duration.ofMillis(150)));
        CountDownLatch go = new CountDownLatch(1);
        assertThrows(
                CacheLoadException.class,
                () -> cache.get("slow", key -> {
                    go.await();
                    return "at last";
                }));
        go.countDown();
        eventually(() -> "at last".equals(cache.get("slow")));
        pass(LONGER);
        CountDownLatch goAgain = new CountDownLatch(1);
        assertEquals("at last", cache.get("slow", key -> {
            goAgain.await();
            return "anew";
        }));
        goAgain.countDown();
        eventually(() -> "anew".equals(cache.get("slow")));
    }

    @Test
    void anAgeingEntryIsLoadedAnewInTheBackground() {
        Cache<String> cache =
                cache(options -> options.ttl(Duration.ofSeconds(2)).eagerAfter(0.1));
        AtomicInteger loads = new AtomicInteger();
        assertEquals("v1", cache.get("k", key -> "v" + loads.incrementAndGet()));
        pass(Duration.ofMillis(300));
        assertEquals("v1", cache.get("k", key -> "v" + loads.incrementAndGet()));
        eventually(() -> "v2".equals(cache.get("k")));
        assertEquals("v2", elsewhere().get("k"));
    }

    @Test
    void manyKeysAreReadAndLoadedTogether() {
        Cache<String> cache = cache();
        cache.putAll(Map.of("a", "1", "b", "2"));
        List<Set<String>> asked = new ArrayList<>();
        Map<String, String> all = cache.getAll(List.of("a", "b", "c", "d", "e"), keys -> {
            asked.add(Set.copyOf(keys));
            return Map.of("c", "3", "d", "4");
        });
        assertEquals(Map.of("a", "1", "b", "2", "c", "3", "d", "4"), all);
        assertEquals(List.of(Set.of("c", "d", "e")), asked);
        assertEquals(Map.of("a", "1", "c", "3"), elsewhere().getAll(List.of("a", "c", "e")));
        assertEquals("anew", cache.get("e", key -> "anew"), "its lease was given back");
    }

    @Test
    void warmingFillsTheStore() {
        Cache<String> cache = cache();
        assertEquals(2500, cache.warm(IntStream.range(0, 2500).mapToObj(i -> Map.entry("k" + i, "v" + i))));
        assertEquals(0, cache.statistics().nearEntries());
        assertEquals("v2499", elsewhere().get("k2499"));
    }

    @Test
    void clearingTakesOnlyWhatMatchesAndOnlyItsOwn() {
        Cache<String> cache = cache();
        Cache<String> there = elsewhere();
        Cache<String> other = toolkit().cache("other", String.class).build();
        for (int i = 0; i < 1200; i++) {
            store().call("SET", "cache:test:user:" + i, "x");
        }
        cache.put("user:[1]", "brackets");
        cache.put("page:1", "stays");
        other.put("user:1", "stays too");
        assertEquals("x", there.get("user:7"));
        assertEquals(1201, cache.clear("user:*"));
        assertNull(cache.get("user:[1]"));
        eventually(() -> there.get("user:7") == null);
        assertEquals("stays", cache.get("page:1"));
        assertEquals(1, cache.clear());
        assertEquals("stays too", other.get("user:1"));
    }

    @Test
    void aTagTakesItsEntriesWithIt() {
        for (TagStyle style : TagStyle.values()) {
            Cache<String> cache = toolkit()
                    .cache("tags-" + style, String.class)
                    .tagStyle(style)
                    .build();
            Cache<String> there = another()
                    .cache("tags-" + style, String.class)
                    .tagStyle(style)
                    .build();
            cache.put("a", "1", cache.options().tags("red", "big"));
            cache.get("b", key -> "2", cache.options().tags("red"));
            cache.put("c", "3", cache.options().tags("blue"));
            cache.put("d", "4");
            assertEquals(Map.of("a", "1", "b", "2"), new TreeMap<>(there.getAll(List.of("a", "b"))));
            cache.invalidateTag("red");
            assertNull(cache.get("a"), "" + style);
            assertNull(cache.get("b"), "" + style);
            eventually(() -> there.get("a") == null && there.get("b") == null);
            assertEquals("3", there.get("c"));
            assertEquals("4", cache.get("d"));
            assertEquals("anew", cache.get("a", key -> "anew", cache.options().tags("red")));
            assertEquals("anew", there.get("a"));
            there.invalidateTag("red");
            eventually(() -> cache.get("a") == null);
        }
    }

    @Test
    void aTagInvalidatedDuringALoadTakesTheLoadWithIt() throws Exception {
        for (TagStyle style : TagStyle.values()) {
            Cache<String> cache = toolkit()
                    .cache("tags-" + style, String.class)
                    .tagStyle(style)
                    .build();
            CountDownLatch loading = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(
                    () -> cache.get(
                            "k",
                            key -> {
                                loading.countDown();
                                go.await();
                                return "old";
                            },
                            cache.options().tags("red")),
                    toolkit().context().workers());
            loading.await();
            Cache<String> there = another()
                    .cache("tags-" + style, String.class)
                    .tagStyle(style)
                    .build();
            there.invalidateTag("red");
            go.countDown();
            assertEquals("old", answer.get(10, TimeUnit.SECONDS));
            assertNull(there.get("k"), "" + style);
            eventually(() -> cache.get("k") == null);
        }
    }

    @Test
    void whatATagInvalidatedStaysSoThoughItsVersionIsLost() {
        for (String lost : List.of("DEL", "PEXPIRE")) {
            Cache<String> cache = cache(options -> options.ttl(Duration.ofDays(30)));
            cache.put("old", "OLD", cache.options().tags(lost));
            cache.invalidateTag(lost);
            cache.put("new", "NEW", cache.options().tags(lost));
            assertEquals("NEW", cache.get("new"));
            assertTrue(store().call("PTTL", "cache-tag:" + lost).number()
                    > Duration.ofDays(30).toMillis());
            if (lost.equals("DEL")) {
                store().call("DEL", "cache-tag:" + lost);
            } else {
                store().call("PEXPIRE", "cache-tag:" + lost, 1);
                pass(Duration.ofMillis(5));
            }
            Cache<String> there = elsewhere();
            assertNull(there.get("old"), lost);
            assertEquals("anew", there.get("old", key -> "anew", there.options().tags(lost)));
            there.invalidateTag(lost);
            eventually(() -> cache.get("old") == null && there.get("new") == null);
        }
    }

    @Test
    void clearingOthersBringsNothingBack() {
        Cache<String> cache = toolkit().cache("u", String.class).prefix("x:").build();
        cache.put("k", "OLD", cache.options().tags("de"));
        cache.invalidateTag("de");
        CacheHandler handler = toolkit().cacheHandler("cache:", Duration.ofMinutes(1));
        handler.set("page", "text");
        Cache<String> users = toolkit().cache("users", String.class).build();
        users.put("1", "Anna", users.options().tags("de"));
        toolkit().mapCache("cache:db:").build().put("settings", Map.of("theme", "dark"));
        assertEquals(1, handler.clear());
        assertNull(handler.get("page"));
        assertNull(cache.get("k"));
        assertEquals("Anna", another().cache("users", String.class).build().get("1"), "only its own is taken");
        assertTrue(store().call("EXISTS", "cache:db:settings").flag());
    }

    @Test
    void aNameWithAColonIsAnothersNot() {
        Cache<String> user = toolkit().cache("user", String.class).build();
        Cache<String> profile = toolkit().cache("user:profile", String.class).build();
        Cache<String> escaped = toolkit().cache("user%3Aprofile", String.class).build();
        profile.put("7", "theirs");
        assertNull(user.get("profile:7"));
        assertNull(escaped.get("7"));
        user.put("profile:7", "mine");
        assertEquals(1, user.clear());
        assertEquals("theirs", profile.get("7"));
        Cache<String> wide = toolkit().cache("a", String.class).prefix("p:").build();
        Cache<String> narrow = toolkit().cache("b", String.class).prefix("p:q:").build();
        wide.put("1", "wide");
        narrow.put("1", "narrow");
        assertEquals(1, wide.clear());
        assertEquals("narrow", narrow.get("1"));
    }

    @Test
    void tagsAreAnyText() {
        for (TagStyle style : TagStyle.values()) {
            Cache<String> cache = toolkit()
                    .cache("texts", String.class)
                    .nearSize(0)
                    .tagStyle(style)
                    .build();
            for (String tag :
                    List.of("t".repeat(254), "t".repeat(255), "t".repeat(256), "ü".repeat(5000), "", "{a b}")) {
                cache.put("k", "VALUE", cache.options().tags(tag, "other"));
                assertEquals("VALUE", cache.get("k"));
                cache.invalidateTag(tag);
                assertNull(cache.get("k"));
            }
        }
        byte[] garbage = new byte[40];
        garbage[0] = (byte) 0xC1;
        garbage[34] = 50;
        store().call("SET", "cache:test:garbage", garbage);
        assertEquals("loaded", cache().get("garbage", key -> "loaded"));
    }

    @Test
    void aLoaderThatAsksForItsOwnKeyIsTold() {
        Cache<String> cache = cache();
        assertThrows(IllegalStateException.class, () -> cache.get("k", key -> cache.get("k", again -> "never")));
        assertEquals("v", cache.get("k", key -> cache.get("other", other -> "v")));
        Cache<String> timed = cache(options -> options.timeouts(Duration.ZERO, Duration.ofSeconds(60)));
        assertThrows(IllegalStateException.class, () -> timed.get("t", key -> timed.get("t", again -> "never")));
    }

    @Test
    void twoLoadersThatWantEachOthersKeyDoNotWaitForEver() throws Exception {
        Cache<String> one = cache();
        Cache<String> other = toolkit().cache("other", String.class).build();
        CountDownLatch both = new CountDownLatch(2);
        CompletableFuture<String> first = CompletableFuture.supplyAsync(
                () -> one.get("a", key -> {
                    both.countDown();
                    both.await();
                    return "a" + other.get("b", b -> "b");
                }),
                toolkit().context().workers());
        CompletableFuture<String> second = CompletableFuture.supplyAsync(
                () -> other.get("b", key -> {
                    both.countDown();
                    both.await();
                    return "b" + one.get("a", a -> "a");
                }),
                toolkit().context().workers());
        assertTrue(first.get(30, TimeUnit.SECONDS).startsWith("a"));
        assertTrue(second.get(30, TimeUnit.SECONDS).startsWith("b"));
    }

    @Test
    void anInterruptConcernsOnlyTheInterrupted() throws Exception {
        Cache<String> cache = cache(options -> options.fleetWide());
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread flyer = Thread.ofVirtual().start(() -> {
            try {
                cache.get("k", key -> {
                    loading.countDown();
                    never.await();
                    return "never";
                });
                interrupted.complete(false);
            } catch (CancellationException e) {
                interrupted.complete(Thread.currentThread().isInterrupted());
            } catch (Throwable e) {
                interrupted.completeExceptionally(e);
            }
        });
        loading.await();
        CompletableFuture<String> waiting = CompletableFuture.supplyAsync(
                () -> cache.get("k", key -> "mine"), toolkit().context().workers());
        flyer.interrupt();
        assertTrue(interrupted.get(30, TimeUnit.SECONDS));
        assertEquals("mine", waiting.get(20, TimeUnit.SECONDS), "neither the interrupt nor the lease holds it up");
        never.countDown();
    }

    @Test
    void aBulkLoadKeepsToTheOptions() {
        AtomicInteger loads = new AtomicInteger();
        Cache<String> cache = cache(options -> options.ttl(SHORT)
                .staleFor(Duration.ofMinutes(1))
                .negativeTtl(Duration.ofMinutes(1))
                .staleAgainAfter(Duration.ofMinutes(1)));
        assertEquals(Map.of("a", "1"), cache.getAll(List.of("a", "none"), keys -> {
            loads.incrementAndGet();
            return Map.of("a", "1", "not asked for", "x");
        }));
        assertNull(cache.get("none", key -> "not asked"), "that there is none is remembered");
        assertNull(cache.get("not asked for"));
        pass(LONGER);
        assertEquals(
                Map.of("a", "1"),
                cache.getAll(List.of("a"), keys -> {
                    throw new IOException("this is a test");
                }),
                "a stale value is served");
        assertThrows(
                CacheLoadException.class,
                () -> cache.getAll(List.of("a", "b"), keys -> {
                    throw new IOException("this is a test");
                }));
        assertThrows(NullPointerException.class, () -> cache.getAll(List.of("b"), keys -> uncheckedNull()));
        assertThrows(
                AssertionError.class,
                () -> cache.getAll(List.of("b"), keys -> {
                    throw new AssertionError("this is a test");
                }));
        assertEquals("anew", cache.get("b", key -> "anew"), "its lease was given back");
        CountDownLatch go = new CountDownLatch(1);
        assertThrows(
                CacheLoadException.class,
                () -> cache.getAll(
                        List.of("slow"),
                        keys -> {
                            go.await();
                            return Map.of("slow", "at last");
                        },
                        cache.options().timeouts(Duration.ZERO, Duration.ofMillis(50))));
        go.countDown();
        eventually(() -> "at last".equals(cache.get("slow")));
        assertEquals(1, loads.get());
        Cache<String> sliding = cache(options -> options.ttl(SHORT).sliding());
        sliding.putAll(Map.of("s", "v"), sliding.options().tags("red"));
        for (int i = 0; i < 4; i++) {
            pass(SHORT.dividedBy(2));
            assertEquals(Map.of("s", "v"), sliding.getAll(List.of("s")));
        }
        sliding.invalidateTag("red");
        assertNull(sliding.get("s"));
    }

    @Test
    void aValueSaysHowLongItLives() {
        Cache<User> cache = toolkit()
                .cache("users", User.class)
                .ttlOf(user -> user.age() < 0 ? null : Duration.ofSeconds(user.age()))
                .build();
        cache.put("1", new User("Anna", 100));
        cache.putAll(Map.of("2", new User("Ben", 200)));
        cache.get("3", key -> new User("Cy", -1));
        assertEquals(new User("Di", 0), cache.get("4", key -> new User("Di", 0)));
        for (Map.Entry<String, Long> expected :
                Map.of("1", 100L, "2", 200L, "3", 300L, "4", -2L).entrySet()) {
            long left = store().call("PTTL", "cache:users:" + expected.getKey()).number();
            assertEquals(expected.getValue(), left < 0 ? left : (left + 50_000) / 100_000 * 100, expected.getKey());
        }
    }

    @Test
    void whatTheStoreRefusesToInvalidateIsAnError() {
        Cache<String> cache =
                toolkit().cache("sets", String.class).tagStyle(TagStyle.SETS).build();
        store().call("SET", "cache:tags:red", "no set");
        assertThrows(CommandFailedException.class, () -> cache.invalidateTag("red"));
        assertThrows(NullPointerException.class, () -> cache.put("k", uncheckedNull()));
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // What a program without such checks may do.
    private static <T> T uncheckedNull() {
        return null;
    }

    @Test
    void plainValuesAreWhatOtherProgramsExpect() {
        Cache<User> cache = toolkit()
                .cache("users", User.class)
                .prefix("user:")
                .format(Format.PLAIN)
                .tagStyle(TagStyle.SETS)
                .build();
        cache.put("1", new User("Anna", 7), cache.options().tags("users"));
        assertEquals(
                "{\"name\":\"Anna\",\"age\":7}", store().call("GET", "user:1").text());
        assertEquals(
                List.of("user:1"), store().call("SMEMBERS", "cache:tags:users").texts());
        store().call("SET", "user:2", "{\"name\":\"Ben\",\"age\":8}");
        assertEquals(new User("Ben", 8), cache.get("2"));
        assertEquals(new User("Cy", 9), cache.get("3", key -> new User("Cy", 9)));
        assertEquals(
                "{\"name\":\"Cy\",\"age\":9}", store().call("GET", "user:3").text());
        store().call("SET", "user:4", "no JSON");
        assertNull(cache.get("4"), "what cannot be read is a miss");
    }

    @Test
    void messagesOfOtherProgramsInvalidate() {
        Cache<String> cache =
                toolkit().cache("db", String.class).withoutTracking().build();
        cache.put("settings", "old");
        cache.invalidateOn("cache:invalidated", Invalidation::key);
        another().store().publish("cache:invalidated", "settings".getBytes(UTF_8));
        eventually(() -> cache.get("settings") == null);
    }

    @Test
    void writingThroughCommitsFirst() throws Exception {
        Cache<String> cache = cache();
        cache.put("k", "old");
        assertThrows(
                IOException.class,
                () -> cache.write("k", () -> {
                    throw new IOException("not committed");
                }));
        assertEquals("old", cache.get("k"));
        cache.write("k", () -> "new");
        assertEquals("new", elsewhere().get("k"));
        cache.write("k", () -> null);
        assertNull(cache.get("k"));
    }

    @Test
    void aLostConnectionEmptiesThisProcess() {
        if (target == Target.EMBEDDED || store().isCluster()) {
            return; // There is no connection to lose; and of a cluster's, the command below cuts one of three.
        }
        Cache<String> there = elsewhere();
        there.put("k", "old");
        assertEquals("old", there.get("k"));
        assertNotEquals(0, there.statistics().nearEntries());
        store().call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        eventually(() -> there.statistics().nearEntries() == 0);
        eventually(() -> "old".equals(there.get("k")));
    }
}
