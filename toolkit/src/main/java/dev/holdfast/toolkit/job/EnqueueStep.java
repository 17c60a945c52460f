package dev.holdfast.toolkit.job;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.scripting.Step;
import dev.holdfast.engine.scripting.StepCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code enqueue.lua} in Java; see there for arguments and answers. */
final class EnqueueStep implements Step {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int PARENTS = 3;
    private static final int WORDS = 6;
    private static final List<JobField> ON_THE_WAY =
            List.of(JobField.DELAY, JobField.AT, JobField.UNIQUE_FOR, JobField.REPLACES);

    @Override
    public List<@Nullable Object> run(StepCall call) {
        JobWork work = new JobWork(call);
        List<@Nullable Object> answers = new Adding(work).run();
        work.commit();
        return answers;
    }

    private static final class Adding {
        private final JobWork work;
        private final StepCall call;
        /** Jobs of this step that will be pending, by their queues. */
        private final Map<String, List<String>> pending = new LinkedHashMap<>();

        Adding(JobWork work) {
            this.work = work;
            this.call = work.call;
        }

        List<@Nullable Object> run() {
            if (call.argument(0).length() > 0) {
                byte[] last = call.callForBytes("HGET", work.key("cron"), call.argument(0));
                if (last != null && Objects.requireNonNull(StepCall.toNumber(last)) >= call.number(1)) {
                    return List.of();
                }
                call.call("HSET", work.key("cron"), call.argument(0), call.argument(1));
            }
            int first = PARENTS + (int) call.number(2);
            work.loadArguments(first, WORDS);
            Map<Integer, StoredJob> options = new HashMap<>();
            for (int i = first; i < call.argumentCount(); i += WORDS) {
                StoredJob job = options(call.argument(i + 5));
                options.put(i, job);
                if (job.has(JobField.SEALING) && !job.has(JobField.REPLACES)) {
                    String other = inTheWay(call.text(i), job.get(JobField.UNIQUE));
                    if (other != null) {
                        return List.of(-1L, JobWork.raw(other));
                    }
                }
            }
            List<@Nullable Object> answers = new ArrayList<>();
            long added = 0;
            for (int i = first; i < call.argumentCount(); i += WORDS) {
                String id = call.text(i);
                StoredJob job = Objects.requireNonNull(options.get(i));
                String other = inTheWay(id, job.get(JobField.UNIQUE));
                if (other != null && job.has(JobField.REPLACES) && replace(other)) {
                    other = inTheWay(id, job.get(JobField.UNIQUE));
                }
                answers.add(other == null ? 1L : 0L);
                answers.add(JobWork.raw(other == null ? id : other));
                if (other == null) {
                    add(i, id, job);
                    added++;
                }
            }
            pending.forEach((queue, ids) -> {
                call.call("SADD", work.key("queues"), JobWork.raw(queue));
                work.callAll("LPUSH", work.key("pending:" + queue), ids);
            });
            for (int i = PARENTS; i < first; i++) {
                seal(call.text(i));
            }
            if (added > 0) {
                work.noteVersion();
                work.count("added", added);
                work.wake(added);
            }
            return answers;
        }

        private void seal(String id) {
            StoredJob job = work.load(id);
            if (job != null && job.is("awaiting") && job.number(JobField.SEALING) == 1) {
                job.put(JobField.SEALING, 2L);
                work.save(id, job);
                work.leaveParent(id);
            }
        }

        private void add(int at, String id, StoredJob job) {
            long delay = job.number(JobField.DELAY);
            long due = job.number(JobField.AT);
            String queue = call.text(at + 2);
            job.put(JobField.QUEUE, queue);
            job.put(JobField.TYPE, call.text(at + 3));
            job.put(JobField.ATTEMPTS, call.number(at + 4));
            job.put(JobField.CREATED, work.now);
            job.put(JobField.FAILED, 0L);
            job.put(JobField.LOST, 0L);
            if (job.has(JobField.UNIQUE)) {
                if (job.has(JobField.UNIQUE_FOR)) {
                    job.put(JobField.UNIQUE_UNTIL, work.now + job.number(JobField.UNIQUE_FOR));
                }
                call.call("HSET", work.key("unique"), JobWork.raw(job.text(JobField.UNIQUE)), JobWork.raw(id));
            }
            ON_THE_WAY.forEach(job::remove);
            if (job.has(JobField.PARENT)) {
                call.call("HINCRBY", work.key("batch"), JobWork.raw(job.text(JobField.PARENT)), 1);
            }
            work.addPayload(id, call.argument(at + 1));
            List<String> these = pending.computeIfAbsent(queue, ignored -> new ArrayList<>());
            if (job.has(JobField.SEALING)) {
                job.put(JobField.STATE, "awaiting");
                if (delay > 0) {
                    job.put(JobField.PARENT_DELAY, delay);
                }
                if (due > 0) {
                    job.put(JobField.DUE, due);
                }
                call.call("HSET", work.key("batch"), JobWork.raw(id), 1);
                call.call("ZADD", work.key("awaiting"), work.now, JobWork.raw(id));
            } else if (delay > 0 || due > 0) {
                work.schedule(id, job, due > 0 ? due : work.now + delay, "scheduled");
            } else if (job.has(JobField.PRIORITY)) {
                work.makePending(id, job, false);
            } else {
                job.put(JobField.STATE, "pending");
                these.add(id);
            }
            work.save(id, job);
        }

        /** The job that stands in another's way, or null. */
        private @Nullable String inTheWay(String id, @Nullable Object unique) {
            if (work.load(id) != null) {
                return id;
            }
            if (unique == null) {
                return null;
            }
            byte[] other = call.callForBytes("HGET", work.key("unique"), JobWork.raw(String.valueOf(unique)));
            StoredJob holder = other == null ? null : work.load(JobWork.text(other));
            boolean isOver = holder == null
                    || holder.has(JobField.UNIQUE_UNTIL) && holder.number(JobField.UNIQUE_UNTIL) <= work.now;
            return isOver || other == null ? null : JobWork.text(other);
        }

        /** Makes room for a job, unless the one in its way is at work. Returns whether there is room. */
        private boolean replace(String other) {
            StoredJob job = Objects.requireNonNull(work.load(other));
            String state = job.text(JobField.STATE);
            if (List.of("dead", "done", "cancelled").contains(state)) {
                work.forgetKept(state, other);
                return true;
            }
            boolean isWithdrawn = work.withdraw(other, job);
            if (!isWithdrawn && state.equals("pending")) {
                // It may have come with the same step.
                isWithdrawn = pending.getOrDefault(job.text(JobField.QUEUE), List.of())
                        .remove(other);
            }
            if (isWithdrawn) {
                work.ended(other, job, "cancelled", "it was replaced");
                work.forget(other);
            }
            return isWithdrawn;
        }
    }

    /** The fields of a job that are not as usual. */
    private static StoredJob options(Slice json) {
        StoredJob job = new StoredJob();
        if (json.length() > 0) {
            JsonNode node = JSON.readTree(json.array(), json.offset(), json.length());
            for (Map.Entry<String, JsonNode> option : node.properties()) {
                JobField field = JobField.of(option.getKey());
                JsonNode value = option.getValue();
                if (field == null) {
                    throw new IllegalArgumentException("a job has no field " + option.getKey());
                }
                if (value.isNumber()) {
                    job.put(field, value.longValue());
                } else if (value.isBoolean()) {
                    if (value.booleanValue()) {
                        job.put(field, true);
                    }
                } else {
                    job.put(field, JobWork.text(value.stringValue().getBytes(StandardCharsets.UTF_8)));
                }
            }
        }
        return job;
    }
}
