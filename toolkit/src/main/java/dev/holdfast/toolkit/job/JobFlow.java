package dev.holdfast.toolkit.job;

import java.util.Arrays;
import java.util.List;

/**
 * A job and its children, which are done before it. Children may have children.
 *
 * <pre>
 * jobs.addFlow(JobFlow.of(NewJob.of("report", month),
 *         JobFlow.of(NewJob.of("sales", month)),
 *         JobFlow.of(NewJob.of("costs", month))));
 * </pre>
 *
 * @param job runs once all children have ended, whether done, dead or cancelled; {@link Job#children} tells their results
 * @param children what it awaits
 */
public record JobFlow(NewJob job, List<JobFlow> children) {
    public JobFlow {
        children = List.copyOf(children);
    }

    public static JobFlow of(NewJob job, JobFlow... children) {
        return new JobFlow(job, Arrays.asList(children));
    }
}
