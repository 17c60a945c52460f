package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.job.Added;
import dev.holdfast.toolkit.job.GiveUpException;
import dev.holdfast.toolkit.job.Job;
import dev.holdfast.toolkit.job.JobInfo;
import dev.holdfast.toolkit.job.JobState;
import dev.holdfast.toolkit.job.JobStats;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.RetryLaterException;
import dev.holdfast.toolkit.job.Schedule;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.job.WorkerHook;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** What every set of jobs does. */
@ContractTest
class JobContract extends Contract {
    record Mail(int user, String text) {}

    private static final Duration AT_ONCE = Duration.ofMillis(1);

    private Jobs jobs() {
        return toolkit().jobs("app").build();
    }

    private Worker.Builder worker(Jobs jobs) {
        return jobs.worker().backoff(Backoff.fixed(AT_ONCE)).grace(Duration.ofSeconds(5));
    }

    /** A worker that writes down the payloads of type {@code "note"}. */
    private static Worker.Builder noting(Worker.Builder builder, List<String> notes) {
        return builder.handle("note", String.class, job -> notes.add(job.payload()));
    }

    private static NewJob note(String text) {
        return NewJob.of("note", text);
    }

    private JobInfo info(Jobs jobs, String id) {
        return jobs.find(id).orElseThrow();
    }

    /** The lease that was given last. */
    static String lease(Store store) {
        return store.call("GET", "jobs:{app}:lease").text();
    }

    /**
     * Lets the leases of jobs be over, all at once, unless another has been given since. Their worker may renew them, also for reasons of
     * its own, so say so until they are taken over.
     */
    static void losesItsWorker(Store store, String lease, String... ids) {
        List<Object> words = new ArrayList<>(List.of(
                "if redis.call('GET', KEYS[1]) == ARGV[1] then for i = 2, #ARGV do"
                        + " redis.call('ZADD', KEYS[2], 'XX', 1, ARGV[i]) end end",
                2,
                "jobs:{app}:lease",
                "jobs:{app}:active",
                lease));
        words.addAll(List.of(ids));
        store.call("EVAL", words.toArray());
    }

    @Test
    void jobsAreDoneInTheirOrder() {
        Jobs jobs = jobs();
        for (int i = 0; i < 20; i++) {
            assertTrue(jobs.add(note("n" + i)).isNew());
        }
        assertEquals(20, jobs.stats().queue("default").pending());
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).concurrency(1).start());
        eventually(() -> notes.size() == 20);
        for (int i = 0; i < 20; i++) {
            assertEquals("n" + i, notes.get(i));
        }
        eventually(() -> jobs.stats().processed() == 20);
        assertEquals(0, store().call("HLEN", "jobs:{app}:state").number(), "nothing is left of them");
        assertEquals(0, store().call("HLEN", "jobs:{app}:payload").number());
    }

    @Test
    void aResultIsKeptAsLongAsWanted() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handleWithResult(
                        "greet",
                        Mail.class,
                        job -> new Mail(
                                job.payload().user(), "Hello " + job.payload().text()))
                .start());
        String id = jobs.add(NewJob.of("greet", new Mail(7, "Ada")).keepResult(Duration.ofMillis(300)))
                .id();
        eventually(() -> jobs.result(id, Mail.class).isPresent());
        assertEquals(new Mail(7, "Hello Ada"), jobs.result(id, Mail.class).orElseThrow());
        assertEquals(JobState.DONE, info(jobs, id).state());
        pass(Duration.ofMillis(320));
        eventually(() -> jobs.find(id).isEmpty());
    }

    @Test
    void aStrictPriorityComesFirst() {
        Jobs jobs = toolkit()
                .jobs("app")
                .queue("high", 3)
                .queue("medium", 2)
                .queue("low", 1)
                .strict()
                .build();
        for (String queue : List.of("low", "medium", "high")) {
            jobs.add(note(queue + "1").queue(queue));
            jobs.add(note(queue + "2").queue(queue));
        }
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).concurrency(1).start());
        eventually(() -> notes.size() == 6);
        assertEquals(List.of("high1", "high2", "medium1", "medium2", "low1", "low2"), notes);
    }

    @Test
    void aWeightedPriorityStarvesNobody() {
        Jobs jobs = jobs();
        for (int i = 0; i < 100; i++) {
            jobs.add(note("critical").queue("critical"));
            jobs.add(note("low").queue("low"));
        }
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).concurrency(1).start());
        eventually(() -> notes.size() == 200);
        assertTrue(notes.subList(0, 100).contains("low"));
        long early = notes.subList(0, 100).stream().filter("critical"::equals).count();
        assertTrue(early > 60, "critical ones among the first hundred: " + early);
    }

    @Test
    void aDelayedJobWaits() {
        Jobs jobs = jobs();
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).start());
        String late = jobs.add(note("late").delay(Duration.ofMinutes(10))).id();
        jobs.add(note("soon").delay(Duration.ofMillis(300)));
        jobs.add(note("now"));
        eventually(() -> notes.equals(List.of("now")));
        pass(Duration.ofMillis(310));
        eventually(() -> notes.equals(List.of("now", "soon")));
        assertEquals(JobState.SCHEDULED, info(jobs, late).state());
        assertEquals(
                List.of(late),
                jobs.list(JobState.SCHEDULED, 0, 10).stream().map(JobInfo::id).toList());
        assertTrue(jobs.runNow(late));
        eventually(() -> notes.equals(List.of("now", "soon", "late")));
        assertFalse(jobs.runNow(late));
    }

    @Test
    void aFailedJobIsTriedAgainAndDiesInTheEnd() {
        Jobs jobs = jobs();
        List<Integer> attempts = new CopyOnWriteArrayList<>();
        AtomicInteger deaths = new AtomicInteger();
        closing(worker(jobs)
                .handle("fail", String.class, job -> {
                    attempts.add(job.attempt());
                    if (!job.payload().equals("good at last") || job.attempt() < 3) {
                        throw new IllegalStateException("no luck");
                    }
                })
                .hook(new WorkerHook() {
                    @Override
                    public void failed(Job<?> job, Throwable failure, boolean isLast) {
                        if (isLast) {
                            deaths.incrementAndGet();
                        }
                    }
                })
                .start());
        jobs.add(NewJob.of("fail", "good at last"));
        passUntil(() -> jobs.stats().processed() == 1);
        assertEquals(List.of(1, 2, 3), attempts);
        assertEquals(2, jobs.stats().failed());
        assertEquals(2, jobs.stats().retried());

        String bad = jobs.add(NewJob.of("fail", "never good").attempts(2)).id();
        passUntil(() -> jobs.stats().dead() == 1);
        JobInfo dead = info(jobs, bad);
        assertEquals(JobState.DEAD, dead.state());
        assertEquals(2, dead.failures());
        assertTrue(dead.failure().orElseThrow().contains("no luck"));
        eventually(() -> deaths.get() == 1);
        assertEquals(
                List.of(bad),
                jobs.list(JobState.DEAD, 0, 10).stream().map(JobInfo::id).toList());
    }

    /** Lets time pass until something holds. */
    private void passUntil(Callable<Boolean> condition) {
        eventually(() -> {
            pass(Duration.ofMillis(2));
            return condition.call();
        });
    }

    @Test
    void deadJobsAreReplayedOrPurged() {
        Jobs jobs = jobs();
        AtomicInteger luck = new AtomicInteger();
        List<String> done = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    if (luck.get() == 0) {
                        throw new GiveUpException("hopeless");
                    }
                    done.add(job.payload());
                })
                .start());
        List<String> ids = jobs.addAll(List.of(note("a"), note("b"), note("c"))).stream()
                .map(Added::id)
                .toList();
        eventually(() -> jobs.stats().dead() == 3);
        assertEquals(1, info(jobs, ids.get(0)).failures(), "given up at the first failure");
        luck.set(1);
        assertEquals(1, jobs.replay(ids.get(1)));
        eventually(() -> done.equals(List.of("b")));
        assertEquals(1, jobs.replayDead() - 1);
        eventually(() -> done.size() == 3);
        luck.set(0);
        jobs.add(note("d"));
        eventually(() -> jobs.stats().dead() == 1);
        assertEquals(1, jobs.purgeDead());
        assertEquals(0, jobs.stats().dead());
    }

    @Test
    void onlySoManyDeadAreKept() {
        Jobs jobs = toolkit().jobs("app").keepDead(3, Duration.ofDays(1)).build();
        closing(worker(jobs)
                .concurrency(1)
                .handle("note", String.class, job -> {
                    throw new GiveUpException("hopeless");
                })
                .start());
        for (int i = 0; i < 6; i++) {
            jobs.add(note("n" + i));
        }
        eventually(() -> jobs.stats().died() == 6);
        assertEquals(3, jobs.stats().dead());
        assertEquals(3, store().call("HLEN", "jobs:{app}:state").number());
    }

    @Test
    void aHandlerMaySayWhenToTryAgain() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    throw new RetryLaterException(Duration.ofHours(2), "the other side is closed");
                })
                .start());
        String id = jobs.add(note("x")).id();
        eventually(() -> info(jobs, id).state() == JobState.RETRY);
        JobInfo info = info(jobs, id);
        assertTrue(Duration.between(info.changed(), info.due()).compareTo(Duration.ofMinutes(119)) > 0);
    }

    @Test
    void aLostWorkersJobIsTakenOverAndTheLostOneCannotEndIt() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger lost = new AtomicInteger();
        List<Long> tokens = new CopyOnWriteArrayList<>();
        // With no room for another job it cannot take its own over.
        Worker slow = closing(worker(jobs)
                .concurrency(1)
                .handle("note", String.class, job -> {
                    tokens.add(job.fencingToken());
                    first.countDown();
                    while (goOn.getCount() > 0) {
                        try {
                            goOn.await();
                        } catch (InterruptedException e) {
                            // A handler that does not listen.
                        }
                    }
                    throw new IllegalStateException("too late to fail");
                })
                .hook(new WorkerHook() {
                    @Override
                    public void lost(Job<?> job) {
                        lost.incrementAndGet();
                    }
                })
                .start());
        String id = jobs.add(note("x").keepResult(Duration.ofMinutes(1))).id();
        assertTrue(first.await(10, TimeUnit.SECONDS));
        String lease = lease(store());
        Jobs elsewhere = another().jobs("app").build();
        closing(worker(elsewhere)
                .handleWithResult("note", String.class, job -> {
                    tokens.add(job.fencingToken());
                    return "done by another, takeover " + job.recoveries();
                })
                .start());
        eventually(() -> {
            losesItsWorker(store(), lease, id);
            return elsewhere.result(id, String.class).isPresent();
        });
        goOn.countDown();
        eventually(() -> lost.get() == 1);
        assertEquals(
                "done by another, takeover 1", jobs.result(id, String.class).orElseThrow());
        assertTrue(tokens.get(1) > tokens.get(0));
        JobStats stats = jobs.stats();
        assertEquals(1, stats.recovered());
        assertEquals(0, stats.failed());
        slow.close();
    }

    @Test
    void aFenceGrowsThoughTheKeysAreLost() {
        Jobs jobs = jobs();
        List<Long> tokens = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handle("note", String.class, job -> tokens.add(job.fencingToken()))
                .start());
        jobs.add(note("x"));
        eventually(() -> tokens.size() == 1 && jobs.stats().processed() == 1);
        target.clear();
        pass(Duration.ofMillis(1));
        jobs.add(note("y"));
        eventually(() -> tokens.size() == 2);
        assertTrue(tokens.get(1) > tokens.get(0));
    }

    @Test
    void poisonEndsAmongTheDead() {
        Jobs jobs = toolkit().jobs("app").maxRecoveries(2).build();
        AtomicInteger begun = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    begun.incrementAndGet();
                    end.await();
                })
                .start());
        String id = jobs.add(note("x")).id();
        for (int i = 1; i <= 3; i++) {
            int times = i;
            eventually(() -> begun.get() == times && info(jobs, id).state() == JobState.ACTIVE);
            String lease = lease(store());
            eventually(() -> {
                losesItsWorker(store(), lease, id);
                return !lease(store()).equals(lease) || info(jobs, id).state() == JobState.DEAD;
            });
        }
        eventually(() -> info(jobs, id).state() == JobState.DEAD);
        assertEquals(3, begun.get());
        assertEquals(0, info(jobs, id).failures());
        end.countDown();
    }

    @Test
    void aJobIsAddedOnce() {
        Jobs jobs = jobs();
        Added first = jobs.add(note("a").id("the one"));
        assertEquals(new Added("the one", true), first);
        assertEquals(new Added("the one", false), jobs.add(note("b").id("the one")));

        String kept = jobs.add(note("c").uniqueUntilDone("key")).id();
        assertEquals(new Added(kept, false), jobs.add(note("d").uniqueUntilDone("key")));
        String byPayload = jobs.add(note("e").uniqueByPayload()).id();
        assertEquals(new Added(byPayload, false), jobs.add(note("e").uniqueByPayload()));
        assertTrue(jobs.add(note("f").uniqueByPayload()).isNew());

        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).start());
        eventually(() -> jobs.stats().processed() == 4);
        assertTrue(jobs.add(note("g").uniqueUntilDone("key")).isNew(), "the first one is done");
        assertEquals(0, notes.stream().filter(text -> text.equals("d")).count());
    }

    @Test
    void uniquenessMayEndAtTheStart() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    begun.countDown();
                    end.await();
                })
                .start());
        jobs.add(note("a").uniqueUntilStart("start"));
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        assertTrue(jobs.add(note("b").uniqueUntilStart("start")).isNew());
        end.countDown();
        jobs.add(note("c").uniqueUntilDone("short", Duration.ofMillis(100)).delay(Duration.ofHours(1)));
        assertFalse(jobs.add(note("d").uniqueUntilDone("short")).isNew());
        pass(Duration.ofMillis(120));
        assertTrue(jobs.add(note("d").uniqueUntilDone("short")).isNew());
    }

    @Test
    void aJobIsCancelled() throws Exception {
        Jobs jobs = toolkit().jobs("app").lease(Duration.ofMillis(300)).build();
        String waiting = jobs.add(note("a").delay(Duration.ofHours(1))).id();
        assertTrue(jobs.cancel(waiting));
        assertEquals(Optional.empty(), jobs.find(waiting));
        assertFalse(jobs.cancel(waiting));
        String pending = jobs.add(note("b")).id();
        assertTrue(jobs.cancel(pending));
        assertEquals(0, jobs.stats().queue("default").pending());

        CountDownLatch begun = new CountDownLatch(1);
        AtomicInteger interrupted = new AtomicInteger();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    begun.countDown();
                    try {
                        Thread.sleep(60_000);
                    } catch (InterruptedException e) {
                        assertTrue(job.isCancelled());
                        interrupted.incrementAndGet();
                        throw e;
                    }
                })
                .start());
        String active = jobs.add(note("c").keepResult(Duration.ofMinutes(1))).id();
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        assertTrue(jobs.cancel(active));
        eventually(() -> info(jobs, active).state() == JobState.CANCELLED);
        assertEquals(1, interrupted.get());
        assertEquals(Optional.of("it was cancelled"), info(jobs, active).failure());
        assertEquals(3, jobs.stats().cancelled());
        assertEquals(1, jobs.stats().keptCancelled());
        assertEquals(0, jobs.stats().failed());
        assertEquals(
                List.of(active),
                jobs.list(JobState.CANCELLED, 0, 10).stream().map(JobInfo::id).toList());
        assertTrue(jobs.delete(active));
        assertEquals(0, jobs.stats().keptCancelled());
    }

    @Test
    void aJobHasItsTime() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handle("sleep", String.class, job -> Thread.sleep(60_000))
                .start());
        String slow = jobs.add(
                        NewJob.of("sleep", "").timeout(Duration.ofMillis(50)).attempts(1))
                .id();
        eventually(() ->
                jobs.find(slow).filter(job -> job.state() == JobState.DEAD).isPresent());
        assertTrue(info(jobs, slow).failure().orElseThrow().contains("longer than"));
        Instant now = Instant.ofEpochMilli(store().millis());
        String late =
                jobs.add(NewJob.of("sleep", "").deadline(now.minusSeconds(1))).id();
        eventually(() -> info(jobs, late).state() == JobState.DEAD);
        assertEquals(Optional.of("its deadline has passed"), info(jobs, late).failure());
        String soon =
                jobs.add(NewJob.of("sleep", "").deadline(now.plusMillis(400))).id();
        eventually(() ->
                jobs.find(soon).filter(job -> job.state() == JobState.DEAD).isPresent());
    }

    @Test
    void aBatchIsFollowed() {
        Jobs jobs = jobs();
        List<String> notes = new CopyOnWriteArrayList<>();
        List<NewJob> parts = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            parts.add(i % 10 == 9 ? NewJob.of("hopeless", "") : note("part"));
        }
        String then = jobs.addBatch(parts, note("then"));
        assertEquals(JobState.AWAITING, info(jobs, then).state());
        assertEquals(1, jobs.stats().awaiting());
        assertEquals(
                List.of(then),
                jobs.list(JobState.AWAITING, 0, 10).stream().map(JobInfo::id).toList());
        closing(noting(worker(jobs), notes)
                .handle("hopeless", String.class, job -> {
                    throw new GiveUpException("hopeless");
                })
                .start());
        eventually(() -> notes.contains("then"));
        assertEquals(28, notes.size());
        assertEquals("then", notes.getLast());
        assertEquals(3, jobs.stats().dead());
        String alone = jobs.addBatch(List.of(), note("alone"));
        eventually(() -> notes.contains("alone") && jobs.find(alone).isEmpty());
        assertEquals(0, store().call("EXISTS", "jobs:{app}:batch").number());
    }

    @Test
    void aPausedQueueIsLeftAlone() {
        Jobs jobs = jobs();
        jobs.pause("default");
        jobs.add(note("paused"));
        jobs.add(note("other").queue("low"));
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).start());
        eventually(() -> notes.equals(List.of("other")));
        assertTrue(jobs.stats().queue("default").paused());
        jobs.resume("default");
        eventually(() -> notes.equals(List.of("other", "paused")));
    }

    @Test
    void aQueueMayBeSlowedDown() {
        Jobs jobs = toolkit()
                .jobs("app")
                .queue("slow", 1)
                .rateLimit(5, Duration.ofMinutes(10))
                .queue("default", 1)
                .build();
        for (int i = 0; i < 10; i++) {
            jobs.add(note("slow").queue("slow"));
        }
        jobs.add(note("default"));
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).start());
        eventually(() -> notes.contains("default") && notes.size() == 6);
        assertEquals(5, jobs.stats().queue("slow").pending());
    }

    @Test
    void aScheduleIsServedOnceByMany() {
        store().call(
                        "HSET",
                        "jobs:{app}:cron",
                        "nightly",
                        store().millis() - Duration.ofDays(3).toMillis());
        Jobs jobs = jobs();
        Jobs elsewhere = another().jobs("app").build();
        for (Jobs each : List.of(jobs, elsewhere)) {
            each.schedule("nightly", Schedule.cron("30 4 * * *", ZoneOffset.UTC), () -> note("nightly"));
        }
        List<String> notes = new CopyOnWriteArrayList<>();
        closing(noting(worker(jobs), notes).start());
        eventually(() -> notes.equals(List.of("nightly")));
        long served = store().call("HGET", "jobs:{app}:cron", "nightly").number();
        assertEquals(30, Instant.ofEpochMilli(served).atZone(ZoneOffset.UTC).getMinute());
        if (target.hasTestClock()) {
            pass(Duration.ofDays(1));
            eventually(() -> notes.size() == 2);
        }
        jobs.unschedule("nightly");
    }

    @Test
    void aWorkerDrains() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        Worker worker = worker(jobs)
                .handle("quick", String.class, job -> {
                    begun.countDown();
                    end.await();
                    done.incrementAndGet();
                })
                .handle("endless", String.class, job -> {
                    begun.countDown();
                    Thread.sleep(60_000);
                })
                .concurrency(2)
                .start();
        jobs.add(NewJob.of("quick", ""));
        String endless = jobs.add(NewJob.of("endless", "")).id();
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        jobs.add(NewJob.of("quick", "not begun any more"));
        end.countDown();
        worker.close(Duration.ofMillis(200));
        assertTrue(done.get() >= 1, "what was at work has come to its end");
        assertEquals(JobState.PENDING, info(jobs, endless).state());
        assertEquals(0, info(jobs, endless).failures());
        assertEquals(3 - done.get(), jobs.stats().queue("default").pending(), "nothing is lost");
    }

    @Test
    void aHandlerSeesItsJob() {
        Jobs jobs = jobs();
        List<Object> seen = new CopyOnWriteArrayList<>();
        List<String> hooks = new CopyOnWriteArrayList<>();
        Worker worker = worker(jobs)
                .handle("note", String.class, job -> {
                    job.progress(42.5);
                    seen.add(job.headers());
                    seen.add(info(jobs, job.id()).progress().orElseThrow());
                    seen.add(info(jobs, job.id()).worker().orElseThrow());
                    seen.add(job.queue() + job.type() + job.attempt() + job.attempts() + job.recoveries());
                })
                .hook(new WorkerHook() {
                    @Override
                    public void starting(Worker worker) {
                        hooks.add("starting");
                    }

                    @Override
                    public void begins(Job<?> job) {
                        hooks.add("begins");
                    }

                    @Override
                    public void done(Job<?> job, Duration took) {
                        hooks.add("done");
                    }

                    @Override
                    public void stopped(Worker worker) {
                        hooks.add("stopped");
                    }
                })
                .start();
        jobs.add(note("x").headers(Map.of("trace", "abc")).queue("low").attempts(9));
        eventually(() -> hooks.contains("done"));
        assertTrue(jobs.health().up());
        worker.close();
        assertEquals(List.of(Map.of("trace", "abc"), 42.5, worker.name(), "lownote190"), seen);
        assertEquals(List.of("starting", "begins", "done", "stopped"), hooks);
    }

    @Test
    void manyWorkersDoEachJobOnce() {
        int count = 600;
        Jobs jobs = jobs();
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        for (int i = 0; i < 3; i++) {
            Toolkit process = another();
            closing(worker(process.jobs("app").build())
                    .handle("count", Integer.class, job -> done.incrementAndGet(job.payload()))
                    .start());
        }
        List<NewJob> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(NewJob.of("count", i)
                    .queue(List.of("critical", "default", "low").get(i % 3)));
        }
        assertEquals(count, jobs.addAll(all).stream().filter(Added::isNew).count());
        eventually(() -> jobs.stats().processed() == count);
        for (int i = 0; i < count; i++) {
            assertEquals(1, done.get(i), "job " + i);
        }
    }

    @Test
    void pendingJobsAreListed() {
        Jobs jobs = jobs();
        for (int i = 0; i < 5; i++) {
            jobs.add(note("n" + i));
        }
        List<String> listed = jobs.pending("default", 1, 3).stream()
                .map(job -> new String(job.payload(), java.nio.charset.StandardCharsets.UTF_8))
                .toList();
        assertEquals(List.of("n1", "n2", "n3"), listed);
        String id = jobs.pending("default", 0, 1).getFirst().id();
        assertTrue(jobs.delete(id));
        assertNotEquals(id, jobs.pending("default", 0, 1).getFirst().id());
        pass(Duration.ofMillis(20));
        assertTrue(jobs.stats().queue("default").oldest().orElseThrow().toMillis() >= 20);
        assertEquals(Optional.empty(), jobs.stats().queue("low").oldest());
    }

    @Test
    void badArgumentsAreRefused() {
        Jobs jobs = jobs();
        assertThrows(IllegalArgumentException.class, () -> jobs.add(note("x").queue("none")));
        assertThrows(IllegalArgumentException.class, () -> note("x").attempts(0));
        assertThrows(IllegalArgumentException.class, () -> jobs.worker().queues("none"));
        assertThrows(IllegalArgumentException.class, () -> jobs.list(JobState.PENDING, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> jobs.pause("none"));
        assertThrows(
                IllegalArgumentException.class,
                () -> jobs.addBatch(List.of(note("x").queue("none")), note("then")));
        assertThrows(IllegalArgumentException.class, () -> toolkit().jobs("b").rateLimit(1, Duration.ofSeconds(1)));
        assertEquals(0, jobs.stats().added());
    }
}
