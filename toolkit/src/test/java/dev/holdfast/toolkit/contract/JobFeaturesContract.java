package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.job.Added;
import dev.holdfast.toolkit.job.GiveUpException;
import dev.holdfast.toolkit.job.JobChild;
import dev.holdfast.toolkit.job.JobFailure;
import dev.holdfast.toolkit.job.JobFlow;
import dev.holdfast.toolkit.job.JobInfo;
import dev.holdfast.toolkit.job.JobMinute;
import dev.holdfast.toolkit.job.JobOutcome;
import dev.holdfast.toolkit.job.JobQuery;
import dev.holdfast.toolkit.job.JobState;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.Misfire;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Schedule;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.pattern.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;

/** What users of other libraries rely on. */
@ContractTest
class JobFeaturesContract extends Contract {
    record Line(String article, int count) {}

    private static final Duration KEPT = Duration.ofMinutes(5);

    private Jobs jobs() {
        return toolkit().jobs("app").build();
    }

    private Worker.Builder worker(Jobs jobs) {
        return jobs.worker().backoff(Backoff.fixed(Duration.ofMillis(1))).grace(Duration.ofSeconds(5));
    }

    private static NewJob note(String text) {
        return NewJob.of("note", text);
    }

    private static JobInfo info(Jobs jobs, String id) {
        return jobs.find(id).orElseThrow();
    }

    @Test
    void failuresAreRemembered() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    throw new IllegalStateException("failure " + job.attempt(), new RuntimeException("the cause"));
                })
                .start());
        String id = jobs.add(note("x").attempts(15)).id();
        eventually(() -> {
            pass(Duration.ofMillis(2));
            return info(jobs, id).state() == JobState.DEAD;
        });
        List<JobFailure> history = info(jobs, id).history();
        assertEquals(10, history.size(), "the first and the last nine");
        assertEquals(
                List.of(1, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                history.stream().map(JobFailure::failures).toList());
        for (JobFailure failure : history) {
            assertEquals("java.lang.IllegalStateException: failure " + failure.failures(), failure.text());
            boolean isEnd = failure.failures() == 1 || failure.failures() == 15;
            assertEquals(isEnd, failure.trace().isPresent());
        }
        String trace = history.getLast().trace().orElseThrow();
        assertTrue(trace.contains("JobFeaturesContract") && trace.contains("Caused by") && trace.contains("the cause"));
        assertTrue(history.getLast().worker().isPresent());
        assertEquals(1, jobs.purgeDead());
        assertEquals(0, store().call("EXISTS", "jobs:{app}:failures").number());
    }

    @Test
    void jobsAreFoundByWhatTheyAre() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    throw new GiveUpException("The Disk Is Full");
                })
                .handle("mail", String.class, job -> {
                    throw new GiveUpException("timed out");
                })
                .start());
        for (int i = 0; i < 5; i++) {
            jobs.add(note("x"));
            jobs.add(NewJob.of("mail", "x"));
        }
        String late = jobs.add(note("x").delay(Duration.ofHours(1))).id();
        eventually(() -> jobs.stats().dead() == 10);
        JobQuery all = JobQuery.all();
        assertEquals(11, jobs.search(all, 100).size());
        assertEquals(3, jobs.search(all, 3).size());
        assertEquals(6, jobs.search(all.type("note"), 100).size());
        assertEquals(10, jobs.search(all.state(JobState.DEAD), 100).size());
        assertEquals(5, jobs.search(all.failure("disk is"), 100).size());
        assertEquals(0, jobs.search(all.type("mail").failure("disk is"), 100).size());
        assertEquals(
                List.of(late),
                jobs.search(all.state(JobState.SCHEDULED), 100).stream()
                        .map(JobInfo::id)
                        .toList());
        Instant now = Instant.ofEpochMilli(store().millis());
        assertEquals(0, jobs.search(all.since(now.plusSeconds(60)), 100).size());
        assertEquals(
                11,
                jobs.search(all.since(now.minusSeconds(600)).until(now.plusSeconds(60)), 100)
                        .size());
        assertEquals(0, jobs.search(all.failure("%d+ (.*"), 100).size(), "text, no pattern");
    }

    @Test
    void aSearchGoesThroughAll() {
        Jobs jobs = jobs();
        List<NewJob> many = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            many.add(NewJob.of(i % 2 == 0 ? "even" : "odd", i).runAt(Instant.MAX));
        }
        jobs.addAll(many);
        assertEquals(1000, jobs.search(JobQuery.all().type("odd"), 5000).size());
    }

    @Test
    void aResultIsAwaited() throws Exception {
        Jobs jobs = jobs();
        Jobs elsewhere = another().jobs("app").build();
        CountDownLatch end = new CountDownLatch(1);
        closing(worker(elsewhere)
                .handleWithResult("sum", new TypeReference<List<Line>>() {}, job -> {
                    end.await();
                    int sum = job.payload().stream().mapToInt(Line::count).sum();
                    return Map.of("sum", List.of(sum));
                })
                .handle("fail", String.class, job -> {
                    throw new GiveUpException("no luck");
                })
                .start());
        List<Line> lines = List.of(new Line("a", 3), new Line("b", 4));
        TypeReference<Map<String, List<Integer>>> type = new TypeReference<>() {};
        String id = jobs.add(NewJob.of("sum", lines).keepResult(KEPT)).id();
        JobOutcome<Map<String, List<Integer>>> open = jobs.awaitResult(id, type, Duration.ofMillis(50));
        assertTrue(open.isOpen());
        assertFalse(open.isDone());
        end.countDown();
        JobOutcome<Map<String, List<Integer>>> done = jobs.awaitResult(id, type, Duration.ofSeconds(20));
        assertTrue(done.isDone());
        assertEquals(Optional.of(Map.of("sum", List.of(7))), done.result());
        assertEquals(done.result(), jobs.result(id, type));

        String dead = jobs.add(NewJob.of("fail", "").keepResult(KEPT)).id();
        JobOutcome<String> failed = jobs.awaitResult(dead, String.class, Duration.ofSeconds(20));
        assertEquals(Optional.of(JobState.DEAD), failed.state());
        assertTrue(failed.failure().orElseThrow().contains("no luck"));
        assertEquals(
                Optional.empty(),
                jobs.awaitResult("nobody", String.class, Duration.ofSeconds(20)).state());
        String later = jobs.add(note("x").runAt(Instant.MAX)).id();
        Thread.currentThread().interrupt();
        assertThrows(CancellationException.class, () -> jobs.awaitResult(later, String.class, Duration.ofSeconds(20)));
        assertTrue(Thread.interrupted());
    }

    @Test
    void aWaitForAResultIsPushed() throws Exception {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handleWithResult("echo", Codecs.text(), job -> job.payload())
                .start());
        for (int i = 0; i < 20; i++) {
            String id = jobs.add(NewJob.of("echo", "n" + i).keepResult(KEPT)).id();
            assertEquals(
                    Optional.of("n" + i),
                    jobs.awaitResult(id, Codecs.text(), Duration.ofSeconds(20)).result());
        }
    }

    @Test
    void theMoreUrgentComesFirst() {
        Jobs jobs = jobs();
        jobs.add(note("plain 1"));
        jobs.add(note("urgent 1").priority(5));
        jobs.add(note("plain 2"));
        jobs.addAll(List.of(note("urgent 2").priority(5), note("most urgent").priority(NewJob.MOST_URGENT)));
        String cancelled = jobs.add(note("cancelled").priority(7)).id();
        assertTrue(jobs.cancel(cancelled));
        assertEquals(5, jobs.stats().queue("default").pending());
        List<String> expected = List.of("most urgent", "urgent 1", "urgent 2", "plain 1", "plain 2");
        assertEquals(
                expected,
                jobs.pending("default", 0, 10).stream()
                        .map(job -> Codecs.text().decode(job.payload()))
                        .toList());
        assertEquals(
                expected.subList(1, 4),
                jobs.list(JobState.PENDING, 1, 3).stream()
                        .map(job -> Codecs.text().decode(job.payload()))
                        .toList());
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .concurrency(1)
                .handle("note", String.class, job -> notes.add(job.payload()))
                .start());
        eventually(() -> notes.size() == 5);
        assertEquals(expected, notes);
        assertThrows(IllegalArgumentException.class, () -> note("x").priority(-1));
        assertThrows(IllegalArgumentException.class, () -> note("x").priority(NewJob.MOST_URGENT + 1));
    }

    /** Counts how many are at work at once. */
    private static final class Gauge {
        final AtomicInteger now = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();

        void pass() throws InterruptedException {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.sleep(5);
            now.decrementAndGet();
            done.incrementAndGet();
        }
    }

    @Test
    void onlySoManyOfATypeOrKeyAreAtWorkAtOnce() {
        List<Gauge> gauges = List.of(new Gauge(), new Gauge(), new Gauge());
        Gauge type = new Gauge();
        for (int i = 0; i < 2; i++) {
            Jobs jobs = another()
                    .jobs("app")
                    .keyConcurrency(2)
                    .typeConcurrency("scan", 3)
                    .build();
            closing(worker(jobs)
                    .handle(
                            "call",
                            Integer.class,
                            job -> gauges.get(job.payload()).pass())
                    .handle("scan", Integer.class, job -> type.pass())
                    .start());
        }
        Jobs jobs = jobs();
        List<NewJob> all = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            all.add(NewJob.of("call", i % 3).key("customer " + i % 3));
            if (i < 30) {
                all.add(NewJob.of("scan", i));
            }
        }
        jobs.addAll(all);
        eventually(() -> jobs.stats().processed() == 120);
        for (Gauge gauge : gauges) {
            assertEquals(30, gauge.done.get());
            assertTrue(gauge.most.get() <= 2, () -> "at once: " + gauge.most);
        }
        assertTrue(type.most.get() <= 3, () -> "at once: " + type.most);
        assertEquals(
                0,
                store().call("EXISTS", "jobs:{app}:busy", "jobs:{app}:held", "jobs:{app}:holding")
                        .number());
    }

    @Test
    void whatIsHeldBackIsSeenAndMayBeCancelled() throws Exception {
        Jobs jobs = toolkit().jobs("app").keyConcurrency(1).build();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    begun.countDown();
                    end.await();
                    notes.add(job.payload());
                })
                .start());
        jobs.add(note("a").key("k"));
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        String second = jobs.add(note("b").key("k")).id();
        jobs.add(note("c").key("k"));
        eventually(() -> jobs.stats().held() == 2);
        assertEquals(JobState.HELD, info(jobs, second).state());
        assertEquals(2, jobs.list(JobState.HELD, 0, 10).size());
        assertTrue(jobs.cancel(second));
        end.countDown();
        eventually(() -> notes.equals(List.of("a", "c")));
        eventually(() -> jobs.stats().processed() == 2);
        assertEquals(0, jobs.stats().held());
    }

    @Test
    void onlySoManyOfAKeyBeginInAPeriod() {
        Jobs jobs = toolkit().jobs("app").keyRate(3, Duration.ofMinutes(10)).build();
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handle("note", String.class, job -> notes.add(job.payload()))
                .start());
        for (int i = 0; i < 6; i++) {
            jobs.add(note("a").key("a"));
            jobs.add(note("b").key("b"));
        }
        jobs.add(note("free"));
        eventually(() -> notes.size() == 7 && jobs.stats().scheduled() == 6);
        assertEquals(3, notes.stream().filter("a"::equals).count());
        List<JobInfo> later = jobs.list(JobState.SCHEDULED, 0, 10);
        Instant now = Instant.ofEpochMilli(store().millis());
        assertTrue(later.getFirst().due().isAfter(now.plusSeconds(100)));
        assertTrue(later.getLast().due().isBefore(now.plusSeconds(700)), "one turn after the other");
    }

    @Test
    void aCancelIsPushed() throws Exception {
        // With this lease nothing is renewed within the time of the test.
        Jobs jobs = toolkit().jobs("app").lease(Duration.ofHours(1)).build();
        CountDownLatch begun = new CountDownLatch(1);
        closing(worker(jobs)
                .grace(Duration.ofMillis(100))
                .handle("note", String.class, job -> {
                    begun.countDown();
                    Thread.sleep(600_000);
                })
                .start());
        String id = jobs.add(note("x").keepResult(KEPT)).id();
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        assertTrue(another().jobs("app").build().cancel(id));
        eventually(() -> info(jobs, id).state() == JobState.CANCELLED);
        assertEquals(1, jobs.replay(id));
    }

    @Test
    void aJobMayReplaceOneThatWaits() throws Exception {
        Jobs jobs = jobs();
        Added first = jobs.add(note("1").uniqueUntilDone("key").delay(Duration.ofHours(1)));
        Added second = jobs.add(note("2").uniqueUntilDone("key").replacing());
        assertTrue(second.isNew());
        assertEquals(Optional.empty(), jobs.find(first.id()));
        assertFalse(jobs.add(note("3").uniqueUntilDone("key")).isNew());
        jobs.add(note("old").id("fixed").priority(3));
        assertEquals(new Added("fixed", true), jobs.add(note("new").id("fixed").replacing()));
        List<Added> both = jobs.addAll(List.of(
                note("x").uniqueUntilDone("other").replacing(),
                note("y").uniqueUntilDone("other").replacing()));
        assertTrue(both.get(1).isNew());
        assertEquals(
                List.of("2", "new", "y"),
                jobs.pending("default", 0, 10).stream()
                        .map(job -> Codecs.text().decode(job.payload()))
                        .toList());
        CountDownLatch begun = new CountDownLatch(3);
        CountDownLatch end = new CountDownLatch(1);
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    begun.countDown();
                    end.await();
                })
                .start());
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        assertEquals(
                new Added(second.id(), false),
                jobs.add(note("4").uniqueUntilDone("key").replacing()));
        end.countDown();
        eventually(() -> jobs.stats().processed() == 3);
    }

    @Test
    void aParentHasItsChildrensResults() {
        Jobs jobs = jobs();
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handleWithResult("part", Integer.class, job -> {
                    if (job.payload() < 0) {
                        throw new GiveUpException("negative");
                    }
                    return new Line("part", job.payload());
                })
                .handleWithResult("sum", String.class, job -> {
                    int sum = 0;
                    for (JobChild child : job.children()) {
                        if (child.state() == JobState.DONE) {
                            sum += child.result(Line.class).orElseThrow().count();
                        } else {
                            notes.add(child.state() + " " + child.failure().orElseThrow());
                        }
                    }
                    return new Line(job.payload(), sum);
                })
                .start());
        JobFlow flow = JobFlow.of(
                NewJob.of("sum", "all").keepResult(KEPT),
                JobFlow.of(
                        NewJob.of("sum", "half"), JobFlow.of(NewJob.of("part", 1)), JobFlow.of(NewJob.of("part", 2))),
                JobFlow.of(NewJob.of("part", 40)),
                JobFlow.of(NewJob.of("part", -1)));
        String id = jobs.addFlow(flow);
        JobOutcome<Line> outcome = jobs.awaitResult(id, Line.class, Duration.ofSeconds(20));
        assertEquals(Optional.of(new Line("all", 43)), outcome.result());
        assertEquals(1, notes.size());
        assertTrue(notes.getFirst().startsWith("DEAD") && notes.getFirst().contains("negative"));
        jobs.delete(id);
        jobs.purgeDead();
        assertEquals(
                0,
                store().call(
                                "EXISTS",
                                "jobs:{app}:batch",
                                "jobs:{app}:awaiting",
                                "jobs:{app}:state",
                                "jobs:{app}:payload",
                                "jobs:{app}:children:" + id)
                        .number());
    }

    @Test
    void aLargeFlowGoesInSeveralSteps() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .concurrency(50)
                .handleWithResult("part", Integer.class, job -> job.payload())
                .handleWithResult(
                        "sum",
                        String.class,
                        job -> job.children().stream()
                                .mapToInt(child -> child.result(Integer.class).orElseThrow())
                                .sum())
                .start());
        List<JobFlow> parts = new ArrayList<>();
        for (int i = 1; i <= 1200; i++) {
            parts.add(JobFlow.of(NewJob.of("part", i)));
        }
        String id = jobs.addFlow(new JobFlow(NewJob.of("sum", "").keepResult(KEPT), parts));
        assertEquals(
                Optional.of(1200 * 1201 / 2),
                jobs.awaitResult(id, Integer.class, Duration.ofSeconds(25)).result());
    }

    @Test
    void whatHappenedIsCountedByMinute() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    if (job.payload().equals("bad")) {
                        throw new GiveUpException("no");
                    }
                })
                .start());
        jobs.addAll(List.of(note("a"), note("b"), note("bad")));
        eventually(() -> jobs.stats().processed() == 2 && jobs.stats().died() == 1);
        long[] n = new long[4];
        for (JobMinute minute : jobs.minutes(60)) {
            assertEquals(0, minute.minute().toEpochMilli() % 60_000);
            n[0] += minute.added();
            n[1] += minute.processed();
            n[2] += minute.failed();
            n[3] += minute.died();
        }
        assertEquals(List.of(3L, 2L, 1L, 1L), List.of(n[0], n[1], n[2], n[3]));
        List<byte[]> hours = new ArrayList<>();
        store().scan("jobs:{app}:minutes:*", hours::addAll);
        for (byte[] hour : hours) {
            long left = store().call("PTTL", hour).number();
            assertTrue(left > 0 && left <= Duration.ofHours(25).toMillis());
        }
        assertThrows(IllegalArgumentException.class, () -> jobs.minutes(0));
    }

    @Test
    void missedTimesAreTreatedAsWanted() {
        Jobs jobs = toolkit()
                .jobs("app")
                .queue("once", 1)
                .queue("all", 1)
                .queue("skip", 1)
                .build();
        long now = store().millis();
        long minute = Duration.ofMinutes(1).toMillis();
        // Whether this minute or the next one is the present one when it is looked for, it was not missed.
        for (String name : List.of("once", "all", "skip")) {
            store().call("HSET", "jobs:{app}:cron", name, now - now % minute - 150 * minute);
        }
        Schedule every = Schedule.every(Duration.ofMinutes(1));
        jobs.schedule("once", every, () -> note("x").queue("once"));
        jobs.schedule("all", every.misfire(Misfire.ALL), () -> note("x").queue("all"));
        jobs.schedule("skip", every.misfire(Misfire.SKIP), () -> note("x").queue("skip"));
        eventually(() -> jobs.stats().queue("all").pending() >= 150);
        assertTrue(jobs.stats().queue("all").pending() <= 151);
        assertTrue(jobs.stats().queue("once").pending() <= 2);
        assertTrue(jobs.stats().queue("skip").pending() <= 2);
    }

    @Test
    void aScheduleThatIsNewMissesNothingFromThenOn() {
        Jobs jobs = jobs();
        jobs.schedule("nightly", Schedule.every(Duration.ofDays(1)), () -> note("x"));
        eventually(() -> store().call("HEXISTS", "jobs:{app}:cron", "nightly").number() == 1);
        jobs.close();
        // The time comes while no process is there.
        store().call(
                        "HINCRBY",
                        "jobs:{app}:cron",
                        "nightly",
                        -Duration.ofDays(1).toMillis());
        Jobs later = another().jobs("app").build();
        later.schedule("nightly", Schedule.every(Duration.ofDays(1)), () -> note("x"));
        eventually(() -> later.stats().queue("default").pending() == 1);
    }
}
