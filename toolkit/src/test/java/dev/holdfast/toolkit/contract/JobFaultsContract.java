package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.codec.Codec;
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
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.store.CommandFailedException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Whatever a program does, no job is lost, stuck, silent, or done by it. */
@ContractTest
class JobFaultsContract extends Contract {
    private static final String HUGE = "x".repeat(100_000);

    private Jobs jobs() {
        return toolkit().jobs("app").lease(Duration.ofMillis(300)).build();
    }

    private Worker.Builder worker(Jobs jobs) {
        return jobs.worker().backoff(Backoff.fixed(Duration.ofMillis(1))).grace(Duration.ofSeconds(5));
    }

    private static JobInfo info(Jobs jobs, String id) {
        return jobs.find(id).orElseThrow();
    }

    /** An exception that does not even say what it is. */
    private static final class Hostile extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            throw new AssertionError("no trace");
        }
    }

    @Test
    void whateverAHandlerThrowsIsAFailure() {
        Jobs jobs = jobs();
        List<Throwable> all = List.of(
                new Hostile(),
                new AssertionError("an error"),
                new StackOverflowError(),
                new NoClassDefFoundError("missing"),
                new IllegalStateException(HUGE, new IllegalStateException(HUGE)),
                new InterruptedException(),
                new RetryLaterException(null, "no delay"),
                new RetryLaterException(ChronoUnit.FOREVER.getDuration(), "in ages"),
                new RetryLaterException(Duration.ofSeconds(-5), "in the past"));
        closing(worker(jobs)
                .concurrency(1)
                .handleWithResult("throw", Integer.class, job -> {
                    if (job.payload() < 0) {
                        return "well";
                    }
                    Throwable thrown = all.get(job.payload());
                    if (thrown instanceof Error error) {
                        throw error;
                    }
                    throw (Exception) thrown;
                })
                .start());
        for (int i = 0; i < all.size(); i++) {
            String id = jobs.add(NewJob.of("throw", i).attempts(1)).id();
            eventually(() -> info(jobs, id).state() == JobState.DEAD);
            JobInfo dead = info(jobs, id);
            assertEquals(1, dead.history().size());
            assertTrue(dead.failure().orElseThrow().length() <= 500);
            assertTrue(dead.history().getFirst().trace().orElseThrow().length() <= 4000);
        }
        String good = jobs.add(NewJob.of("throw", -1).keepResult(Duration.ofMinutes(1)))
                .id();
        eventually(() -> jobs.result(good, String.class).equals(Optional.of("well")));
        assertTrue(jobs.health().up());
    }

    @Test
    void anyDelayThatAHandlerAsksForIsKept() {
        Jobs jobs = jobs();
        AtomicInteger calls = new AtomicInteger();
        closing(worker(jobs)
                .handle("later", String.class, job -> {
                    if (job.payload().equals("ages")) {
                        throw new RetryLaterException(ChronoUnit.FOREVER.getDuration(), "in ages");
                    }
                    if (calls.incrementAndGet() < 3) {
                        throw new RetryLaterException(Duration.ofSeconds(-5), "at once");
                    }
                })
                .start());
        jobs.add(NewJob.of("later", "now"));
        eventually(() -> {
            pass(Duration.ofMillis(2));
            return calls.get() == 3;
        });
        String ages = jobs.add(NewJob.of("later", "ages")).id();
        eventually(() -> info(jobs, ages).state() == JobState.RETRY);
        assertTrue(info(jobs, ages).due().isAfter(Instant.now().plus(Duration.ofDays(100_000))));
    }

    @Test
    @SuppressWarnings("NullAway") // A program need not be checked.
    void aBackoffThatFailsIsReplacedAndToldOf() {
        for (Backoff backoff : List.<Backoff>of(
                failures -> {
                    throw new ArrayIndexOutOfBoundsException(failures);
                },
                failures -> null,
                failures -> {
                    throw new NoClassDefFoundError("pauses");
                })) {
            Jobs jobs = jobs();
            Worker worker = worker(jobs)
                    .concurrency(1)
                    .backoff(backoff)
                    .handle("fail", String.class, job -> {
                        throw new IllegalStateException("no luck");
                    })
                    .start();
            String id = jobs.add(NewJob.of("fail", "")).id();
            eventually(() -> info(jobs, id).state() == JobState.RETRY);
            eventually(() -> !jobs.health().up());
            assertTrue(jobs.health().details().toString().contains("backoff"));
            worker.close();
            jobs.close();
        }
    }

    @Test
    void hooksThatThrowChangeNothing() {
        Jobs jobs = jobs();
        WorkerHook hook = new WorkerHook() {
            @Override
            public void begins(Job<?> job) {
                throw new NoClassDefFoundError("hook");
            }

            @Override
            public void done(Job<?> job, Duration took) {
                throw new Hostile();
            }

            @Override
            public void stopped(Worker worker) {
                throw new AssertionError("hook");
            }
        };
        AtomicInteger done = new AtomicInteger();
        Worker worker = worker(jobs)
                .concurrency(1)
                .hook(hook)
                .handle("note", String.class, job -> done.incrementAndGet())
                .start();
        jobs.add(NewJob.of("note", "a"));
        jobs.add(NewJob.of("note", "b"));
        eventually(() -> jobs.stats().processed() == 2);
        assertEquals(2, done.get());
        worker.close();
        assertEquals(0, jobs.stats().active());
    }

    @Test
    @SuppressWarnings("NullAway") // A program need not be checked.
    void aPayloadThatCannotBeReadIsAFailureAndAResultThatCannotBeWrittenToo() {
        Jobs jobs = jobs();
        Codec<String> broken = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                throw new StackOverflowError();
            }

            @Override
            public String decode(byte[] bytes) {
                throw new AssertionError("unreadable");
            }
        };
        closing(worker(jobs)
                .concurrency(1)
                .handle("broken", broken, job -> {})
                .handleWithResult("cyclic", String.class, job -> {
                    List<Object> list = new java.util.ArrayList<>();
                    list.add(list);
                    return list;
                })
                .start());
        for (String type : List.of("broken", "cyclic")) {
            String id = jobs.add(NewJob.of(type, "x").attempts(1)).id();
            eventually(() -> info(jobs, id).state() == JobState.DEAD);
        }
        assertThrows(
                StackOverflowError.class,
                () -> jobs.addAll(List.of(NewJob.of("fine", "x"), NewJob.of("broken", "x", broken))));
        assertEquals(2, jobs.stats().added(), "all are added or none");
        assertThrows(NullPointerException.class, () -> NewJob.of("x", null));
    }

    @Test
    void whoStopsEarlyHasNotDoneItsJob() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch begun = new CountDownLatch(3);
        Worker worker = worker(jobs)
                .handle("export", String.class, job -> {
                    begun.countDown();
                    while (!job.isCancelled()) {
                        sleepThroughInterrupts();
                    }
                })
                .start();
        Duration kept = Duration.ofMinutes(1);
        String slow = jobs.add(NewJob.of("export", "")
                        .timeout(Duration.ofMillis(1))
                        .attempts(1)
                        .keepResult(kept))
                .id();
        String cancelled = jobs.add(NewJob.of("export", "").keepResult(kept)).id();
        String stopped = jobs.add(NewJob.of("export", "").keepResult(kept)).id();
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        eventually(() -> info(jobs, slow).state() == JobState.DEAD);
        assertEquals(1, info(jobs, slow).failures());
        assertTrue(jobs.cancel(cancelled));
        eventually(() -> info(jobs, cancelled).state() == JobState.CANCELLED);
        worker.close(Duration.ZERO);
        assertEquals(JobState.PENDING, info(jobs, stopped).state());
        JobStats stats = jobs.stats();
        assertEquals(0, stats.processed());
        assertEquals(1, stats.cancelled());
        assertEquals(1, stats.failed());
    }

    private static void sleepThroughInterrupts() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            // What counts is whether the job is cancelled.
        }
    }

    @Test
    void handlersThatKeepTheProcessorsHoldUpNoLease() throws Exception {
        Jobs jobs = jobs();
        int processors = Runtime.getRuntime().availableProcessors();
        AtomicBoolean end = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(processors);
        closing(worker(jobs)
                .handle("compute", String.class, job -> {
                    begun.countDown();
                    while (!end.get()) {
                        Thread.onSpinWait();
                    }
                })
                .start());
        try (Lease lock = toolkit().locks(Duration.ofMillis(300)).mutex("m").acquire()) {
            for (int i = 0; i < processors; i++) {
                jobs.add(NewJob.of("compute", ""));
            }
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            String id = jobs.list(JobState.ACTIVE, 0, 1).getFirst().id();
            double first = store().call("ZSCORE", "jobs:{app}:active", id).real();
            eventually(() -> {
                pass(Duration.ofMillis(5));
                return store().call("ZSCORE", "jobs:{app}:active", id).real() > first + 300;
            });
            assertTrue(lock.isHeld());
        } finally {
            end.set(true);
        }
        eventually(() -> jobs.stats().processed() == processors);
        assertEquals(0, jobs.stats().recovered());
    }

    @Test
    void whoDoesNotListenIsNotWaitedFor() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        Worker worker = worker(jobs)
                .concurrency(1)
                .handle("deaf", String.class, job -> {
                    begun.countDown();
                    deafUntil(end);
                })
                .start();
        String id = jobs.add(NewJob.of("deaf", "").timeout(Duration.ofMillis(1)).attempts(1))
                .id();
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        eventually(() -> info(jobs, id).state() == JobState.DEAD);
        assertTrue(info(jobs, id).failure().orElseThrow().contains("longer than"));
        eventually(() -> !jobs.health().up());
        end.countDown();
        eventually(() -> jobs.health().up());
        worker.close();
        AtomicInteger next = new AtomicInteger();
        closing(worker(jobs)
                .handle("note", String.class, job -> next.incrementAndGet())
                .start());
        jobs.add(NewJob.of("note", ""));
        eventually(() -> next.get() == 1);
    }

    @Test
    void aStopGivesWorkBackThoughNobodyListens() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        Worker worker = worker(jobs)
                .handle("deaf", String.class, job -> {
                    begun.countDown();
                    deafUntil(end);
                })
                .start();
        String id = jobs.add(NewJob.of("deaf", "")).id();
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        // An interrupted close gives back as well, and keeps the interrupt.
        Thread.currentThread().interrupt();
        worker.close(Duration.ofMinutes(1));
        assertTrue(Thread.interrupted());
        assertEquals(JobState.PENDING, info(jobs, id).state());
        assertEquals(0, info(jobs, id).failures());
        end.countDown();
        assertEquals(0, jobs.stats().processed());
    }

    @Test
    void aDelayMayBeAnything() {
        Jobs jobs = jobs();
        List<String> done = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handle("note", String.class, job -> done.add(job.payload()))
                .start());
        jobs.add(NewJob.of("note", "negative").delay(Duration.ofSeconds(-5)));
        jobs.add(NewJob.of("note", "past").runAt(Instant.EPOCH));
        jobs.add(NewJob.of("note", "long past").runAt(Instant.MIN));
        eventually(() -> done.size() == 3);
        List<String> late = List.of(
                jobs.add(NewJob.of("note", "late").delay(ChronoUnit.FOREVER.getDuration()))
                        .id(),
                jobs.add(NewJob.of("note", "late").runAt(Instant.MAX)).id());
        assertEquals(2, jobs.list(JobState.SCHEDULED, 0, 10).size());
        for (String id : late) {
            assertTrue(jobs.runNow(id));
        }
        eventually(() -> done.size() == 5);
        jobs.add(NewJob.of("note", "all")
                .timeout(ChronoUnit.FOREVER.getDuration())
                .deadline(Instant.MAX)
                .keepResult(ChronoUnit.FOREVER.getDuration())
                .uniqueUntilDone("key", ChronoUnit.FOREVER.getDuration()));
        eventually(() -> done.size() == 6 && jobs.stats().done() == 1);
        String over = jobs.add(NewJob.of("note", "over").deadline(Instant.MIN)).id();
        eventually(() -> info(jobs, over).state() == JobState.DEAD);
    }

    @Test
    void whatIsDueAtTheSameTimeStaysInItsOrder() {
        Jobs jobs = jobs();
        Instant due = Instant.ofEpochMilli(store().millis() + 200);
        List<NewJob> all = new java.util.ArrayList<>();
        for (int i = 0; i < 60; i++) {
            all.add(NewJob.of("note", i).runAt(due));
        }
        jobs.addAll(all.subList(0, 30));
        all.subList(30, 60).forEach(jobs::add);
        List<Integer> done = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .concurrency(1)
                .handle("note", Integer.class, job -> done.add(job.payload()))
                .start());
        pass(Duration.ofMillis(210));
        eventually(() -> done.size() == 60);
        for (int i = 0; i < 60; i++) {
            assertEquals(i, done.get(i));
        }
    }

    @Test
    void textsMayBeAnything() {
        for (String text : List.of("a b", "{x}", "}{", "!no", "ü\0\n", "%7B", "x".repeat(5000))) {
            Jobs jobs = toolkit().jobs(text).queue(text, 1).build();
            List<String> done = new CopyOnWriteArrayList<>();
            Worker worker = worker(jobs)
                    .handle(
                            text,
                            String.class,
                            job -> done.add(job.payload() + job.headers().get(text)))
                    .start();
            assertEquals(
                    text,
                    jobs.add(NewJob.of(text, text)
                                    .id(text)
                                    .key(text)
                                    .headers(Map.of(text, text))
                                    .uniqueUntilDone(text)
                                    .keepResult(Duration.ofMinutes(1)))
                            .id());
            assertTrue(!jobs.add(NewJob.of(text, text).id(text)).isNew());
            eventually(() -> done.equals(List.of(text + text)));
            eventually(() -> info(jobs, text).state() == JobState.DONE);
            assertEquals(text, info(jobs, text).type());
            assertEquals(Optional.of(text), info(jobs, text).key());
            assertEquals(0, jobs.stats().queue(text).pending());
            worker.close();
            jobs.close();
        }
    }

    @Test
    void theOnlyQueueNeedsNoName() {
        Jobs jobs = toolkit().jobs("mail").queue("mail", 1).build();
        jobs.add(NewJob.of("x", "y"));
        assertEquals(1, jobs.stats().queue("mail").pending());
        Jobs two = toolkit().jobs("two").queue("a", 1).queue("b", 1).build();
        assertThrows(IllegalArgumentException.class, () -> two.add(NewJob.of("x", "y")));
    }

    @Test
    @SuppressWarnings("NullAway") // A program need not be checked.
    void aScheduleIntoAQueueThatIsNoneIsToldOf() {
        Jobs jobs = jobs();
        List<Schedule> each =
                List.of(Schedule.every(Duration.ofSeconds(1)), Schedule.cron("* * * * * *", ZoneOffset.UTC));
        store().call("HSET", "jobs:{app}:cron", "misspelt", store().millis() - 5000);
        jobs.schedule("misspelt", each.getFirst(), () -> NewJob.of("x", "y").queue("none"));
        eventually(() -> !jobs.health().up());
        assertTrue(jobs.health().details().toString().contains("none"));
        jobs.unschedule("misspelt");
        store().call("HSET", "jobs:{app}:cron", "null", store().millis() - 5000);
        jobs.schedule("null", each.getLast(), () -> null);
        eventually(() -> !jobs.health().up());
        jobs.unschedule("null");
        AtomicInteger calls = new AtomicInteger();
        store().call("HSET", "jobs:{app}:cron", "late", store().millis() - 5000);
        jobs.schedule("late", each.getLast(), () -> {
            if (calls.incrementAndGet() < 3) {
                throw new AssertionError("not yet");
            }
            return NewJob.of("x", "late");
        });
        eventually(() -> jobs.stats().queue("default").pending() >= 1);
        assertEquals(0, store().call("LLEN", "jobs:{app}:pending:none").number());
        jobs.unschedule("late");
        assertTrue(jobs.health().up());
    }

    @Test
    void aBlockedSupplierHoldsUpNoOtherSchedule() throws Exception {
        Jobs jobs = jobs();
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        for (String name : List.of("blocked", "fine")) {
            store().call("HSET", "jobs:{app}:cron", name, store().millis() - 5000);
        }
        jobs.schedule("blocked", Schedule.every(Duration.ofSeconds(1)), () -> {
            blocked.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return NewJob.of("x", "blocked");
        });
        assertTrue(blocked.await(20, TimeUnit.SECONDS));
        jobs.schedule("fine", Schedule.every(Duration.ofSeconds(1)), () -> NewJob.of("x", "fine"));
        eventually(() -> jobs.stats().queue("default").pending() >= 1);
        jobs.unschedule("blocked");
        end.countDown();
    }

    @Test
    void aNewTypeWaitsForAWorkerThatKnowsIt() {
        Jobs jobs = jobs();
        List<String> old = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .concurrency(1)
                .handle("v1", String.class, job -> old.add(job.payload()))
                .start());
        String id = jobs.add(NewJob.of("v2", "new").attempts(1)).id();
        jobs.add(NewJob.of("v1", "old"));
        eventually(() -> old.equals(List.of("old")));
        eventually(() -> info(jobs, id).state() == JobState.RETRY);
        assertEquals(0, info(jobs, id).failures());
        assertEquals(Map.of("v2", 1L), jobs.stats().unknown());
        assertTrue(jobs.health().up());
        assertTrue(jobs.health().details().containsKey("unknown type:v2"));
        List<String> done = new CopyOnWriteArrayList<>();
        Jobs elsewhere = another().jobs("app").build();
        closing(worker(elsewhere)
                .handle("v2", String.class, job -> done.add(job.payload()))
                .start());
        eventually(() -> {
            jobs.runNow(id);
            return done.equals(List.of("new"));
        });
        eventually(() -> jobs.stats().unknown().isEmpty());
    }

    @Test
    void aTypeThatNobodyEverKnowsIsDeadInTheEnd() {
        Jobs jobs = toolkit().jobs("app").unknownTypes(Duration.ofMillis(300)).build();
        closing(worker(jobs).handle("v1", String.class, job -> {}).start());
        String id = jobs.add(NewJob.of("v2", "")).id();
        eventually(() -> {
            pass(Duration.ofMillis(20));
            return info(jobs, id).state() == JobState.DEAD;
        });
        assertTrue(info(jobs, id).failure().orElseThrow().contains("v2"));
        assertTrue(jobs.stats().unknown().isEmpty());
    }

    @Test
    void jobsOfAQueueThatWasGivenUpAreSeen() {
        Jobs before = another().jobs("app").queue("old", 1).build();
        before.add(NewJob.of("x", "left behind"));
        Jobs jobs = jobs();
        assertEquals(1, jobs.stats().queue("old").pending());
        assertEquals(1, jobs.list(JobState.PENDING, 0, 10).size());
        assertEquals(1L, jobs.health().details().get("elsewhere:old"));
    }

    @Test
    void whatCannotBeReadHidesNoNeighbour() {
        Jobs jobs = jobs();
        String broken = jobs.add(NewJob.of("note", "broken")).id();
        String odd = jobs.add(NewJob.of("note", "odd").attempts(1)).id();
        jobs.add(NewJob.of("note", "fine"));
        store().call("HSET", "jobs:{app}:state", broken, "garbage");
        store().call("HDEL", "jobs:{app}:payload", odd);
        assertEquals(2, jobs.pending("default", 0, 10).size());
        assertEquals(2, jobs.search(dev.holdfast.toolkit.job.JobQuery.all(), 10).size());
        List<String> done = new CopyOnWriteArrayList<>();
        closing(worker(jobs)
                .handle("note", String.class, job -> done.add(job.payload()))
                .start());
        eventually(() -> done.contains("fine"));
        assertFalse(jobs.find(broken).isPresent());
    }

    @Test
    void progressMayBeAnything() {
        Jobs jobs = jobs();
        closing(worker(jobs)
                .handle("note", String.class, job -> {
                    for (double percent : List.of(Double.NaN, Double.POSITIVE_INFINITY, -3.0)) {
                        job.progress(percent);
                        assertTrue(info(jobs, job.id()).progress().isPresent());
                    }
                })
                .start());
        jobs.add(NewJob.of("note", ""));
        eventually(() -> jobs.stats().processed() == 1);
    }

    @Test
    void aBatchThatCannotBeAddedLeavesNothing() {
        Jobs jobs = jobs();
        jobs.add(NewJob.of("x", "").id("taken"));
        assertThrows(
                IllegalArgumentException.class,
                () -> jobs.addBatch(
                        List.of(NewJob.of("x", "part")), NewJob.of("x", "then").id("taken")));
        assertEquals(1, jobs.stats().added());
        assertEquals(0, jobs.stats().awaiting());
        assertEquals(0, store().call("EXISTS", "jobs:{app}:batch").number());
    }

    @Test
    void uniquenessHoldsThroughDeathAndReplay() {
        Jobs jobs = jobs();
        AtomicBoolean fails = new AtomicBoolean(true);
        Worker worker = worker(jobs)
                .handle("note", String.class, job -> {
                    if (fails.get()) {
                        throw new dev.holdfast.toolkit.job.GiveUpException("no");
                    }
                })
                .start();
        String first = jobs.add(NewJob.of("note", "1").uniqueUntilDone("key")).id();
        eventually(() -> info(jobs, first).state() == JobState.DEAD);
        worker.close();
        String second = jobs.add(NewJob.of("note", "2").uniqueUntilDone("key")).id();
        assertEquals(0, jobs.replay(first), "there would be two of one key");
        assertTrue(jobs.cancel(second));
        assertEquals(1, jobs.replay(first));
        assertFalse(jobs.add(NewJob.of("note", "3").uniqueUntilDone("key")).isNew());
    }

    @Test
    void whatADeadWorkerHadComesBackInItsOrder() {
        // With a lease that is not renewed within the time of the test: whoever begins to listen renews it, so that
        // comes before.
        Jobs jobs = toolkit().jobs("app").lease(Duration.ofHours(1)).build();
        jobs.awaitResult("none", String.class, Duration.ZERO);
        CountDownLatch begun = new CountDownLatch(12);
        CountDownLatch end = new CountDownLatch(1);
        for (int i = 0; i < 14; i++) {
            jobs.add(NewJob.of("note", i));
        }
        Worker worker = worker(jobs)
                .concurrency(12)
                .handle("note", Integer.class, job -> {
                    begun.countDown();
                    end.await();
                })
                .start();
        eventually(() -> begun.getCount() == 0);
        String[] held =
                jobs.list(JobState.ACTIVE, 0, 20).stream().map(JobInfo::id).toArray(String[]::new);
        JobContract.losesItsWorker(store(), JobContract.lease(store()), held);
        List<Integer> done = new CopyOnWriteArrayList<>();
        Jobs elsewhere = another().jobs("app").build();
        closing(worker(elsewhere)
                .concurrency(1)
                .handle("note", Integer.class, job -> done.add(job.payload()))
                .start());
        eventually(() -> done.size() == 14);
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), done);
        end.countDown();
        worker.close();
    }

    @Test
    void anEndThatCannotBeToldIsToldLater() {
        Jobs jobs = jobs();
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        closing(worker(jobs)
                .handleWithResult("note", String.class, job -> {
                    calls.incrementAndGet();
                    end.await();
                    return "done";
                })
                .start());
        String id = jobs.add(NewJob.of("note", "").keepResult(Duration.ofMinutes(1)))
                .id();
        eventually(() -> calls.get() == 1);
        // An error that the store answers: there is something else in the place of the results.
        store().call("SET", "jobs:{app}:result", "in the way");
        end.countDown();
        eventually(() -> !jobs.health().up());
        store().call("DEL", "jobs:{app}:result");
        eventually(() -> jobs.result(id, String.class).equals(Optional.of("done")));
        eventually(() -> jobs.health().up());
        assertEquals(1, calls.get());
    }

    @Test
    void whatANewerVersionHasStoredIsNotTouched() {
        Jobs jobs = toolkit().jobs("app").build();
        String id = jobs.add(NewJob.of("x", 1)).id();
        assertEquals("1", store().call("GET", "jobs:{app}:version").text());
        store().call("SET", "jobs:{app}:version", 2);
        String message = assertThrows(CommandFailedException.class, () -> jobs.add(NewJob.of("x", 2)))
                .getMessage();
        assertTrue(String.valueOf(message).contains("is of version 2, and this program knows version 1"), message);
        assertThrows(CommandFailedException.class, () -> jobs.find(id));
        assertThrows(CommandFailedException.class, jobs::stats);
        Worker worker = jobs.worker().handle("x", Integer.class, job -> {}).start();
        eventually(() -> !jobs.health().up());
        assertEquals(1, store().call("LLEN", "jobs:{app}:pending:default").number());
        store().call("SET", "jobs:{app}:version", 1);
        eventually(() -> jobs.stats().processed() == 1);
        worker.close();
    }
}
