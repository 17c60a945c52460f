package dev.holdfast.toolkit.job;

import dev.holdfast.engine.scripting.Step;
import dev.holdfast.engine.scripting.StepCall;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code finish.lua} in Java; see there for arguments and answers. */
final class FinishStep implements Step {
    private static final int FIRST = 2;
    private static final int WORDS = 6;

    @Override
    public List<@Nullable Object> run(StepCall call) {
        JobWork work = new JobWork(call);
        long mostDead = call.number(0);
        long deadKept = call.number(1);
        List<String> mine = new ArrayList<>();
        List<@Nullable Object> answers = new ArrayList<>();
        work.loadArguments(FIRST, WORDS);
        for (int i = FIRST; i < call.argumentCount(); i += WORDS) {
            String id = call.text(i);
            StoredJob job = work.load(id);
            if (job == null || !job.is("active") || job.number(JobField.TOKEN) != call.number(i + 1)) {
                answers.add(null);
                continue;
            }
            mine.add(id);
            String verb = call.text(i + 2);
            if (verb.equals("done")) {
                answers.add(done(work, id, job, i + 3));
            } else if (verb.equals("cancelled") || job.has(JobField.CANCELLED)) {
                work.endCancelled(id, job);
                answers.add("cancelled");
            } else if (verb.equals("release")) {
                work.makePending(id, job, true);
                work.save(id, job);
                work.wake(1);
                answers.add("pending");
            } else {
                job.put(JobField.FAILED, job.number(JobField.FAILED) + 1);
                work.count("failed");
                String why = call.text(i + 3);
                String trace = call.text(i + 4);
                if (verb.equals("dead") || job.number(JobField.FAILED) >= job.number(JobField.ATTEMPTS)) {
                    work.bury(id, job, why, trace, mostDead, deadKept);
                    answers.add("dead");
                } else {
                    work.noteFailure(id, job, why, trace);
                    work.schedule(id, job, work.now + call.number(i + 5), "retry");
                    work.save(id, job);
                    work.count("retried");
                    answers.add("retry");
                }
            }
            work.leaveWork(job);
        }
        work.callAll("ZREM", work.key("active"), mine);
        work.commit();
        return answers;
    }

    private static String done(JobWork work, String id, StoredJob job, int result) {
        work.count("processed");
        work.ended(id, job, "done", work.call.argument(result).toBytes());
        if (job.has(JobField.KEPT)) {
            job.put(JobField.STATE, "done");
            work.save(id, job);
            work.call.call("HSET", work.key("result"), JobWork.raw(id), work.call.argument(result));
            work.call.call("ZADD", work.key("done"), work.now + job.number(JobField.KEPT), JobWork.raw(id));
        } else {
            work.forget(id);
        }
        return "done";
    }
}
