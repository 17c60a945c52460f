package dev.holdfast.toolkit.job;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.scripting.Step;
import dev.holdfast.engine.scripting.StepCall;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code take.lua} in Java; see there for arguments and answers. */
final class TakeStep implements Step {
    private static final int LOOKED_AT = 1000;
    private static final int DUE_AT_ONCE = 100;
    /** What a worker is told of a job in numbers, in this order. */
    private static final List<JobField> NUMBERS = List.of(
            JobField.FAILED, JobField.ATTEMPTS, JobField.LOST, JobField.CREATED, JobField.TIMEOUT, JobField.DEADLINE);

    private static final int TYPES = 10;
    private static final int QUEUE_WORDS = 3;
    private static final Pattern RESERVED = Pattern.compile("(\\d+) (\\d+)");

    @Override
    public List<@Nullable Object> run(StepCall call) {
        JobWork work = new JobWork(call);
        List<@Nullable Object> answers = new Taking(work).run();
        work.commit();
        return answers;
    }

    private static final class Taking {
        private final JobWork work;
        private final StepCall call;
        private final String worker;
        private final long lease;
        private long wanted;
        private final long recoveries;
        private final long mostDead;
        private final long deadKept;
        private final long patience;
        private final long keyLimit;
        private final double keyAmount;
        private final double keyPeriod;
        private final double micros;
        private final Set<String> known = new HashSet<>();
        private final Map<String, Long> limits = new HashMap<>();
        private final int queues;
        private final List<String> given = new ArrayList<>();
        private double soonest = Double.POSITIVE_INFINITY;
        private boolean more;
        private long unknown;

        Taking(JobWork work) {
            this.work = work;
            this.call = work.call;
            this.worker = call.text(0);
            this.lease = call.number(1);
            this.wanted = call.number(2);
            this.recoveries = call.number(3);
            this.mostDead = call.number(4);
            this.deadKept = call.number(5);
            this.patience = call.number(6);
            this.keyLimit = call.number(7);
            this.keyAmount = call.number(8);
            this.keyPeriod = call.number(9);
            this.micros = call.micros();
            int place = TYPES;
            int types = (int) call.number(place);
            for (int i = 1; i <= types; i++) {
                known.add(call.text(place + i));
            }
            place += types + 1;
            int limited = (int) call.number(place);
            for (int i = 0; i < limited; i++) {
                limits.put("type:" + call.text(place + 1 + 2 * i), call.number(place + 2 + 2 * i));
            }
            this.queues = place + 2 * limited + 1;
        }

        List<@Nullable Object> run() {
            putDue();
            takeOver();
            for (String what : List.of("done", "cancelled")) {
                due(what).forEach(id -> work.forgetKept(what, id));
            }
            letGo();
            int looked = 0;
            for (int i = queues; i < call.argumentCount(); i += QUEUE_WORDS) {
                looked = takeFrom(call.text(i), call.number(i + 1), call.number(i + 2), looked);
            }
            List<@Nullable Object> answers = new ArrayList<>();
            answers.add(-1L);
            answers.add(0L);
            if (!given.isEmpty()) {
                handOut(answers);
            }
            if (more) {
                work.wake(1);
                soonest = 1;
            }
            for (String waiting : List.of("scheduled", "active")) {
                List<?> next = JobWork.list(call.call("ZRANGE", work.key(waiting), 0, 0, "WITHSCORES"));
                if (!next.isEmpty()) {
                    soonest = Math.min(soonest, JobWork.score(next.getFirst()) - work.now);
                }
            }
            if (soonest < Double.POSITIVE_INFINITY) {
                answers.set(0, (long) Math.max(1, Math.ceil(soonest)));
            }
            answers.set(1, unknown);
            return answers;
        }

        // ---- before ----

        /** The jobs of a sorted set whose time has come. */
        private List<String> due(String what) {
            List<String> ids = JobWork.texts(call.call(
                    "ZRANGEBYSCORE",
                    work.key(what),
                    "-inf",
                    work.now + JobWork.LAST_OF_MILLI,
                    "LIMIT",
                    0,
                    DUE_AT_ONCE));
            work.loadAll(ids);
            return ids;
        }

        private void putDue() {
            for (String id : due("scheduled")) {
                call.call("ZREM", work.key("scheduled"), JobWork.raw(id));
                StoredJob job = work.load(id);
                if (job != null) {
                    work.makePending(id, job, false);
                    work.save(id, job);
                }
            }
        }

        private void takeOver() {
            List<String> lost = due("active");
            // The one that was given last comes back first, so that the first one is before all others in the end.
            lost.sort((one, other) -> Long.compare(token(other), token(one)));
            for (String id : lost) {
                call.call("ZREM", work.key("active"), JobWork.raw(id));
                StoredJob job = work.load(id);
                if (job == null) {
                    continue;
                }
                long times = job.number(JobField.LOST) + 1;
                job.put(JobField.LOST, times);
                work.count("recovered");
                if (job.has(JobField.CANCELLED)) {
                    work.leaveWork(job);
                    work.endCancelled(id, job);
                } else if (times > recoveries) {
                    work.bury(id, job, "its worker was lost " + times + " times", "", mostDead, deadKept);
                    work.leaveWork(job);
                } else {
                    work.leaveWork(job);
                    work.makePending(id, job, true);
                    work.save(id, job);
                }
            }
        }

        private long token(String id) {
            StoredJob job = work.load(id);
            return job == null ? 0 : job.number(JobField.TOKEN);
        }

        // ---- limits ----

        private double limitOf(String limit) {
            if (limit.startsWith("key:")) {
                return keyLimit > 0 ? keyLimit : Double.POSITIVE_INFINITY;
            }
            Long most = limits.get(limit);
            return most == null ? Double.POSITIVE_INFINITY : most;
        }

        private long busy(String limit) {
            byte[] number = call.callForBytes("HGET", work.key("busy"), JobWork.raw(limit));
            return number == null
                    ? 0
                    : Objects.requireNonNull(StepCall.toNumber(number)).longValue();
        }

        /** Lets those go that a limit holds back which none has let go. */
        private void letGo() {
            for (String limit : JobWork.texts(call.call("SRANDMEMBER", work.key("holding"), 10))) {
                double last = Math.min(limitOf(limit), busy(limit) + 100.0);
                for (double i = busy(limit) + 1; i <= last && work.letGo(limit); i++) {
                    // One after the other.
                }
            }
        }

        /** Whether a queue that may give so many jobs in a period may give one; notes that it has, if that is so. */
        private boolean token(String queue, double amount, double period, boolean isTaken) {
            Slice name = work.key("rate:" + queue);
            double interval = period / amount;
            byte[] kept = call.callForBytes("GET", name);
            double full = Math.max(micros, kept == null ? 0 : Objects.requireNonNull(StepCall.toNumber(kept)));
            if (full > micros + period + 1) {
                full = micros + period;
                call.call("SET", name, whole(full), "PX", whole(Math.ceil(period / 1000)));
            }
            double after = full + interval;
            if (after - period > micros) {
                soonest = Math.min(soonest, (after - period - micros) / 1000);
                return false;
            }
            if (isTaken) {
                call.call("SET", name, whole(after), "PX", whole(Math.ceil((after - micros) / 1000)));
            }
            return true;
        }

        private static long whole(double number) {
            return (long) Math.rint(number);
        }

        /** Reserves the next turn in the bucket of a job's key. Returns in how many milliseconds it is. */
        private long reserve(StoredJob job) {
            Slice name = work.key("rate-key:" + job.text(JobField.KEY));
            double interval = keyPeriod / keyAmount;
            byte[] kept = call.callForBytes("GET", name);
            Matcher reserved = RESERVED.matcher(kept == null ? "0 0" : JobWork.text(kept));
            boolean isReserved = reserved.find();
            double full = isReserved ? Double.parseDouble(reserved.group(1)) : 0;
            double seen = isReserved ? Double.parseDouble(reserved.group(2)) : 0;
            // Turns that were reserved before the clock was set back come as much sooner.
            full = Math.max(micros, full - Math.max(0, seen - micros));
            double after = full + interval;
            call.call("SET", name, whole(after) + " " + whole(micros), "PX", whole(Math.ceil((after - micros) / 1000)));
            return (long) Math.ceil((after - keyPeriod - micros) / 1000);
        }

        private void hold(String id, StoredJob job, String limit) {
            job.put(JobField.STATE, "held");
            job.put(JobField.HELD_BY, limit);
            work.save(id, job);
            call.call("LPUSH", work.key("held:" + limit), JobWork.raw(id));
            call.call("ZADD", work.key("held"), work.now, JobWork.raw(id));
            call.call("SADD", work.key("holding"), JobWork.raw(limit));
        }

        // ---- giving ----

        private void leaveToOthers(String id, StoredJob job) {
            String type = job.text(JobField.TYPE);
            if (!job.has(JobField.UNKNOWN)) {
                job.put(JobField.UNKNOWN, 0L);
                job.put(JobField.UNKNOWN_SINCE, work.now);
                call.call("HINCRBY", work.key("unknown"), JobWork.raw(type), 1);
            }
            long times = job.number(JobField.UNKNOWN) + 1;
            long since = job.number(JobField.UNKNOWN_SINCE);
            job.put(JobField.UNKNOWN, times);
            unknown++;
            String why = "no worker has known the type " + type;
            if (work.now - since >= patience) {
                String all = why + " for " + whole(patience / 1000.0) + " s";
                work.bury(id, job, all, "", mostDead, deadKept);
                return;
            }
            job.put(JobField.FAILURE, why + " so far");
            long pause = Math.min(60_000, 500L << Math.min(times, 10));
            work.schedule(id, job, Math.min(work.now + pause, since + patience), "retry");
            work.save(id, job);
        }

        /** Gives a job to the worker, unless something is against it. Returns whether it was given. */
        private boolean give(String id, StoredJob job) {
            if (job.has(JobField.DEADLINE) && job.number(JobField.DEADLINE) <= work.now) {
                work.bury(id, job, "its deadline has passed", "", mostDead, deadKept);
                return false;
            }
            if (!known.contains(job.text(JobField.TYPE))) {
                leaveToOthers(id, job);
                return false;
            }
            List<Object> names = new ArrayList<>();
            if (limits.containsKey("type:" + job.text(JobField.TYPE))) {
                names.add("type:" + job.text(JobField.TYPE));
            }
            if (job.has(JobField.KEY) && keyLimit > 0) {
                names.add("key:" + job.text(JobField.KEY));
            }
            for (Object limit : names) {
                if (busy((String) limit) >= limitOf((String) limit)) {
                    hold(id, job, (String) limit);
                    return false;
                }
            }
            if (job.has(JobField.KEY) && keyAmount > 0 && !job.has(JobField.RESERVED)) {
                long wait = reserve(job);
                if (wait > 0) {
                    job.put(JobField.RESERVED, true);
                    work.schedule(id, job, work.now + wait, "scheduled");
                    work.save(id, job);
                    return false;
                }
            }
            if (!names.isEmpty()) {
                job.put(JobField.LIMITS, names);
                names.forEach(name -> call.call("HINCRBY", work.key("busy"), JobWork.raw((String) name), 1));
            }
            work.becomeKnown(job);
            if (job.has(JobField.UNIQUE_TO_START)) {
                work.free(id, job);
            }
            job.put(JobField.STATE, "active");
            job.put(JobField.WORKER, worker);
            job.remove(JobField.RESERVED);
            work.save(id, job);
            given.add(id);
            return true;
        }

        /** Takes what a queue may give. Returns how many jobs have been looked at. */
        private int takeFrom(String queue, long amount, long period, int before) {
            int looked = before;
            Slice list = work.key("pending:" + queue);
            Slice urgent = work.key("urgent:" + queue);
            boolean open = call.callForNumber("SISMEMBER", work.key("paused"), JobWork.raw(queue)) == 0;
            while (open && wanted > 0 && looked < LOOKED_AT) {
                boolean hasUrgent = call.callForNumber("EXISTS", urgent) == 1;
                if (!hasUrgent && call.callForNumber("EXISTS", list) == 0
                        || amount > 0 && !token(queue, (double) amount, (double) period, false)) {
                    break;
                }
                List<String> ids = next(hasUrgent, list, urgent, amount == 0 ? wanted : 1);
                looked += ids.size();
                work.loadAll(ids);
                for (String id : ids) {
                    StoredJob job = work.load(id);
                    if (job != null && job.is("pending") && give(id, job)) {
                        wanted--;
                        if (amount > 0) {
                            token(queue, (double) amount, (double) period, true);
                        }
                    }
                }
            }
            more = more
                    || open && (wanted == 0 || looked >= LOOKED_AT) && call.callForNumber("EXISTS", list, urgent) > 0;
            return looked;
        }

        private List<String> next(boolean isUrgent, Slice list, Slice urgent, long portion) {
            if (!isUrgent) {
                return JobWork.texts(call.call("RPOP", list, portion));
            }
            List<String> ids = new ArrayList<>();
            for (Object pair : JobWork.list(call.call("ZPOPMIN", urgent, portion))) {
                ids.add(JobWork.text(Objects.requireNonNull(JobWork.list(pair).getFirst())));
            }
            return ids;
        }

        private void handOut(List<@Nullable Object> answers) {
            byte[] kept = call.callForBytes("GET", work.key("lease"));
            // No less than the time, so that tokens grow even if the last one was lost.
            long last = Math.max(
                    kept == null
                            ? 0
                            : Objects.requireNonNull(StepCall.toNumber(kept)).longValue(),
                    call.micros());
            call.call("SET", work.key("lease"), last + given.size());
            Object[] words = new Object[given.size() + 1];
            words[0] = work.key("payload");
            for (int i = 0; i < given.size(); i++) {
                words[i + 1] = JobWork.raw(given.get(i));
            }
            List<?> contents = JobWork.list(call.call("HMGET", words));
            List<Object> leases = new ArrayList<>(2 * given.size());
            for (int i = 0; i < given.size(); i++) {
                String id = given.get(i);
                StoredJob job = Objects.requireNonNull(work.load(id));
                job.put(JobField.TOKEN, ++last);
                leases.add(work.now + lease);
                leases.add(id);
                answers.add(JobWork.raw(id));
                answers.add(JobWork.raw(job.text(JobField.TYPE)));
                answers.add(JobWork.raw(job.text(JobField.QUEUE)));
                answers.add(contents.get(i));
                answers.add(last);
                for (JobField field : NUMBERS) {
                    answers.add(job.number(field));
                }
                answers.add(JobWork.raw(job.textOrEmpty(JobField.HEADERS)));
            }
            work.callAll("ZADD", work.key("active"), leases);
        }
    }
}
