package dev.holdfast.examples.reports;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.job.JobChild;
import dev.holdfast.toolkit.job.JobFlow;
import dev.holdfast.toolkit.job.JobInfo;
import dev.holdfast.toolkit.job.JobOutcome;
import dev.holdfast.toolkit.job.JobQuery;
import dev.holdfast.toolkit.job.JobState;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.Misfire;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Schedule;
import dev.holdfast.toolkit.job.Worker;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import tools.jackson.core.type.TypeReference;

/**
 * Reports that are made of parts: each part is a job, the report is their parent, and whoever asks waits for its result. One customer
 * has two parts under way at most; a report comes by itself on every working day.
 *
 * <pre>
 * java … dev.holdfast.examples.reports.Reports
 * </pre>
 */
public final class Reports implements AutoCloseable {
    /** What a report is made of. */
    public record Part(String customer, List<Integer> amounts) {}

    private static final Duration KEPT = Duration.ofHours(1);

    private final Toolkit toolkit;
    private final Jobs jobs;

    public Reports(Toolkit toolkit) {
        this.toolkit = toolkit;
        this.jobs =
                toolkit.jobs("reports").queue("reports", 1).keyConcurrency(2).build();
    }

    /** Begins to work. */
    public void start() {
        Worker worker = jobs.worker()
                .handleWithResult(
                        "part",
                        Part.class,
                        job -> job.payload().amounts().stream()
                                .mapToInt(Integer::intValue)
                                .sum())
                .handleWithResult(
                        "report",
                        new TypeReference<List<String>>() {},
                        job -> job.children().stream()
                                .filter(child -> child.state() == JobState.DONE)
                                .mapToInt(Reports::sum)
                                .sum())
                .start();
        System.out.println("worker " + worker.name() + " is at work");
        jobs.schedule(
                "daily",
                Schedule.cron("0 6 * * MON-FRI", ZoneId.of("Europe/Zurich")).misfire(Misfire.SKIP),
                () -> NewJob.of("report", List.of("daily")));
    }

    private static int sum(JobChild part) {
        return part.result(Integer.class).orElse(0);
    }

    /** The sum of all parts; waits for it up to ten seconds. */
    public int report(String title, List<Part> parts) {
        JobFlow flow = new JobFlow(
                NewJob.of("report", List.of(title)).keepResult(KEPT),
                parts.stream()
                        .map(part -> JobFlow.of(NewJob.of("part", part).key(part.customer())))
                        .toList());
        JobOutcome<Integer> outcome = jobs.awaitResult(jobs.addFlow(flow), Integer.class, Duration.ofSeconds(10));
        return outcome.result().orElseThrow(() -> new IllegalStateException("no report: " + outcome));
    }

    /** What has gone wrong, and where. */
    public List<String> failures() {
        return jobs.search(JobQuery.all().state(JobState.DEAD), 100).stream()
                .map(JobInfo::id)
                .flatMap(id -> jobs.find(id).stream())
                .flatMap(job -> job.history().stream())
                .map(failure -> failure.time() + " " + failure.text())
                .toList();
    }

    @Override
    public void close() {
        toolkit.close();
    }

    public static void main(String[] args) {
        try (Reports reports = new Reports(Toolkit.open("embedded:"))) {
            reports.start();
            int sum = reports.report(
                    "spring",
                    List.of(new Part("a", List.of(1, 2)), new Part("a", List.of(3)), new Part("b", List.of(4))));
            System.out.println("the report says " + sum + "; failures: " + reports.failures());
        }
    }
}
