package dev.holdfast.toolkit.job;

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
            Map<Integer, Map<String, Object>> options = new HashMap<>();
            for (int i = first; i < call.argumentCount(); i += WORDS) {
                Map<String, Object> job = options(call.text(i + 5));
                options.put(i, job);
                if (job.containsKey("y") && !job.containsKey("replace")) {
                    String other = inTheWay(call.text(i), job.get("u"));
                    if (other != null) {
                        return List.of(-1L, JobWork.raw(other));
                    }
                }
            }
            List<@Nullable Object> answers = new ArrayList<>();
            long added = 0;
            for (int i = first; i < call.argumentCount(); i += WORDS) {
                String id = call.text(i);
                Map<String, Object> job = Objects.requireNonNull(options.get(i));
                String other = inTheWay(id, job.get("u"));
                if (other != null && job.containsKey("replace") && replace(other)) {
                    other = inTheWay(id, job.get("u"));
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
                work.count("added", added);
                work.wake(added);
            }
            return answers;
        }

        private void seal(String id) {
            Map<String, Object> job = work.load(id);
            if (job != null && "awaiting".equals(job.get("s")) && JobWork.number(job, "y") == 1) {
                job.put("y", 2L);
                work.save(id, job);
                work.leaveParent(id);
            }
        }

        private void add(int at, String id, Map<String, Object> job) {
            long delay = JobWork.number(job, "delay");
            long due = JobWork.number(job, "at");
            String queue = call.text(at + 2);
            job.put("q", queue);
            job.put("t", call.text(at + 3));
            job.put("m", call.number(at + 4));
            job.put("c", work.now);
            job.put("a", 0L);
            job.put("r", 0L);
            if (job.containsKey("u")) {
                if (job.containsKey("lasts")) {
                    job.put("g", work.now + JobWork.number(job, "lasts"));
                }
                call.call("HSET", work.key("unique"), JobWork.raw(JobWork.text(job, "u")), JobWork.raw(id));
            }
            List.of("delay", "at", "lasts", "replace").forEach(job::remove);
            if (job.containsKey("b")) {
                call.call("HINCRBY", work.key("batch"), JobWork.raw(JobWork.text(job, "b")), 1);
            }
            work.addPayload(id, call.argument(at + 1));
            List<String> these = pending.computeIfAbsent(queue, ignored -> new ArrayList<>());
            if (job.containsKey("y")) {
                job.put("s", "awaiting");
                if (delay > 0) {
                    job.put("D", delay);
                }
                if (due > 0) {
                    job.put("d", due);
                }
                call.call("HSET", work.key("batch"), JobWork.raw(id), 1);
                call.call("ZADD", work.key("awaiting"), work.now, JobWork.raw(id));
            } else if (delay > 0 || due > 0) {
                work.schedule(id, job, due > 0 ? due : work.now + delay, "scheduled");
            } else if (job.containsKey("p")) {
                work.makePending(id, job, false);
            } else {
                job.put("s", "pending");
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
            Map<String, Object> holder = other == null ? null : work.load(JobWork.text(other));
            boolean isOver = holder == null || holder.containsKey("g") && JobWork.number(holder, "g") <= work.now;
            return isOver || other == null ? null : JobWork.text(other);
        }

        /** Makes room for a job, unless the one in its way is at work. Returns whether there is room. */
        private boolean replace(String other) {
            Map<String, Object> job = Objects.requireNonNull(work.load(other));
            String state = JobWork.text(job, "s");
            if (List.of("dead", "done", "cancelled").contains(state)) {
                work.forgetKept(state, other);
                return true;
            }
            boolean isWithdrawn = work.withdraw(other, job);
            if (!isWithdrawn && state.equals("pending")) {
                // It may have come with the same step.
                isWithdrawn =
                        pending.getOrDefault(JobWork.text(job, "q"), List.of()).remove(other);
            }
            if (isWithdrawn) {
                work.ended(other, job, "cancelled", "it was replaced");
                work.forget(other);
            }
            return isWithdrawn;
        }
    }

    /** The fields of a job that are not as usual. */
    private static Map<String, Object> options(String json) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (!json.isEmpty()) {
            JsonNode node = JSON.readTree(JobWork.raw(json));
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                JsonNode value = field.getValue();
                if (value.isNumber()) {
                    fields.put(field.getKey(), value.longValue());
                } else if (value.isBoolean()) {
                    if (value.booleanValue()) {
                        fields.put(field.getKey(), true);
                    }
                } else {
                    fields.put(field.getKey(), JobWork.text(value.stringValue().getBytes(StandardCharsets.UTF_8)));
                }
            }
        }
        return fields;
    }
}
