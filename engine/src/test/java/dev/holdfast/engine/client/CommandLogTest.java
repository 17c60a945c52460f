package dev.holdfast.engine.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.LatencyHistogram;
import dev.holdfast.engine.metrics.ThreadStatistics;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CommandLogTest {
    private static List<CommandLog.Entry> log(TestStore store, CommandLog.Kind kind) {
        return store.engine().commandLog().latest(kind, Long.MAX_VALUE);
    }

    @Test
    void everyCommandIsTimedWhereTheThresholdIsFine() {
        try (TestStore store = new TestStore("commandlog-execution-slower-than", "0", "slowlog-max-len", "3")) {
            store.run("SET", "k", "v");
            store.run("GET", "k");
            store.run("CLIENT", "SETNAME", "me");
            store.run("PING");
            List<CommandLog.Entry> entries = log(store, CommandLog.Kind.SLOW);
            assertEquals(
                    List.of("[PING]", "[CLIENT, SETNAME, me]", "[GET, k]"),
                    entries.stream().map(entry -> entry.words().toString()).toList());
            assertEquals("me", entries.getFirst().name());
            assertEquals(3L, entries.getFirst().id());
        }
    }

    @Test
    void longWordsAndManyWordsAreShortened() {
        try (TestStore store = new TestStore("commandlog-execution-slower-than", "0")) {
            String[] words = new String[40];
            java.util.Arrays.fill(words, "x");
            words[0] = "SADD";
            words[2] = "y".repeat(200);
            store.run(words);
            List<dev.holdfast.engine.base.Slice> shown =
                    log(store, CommandLog.Kind.SLOW).getFirst().words();
            assertEquals(32, shown.size());
            assertEquals("y".repeat(128) + "... (72 more bytes)", shown.get(2).toString());
            assertEquals("... (9 more arguments)", shown.getLast().toString());
        }
    }

    @Test
    void secretsAreNotLogged() {
        try (TestStore store = new TestStore("commandlog-execution-slower-than", "0")) {
            store.run("ACL", "SETUSER", "u", ">secret");
            store.run("AUTH", "u", "secret");
            store.run("CONFIG", "SET", "requirepass", "secret");
            store.run("HELLO", "3", "AUTH", "u", "secret");
            assertFalse(log(store, CommandLog.Kind.SLOW).toString().contains("secret"));
        }
    }

    @Test
    void largeRequestsAndRepliesAreLoggedByTheirBytes() {
        try (TestStore store =
                new TestStore("commandlog-request-larger-than", "1000", "commandlog-reply-larger-than", "1000")) {
            store.run("SET", "k", "v".repeat(1000));
            store.resp2("GET", "k");
            store.resp2("PING");
            assertEquals(
                    List.of(1029L),
                    log(store, CommandLog.Kind.LARGE_REQUEST).stream()
                            .map(CommandLog.Entry::value)
                            .toList());
            assertEquals(
                    List.of(1009L),
                    log(store, CommandLog.Kind.LARGE_REPLY).stream()
                            .map(CommandLog.Entry::value)
                            .toList());
        }
    }

    @Test
    void aReadOfOneSlowCommandNamesItAndOneOfSeveralAlertsTheLane() {
        ThreadStatistics lane = new ThreadStatistics(2);
        lane.watch(false, 1000, true);
        lane.beginBatch(10);
        lane.count(0);
        assertEquals(0, lane.endBatch(500));
        lane.beginBatch(1000);
        lane.count(0);
        assertEquals(2000, lane.endBatch(3000));
        assertFalse(lane.timesEach());
        lane.beginBatch(4000);
        lane.count(0);
        lane.count(1);
        assertEquals(0, lane.endBatch(9000));
        lane.beginBatch(10_000);
        assertTrue(lane.timesEach());
        lane.endBatch(10_001);
        lane.beginBatch(TimeUnit.SECONDS.toNanos(2));
        assertFalse(lane.timesEach());
    }

    @Test
    void histogramsKnowTimesToSixInAHundred() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            long nanos = random.nextLong(1L << random.nextInt(1, 40));
            long longest = LatencyHistogram.longestIn(LatencyHistogram.bucketOf(nanos));
            assertTrue(longest >= nanos && longest <= nanos + nanos / 16, nanos + " counts as " + longest);
        }
        LatencyHistogram histogram = new LatencyHistogram();
        long[] counts = new long[LatencyHistogram.BUCKETS];
        counts[LatencyHistogram.bucketOf(500)] = 90;
        counts[LatencyHistogram.bucketOf(40_000)] = 10;
        histogram.add(counts);
        assertEquals(500.0, (double) histogram.percentile(50), 32);
        assertEquals(40_000.0, (double) histogram.percentile(99), 2500);
        StringBuilder steps = new StringBuilder();
        histogram.forEachStep((micros, calls) -> steps.append(micros + ":" + calls + " "));
        assertEquals("1:90 66:100 ", steps.toString());
    }

    @Test
    void theLongestEventOfASecondStands() {
        try (TestStore store = new TestStore("latency-monitor-threshold", "10")) {
            Latency latency = store.engine().latency();
            latency.sample("aof-write", 9);
            latency.sample("aof-write", 20);
            latency.sample("aof-write", 15);
            store.clock().advance(1000);
            latency.sample("aof-write", 11);
            assertEquals(
                    "[[1800000000, 20], [1800000001, 11]]",
                    String.valueOf(store.run("LATENCY", "HISTORY", "aof-write")));
            assertEquals("[[aof-write, 1800000001, 11, 20, 46, 3]]", String.valueOf(store.run("LATENCY", "LATEST")));
            assertEquals(1L, store.run("LATENCY", "RESET", "AOF-write", "other"));
            assertEquals("[]", String.valueOf(store.run("LATENCY", "LATEST")));
        }
    }
}
