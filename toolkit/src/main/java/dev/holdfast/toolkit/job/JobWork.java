package dev.holdfast.toolkit.job;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.scripting.StepCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code common.lua} and {@code commit.lua} in Java; see there for keys and fields. What a step knows of jobs is read once, changed here,
 * and written at its end.
 *
 * <p>Text is of one character for each byte. A job is a map of its fields; numbers are {@code Long}.
 */
final class JobWork {
    static final double LAST_OF_MILLI = 1023.0 / 1024;

    private static final int MOST_WORDS = 1000;
    private static final int MOST_MARKS = 32;
    private static final int MOST_FAILURES = 10;
    private static final int MOST_OUTDATED = 100;
    private static final long PRIORITY_STEP = 1L << 42;
    private static final long LONGEST_WAIT_MILLIS = 1000;
    private static final long MINUTE_MILLIS = 60_000;
    private static final long MINUTES_KEPT_MILLIS = 25 * 3_600_000L;

    final StepCall call;
    final long now;
    private final String base;
    /** The version of what is stored; 0 for none. */
    private final long stored;

    private final Map<String, Slice> keys = new HashMap<>();
    private final Map<String, @Nullable StoredJob> jobs = new HashMap<>();
    private final Set<String> changed = new LinkedHashSet<>();
    private final List<String> forgotten = new ArrayList<>();
    private final List<String> over = new ArrayList<>();
    private final List<Object> payloads = new ArrayList<>();
    private final Map<String, Long> counts = new LinkedHashMap<>();
    private final List<String> told = new ArrayList<>();
    private long lastDue = -1;
    private double lastScore;
    private boolean isSoonTold;

    JobWork(StepCall call) {
        this.call = call;
        this.now = call.millis();
        this.base = text(call.key(0));
        byte[] version = call.callForBytes("GET", key("version"));
        Double known = StepCall.toNumber(version);
        this.stored = known == null ? 0 : known.longValue();
        if (stored > JobScripts.VERSION) {
            throw new CommandException("ERR " + base + " is of version " + stored + ", and this program knows version "
                    + JobScripts.VERSION);
        }
    }

    /** Says of which version what is stored is, unless it is known. */
    void noteVersion() {
        if (stored < JobScripts.VERSION) {
            call.call("SET", key("version"), JobScripts.VERSION);
        }
    }

    // ---- words ----

    static String text(Slice bytes) {
        return new String(bytes.array(), bytes.offset(), bytes.length(), StandardCharsets.ISO_8859_1);
    }

    static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.ISO_8859_1);
    }

    static byte[] raw(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The key that ends so; with what is found out about it, as which shard it is in. */
    Slice key(String suffix) {
        Slice key = keys.get(suffix);
        if (key == null) {
            key = new Slice(raw(base + ':' + suffix));
            keys.put(suffix, key);
        }
        return key;
    }

    static List<?> list(@Nullable Object answer) {
        return (List<?>) Objects.requireNonNull(answer);
    }

    /** The texts of a list of strings. */
    static List<String> texts(@Nullable Object answer) {
        List<String> texts = new ArrayList<>();
        if (answer instanceof List<?> list) {
            for (Object element : list) {
                texts.add(text(Objects.requireNonNull(element)));
            }
        }
        return texts;
    }

    private static Object[] words(Slice key, Collection<?> more) {
        Object[] words = new Object[more.size() + 1];
        words[0] = key;
        int next = 1;
        for (Object word : more) {
            words[next++] = word instanceof String text ? raw(text) : word;
        }
        return words;
    }

    /** Calls a command with a key and words, any number of them, in portions. */
    void callAll(String command, Slice key, List<?> words) {
        for (int i = 0; i < words.size(); i += MOST_WORDS) {
            call.call(command, words(key, words.subList(i, Math.min(i + MOST_WORDS, words.size()))));
        }
    }

    // ---- jobs ----

    /** Reads jobs that are not known yet. */
    void loadAll(List<String> ids) {
        List<String> unknown = ids.stream().filter(id -> !jobs.containsKey(id)).toList();
        for (int i = 0; i < unknown.size(); i += MOST_WORDS) {
            List<String> some = unknown.subList(i, Math.min(i + MOST_WORDS, unknown.size()));
            List<?> packed = list(call.call("HMGET", words(key("state"), some)));
            for (int j = 0; j < some.size(); j++) {
                jobs.put(some.get(j), StoredJob.unpack((byte[]) packed.get(j)));
            }
        }
    }

    /** Reads the jobs whose ids stand among the arguments: the first at a place, the others so many words apart. */
    void loadArguments(int first, int apart) {
        List<String> ids = new ArrayList<>();
        for (int i = first; i < call.argumentCount(); i += apart) {
            ids.add(call.text(i));
        }
        loadAll(ids);
    }

    @Nullable
    StoredJob load(String id) {
        if (!jobs.containsKey(id)) {
            loadAll(List.of(id));
        }
        return jobs.get(id);
    }

    void save(String id, StoredJob job) {
        job.put(JobField.CHANGED, now);
        jobs.put(id, job);
        changed.add(id);
    }

    void forget(String id) {
        StoredJob job = jobs.get(id);
        if (job != null && job.has(JobField.SEALING)) {
            call.call("DEL", key("children:" + id));
        }
        jobs.put(id, null);
        changed.remove(id);
        forgotten.add(id);
    }

    void addPayload(String id, Slice payload) {
        payloads.add(raw(id));
        payloads.add(payload);
    }

    void count(String what) {
        count(what, 1);
    }

    void count(String what, long by) {
        counts.merge(what, by, Long::sum);
    }

    /** Lets so many of the workers that wait look again. */
    void wake(long workers) {
        long marks = call.callForNumber("LLEN", key("wake"));
        long more = Math.min(workers, MOST_MARKS - marks);
        if (more > 0) {
            Object[] words = new Object[(int) more + 1];
            java.util.Arrays.fill(words, "1");
            words[0] = key("wake");
            call.call("LPUSH", words);
        }
    }

    void makePending(String id, StoredJob job, boolean first) {
        job.put(JobField.STATE, "pending");
        String queue = job.text(JobField.QUEUE);
        if (job.has(JobField.PRIORITY)) {
            long number = call.callForNumber("HINCRBY", key("count"), "urgent", 1);
            long score = -job.number(JobField.PRIORITY) * PRIORITY_STEP + (first ? -number : number);
            call.call("ZADD", key("urgent:" + queue), score, raw(id));
        } else {
            call.call(first ? "RPUSH" : "LPUSH", key("pending:" + queue), raw(id));
        }
    }

    void schedule(String id, StoredJob job, long due, String as) {
        job.put(JobField.STATE, as);
        job.put(JobField.DUE, due);
        if (due == lastDue) {
            lastScore += 1.0 / 1024;
        } else {
            List<?> same = list(
                    call.call("ZREVRANGEBYSCORE", key("scheduled"), "(" + (due + 1), due, "WITHSCORES", "LIMIT", 0, 1));
            lastDue = due;
            lastScore = same.isEmpty() ? due : Math.min(score(same.getFirst()) + 1.0 / 1024, due + LAST_OF_MILLI);
        }
        call.call("ZADD", key("scheduled"), lastScore, raw(id));
        if (due < now + LONGEST_WAIT_MILLIS && !isSoonTold) {
            isSoonTold = true;
            wake(1);
        }
    }

    /** The score of a member that was answered with it. */
    static double score(@Nullable Object pair) {
        return (Double) list(pair).getLast();
    }

    void free(String id, StoredJob job) {
        if (job.has(JobField.UNIQUE)) {
            byte[] unique = raw(job.text(JobField.UNIQUE));
            byte[] holder = call.callForBytes("HGET", key("unique"), unique);
            if (holder != null && text(holder).equals(id)) {
                call.call("HDEL", key("unique"), unique);
            }
        }
    }

    void becomeKnown(StoredJob job) {
        if (job.has(JobField.UNKNOWN)) {
            byte[] type = raw(job.text(JobField.TYPE));
            if (call.callForNumber("HINCRBY", key("unknown"), type, -1) <= 0) {
                call.call("HDEL", key("unknown"), type);
            }
            job.remove(JobField.UNKNOWN);
            job.remove(JobField.UNKNOWN_SINCE);
        }
    }

    /** Lets the next job go that a limit holds back. Returns whether there was one. */
    boolean letGo(String limit) {
        byte[] next = call.callForBytes("RPOP", key("held:" + limit));
        if (next == null) {
            call.call("SREM", key("holding"), raw(limit));
            return false;
        }
        String id = text(next);
        call.call("ZREM", key("held"), next);
        StoredJob job = load(id);
        if (job != null && job.is("held")) {
            job.remove(JobField.HELD_BY);
            makePending(id, job, true);
            save(id, job);
            wake(1);
        }
        return true;
    }

    void leaveWork(StoredJob job) {
        if (job.get(JobField.LIMITS) instanceof List<?> limits) {
            for (Object limit : limits) {
                byte[] name = raw(String.valueOf(limit));
                if (call.callForNumber("HINCRBY", key("busy"), name, -1) <= 0) {
                    call.call("HDEL", key("busy"), name);
                }
                letGo(String.valueOf(limit));
            }
        }
        job.remove(JobField.LIMITS);
        job.remove(JobField.WORKER);
    }

    void forgetKept(String what, String id) {
        call.call("ZREM", key(what), raw(id));
        call.call("HDEL", key("result"), raw(id));
        load(id);
        forget(id);
    }

    /** One of a parent's children has ended. The last one begins it. */
    void leaveParent(String parent) {
        if (call.callForNumber("HINCRBY", key("batch"), raw(parent), -1) > 0) {
            return;
        }
        call.call("HDEL", key("batch"), raw(parent));
        StoredJob job = load(parent);
        if (job != null && job.is("awaiting")) {
            call.call("ZREM", key("awaiting"), raw(parent));
            long due = Math.max(job.number(JobField.DUE), now + job.number(JobField.PARENT_DELAY));
            if (due > now) {
                schedule(parent, job, due, "scheduled");
            } else {
                makePending(parent, job, false);
                wake(1);
            }
            save(parent, job);
        }
    }

    /** The end of a job: "done" with its result, or "dead" or "cancelled" with the reason. */
    void ended(String id, StoredJob job, String how, Object text) {
        free(id, job);
        becomeKnown(job);
        over.add(id);
        if (job.has(JobField.KEPT)) {
            told.add(id);
        }
        if (job.has(JobField.PARENT)) {
            String name = job.text(JobField.PARENT);
            StoredJob parent = load(name);
            if (parent != null && parent.is("awaiting")) {
                List<Object> child = List.of(job.text(JobField.TYPE), how, text);
                call.call("HSET", key("children:" + name), raw(id), MessagePack.pack(child));
            }
            leaveParent(name);
            job.remove(JobField.PARENT);
        }
    }

    @SuppressWarnings("unchecked")
    void noteFailure(String id, StoredJob job, String why, String trace) {
        job.put(JobField.FAILURE, why);
        byte[] packed = call.callForBytes("HGET", key("failures"), raw(id));
        List<Object> all = packed == null ? new ArrayList<>() : failures(packed);
        if (all.size() > 1) {
            ((List<Object>) all.getLast()).set(3, "");
        }
        if (all.size() >= MOST_FAILURES) {
            all.remove(1);
        }
        all.add(List.of(now, job.number(JobField.FAILED), why, trace, job.textOrEmpty(JobField.WORKER)));
        call.call("HSET", key("failures"), raw(id), MessagePack.pack(all));
    }

    /** Failures as they were packed; none where they cannot be read. */
    @SuppressWarnings("unchecked")
    private static List<Object> failures(byte[] packed) {
        try {
            return MessagePack.unpack(packed) instanceof List<?> list ? (List<Object>) list : new ArrayList<>();
        } catch (MessagePack.FormatException e) {
            return new ArrayList<>();
        }
    }

    /** A job that is not tried any more. The oldest of the dead make room. */
    void bury(String id, StoredJob job, String why, String trace, long mostKept, long kept) {
        noteFailure(id, job, why, trace);
        job.put(JobField.STATE, "dead");
        job.remove(JobField.WORKER);
        ended(id, job, "dead", why);
        save(id, job);
        call.call("ZADD", key("dead"), now, raw(id));
        count("dead");
        List<String> outdated =
                texts(call.call("ZRANGEBYSCORE", key("dead"), "-inf", now - kept, "LIMIT", 0, MOST_OUTDATED));
        long surplus = call.callForNumber("ZCARD", key("dead")) - outdated.size() - mostKept;
        if (surplus > 0) {
            long first = outdated.size();
            outdated.addAll(
                    texts(call.call("ZRANGE", key("dead"), first, first + Math.min(surplus, MOST_OUTDATED) - 1)));
        }
        for (String old : outdated) {
            call.call("ZREM", key("dead"), raw(old));
            load(old);
            forget(old);
        }
    }

    void endCancelled(String id, StoredJob job) {
        String why = "it was cancelled";
        count("cancelled");
        job.put(JobField.STATE, "cancelled");
        job.put(JobField.FAILURE, why);
        job.remove(JobField.WORKER);
        job.remove(JobField.CANCELLED);
        ended(id, job, "cancelled", why);
        if (job.has(JobField.KEPT)) {
            save(id, job);
            call.call("ZADD", key("cancelled"), now + job.number(JobField.KEPT), raw(id));
        } else {
            forget(id);
        }
    }

    /** Takes a job from where it waits. Returns whether it waited. */
    boolean withdraw(String id, StoredJob job) {
        byte[] member = raw(id);
        return switch (job.text(JobField.STATE)) {
            case "pending" -> {
                String queue = job.text(JobField.QUEUE);
                yield (job.has(JobField.PRIORITY)
                                ? call.callForNumber("ZREM", key("urgent:" + queue), member)
                                : call.callForNumber("LREM", key("pending:" + queue), 1, member))
                        == 1;
            }
            case "held" -> {
                call.call("LREM", key("held:" + job.text(JobField.HELD_BY)), 1, member);
                job.remove(JobField.HELD_BY);
                yield call.callForNumber("ZREM", key("held"), member) == 1;
            }
            case "awaiting" -> {
                call.call("HDEL", key("batch"), member);
                yield call.callForNumber("ZREM", key("awaiting"), member) == 1;
            }
            case "scheduled", "retry" -> call.callForNumber("ZREM", key("scheduled"), member) == 1;
            default -> false;
        };
    }

    // ---- the end ----

    /** Writes what the step has changed. */
    void commit() {
        List<Object> states = new ArrayList<>(2 * changed.size());
        for (String id : changed) {
            states.add(raw(id));
            states.add(Objects.requireNonNull(jobs.get(id)).pack());
        }
        callAll("HSET", key("state"), states);
        callAll("HSET", key("payload"), payloads);
        callAll("HDEL", key("failures"), forgotten);
        // Another of the same id may have come in its place.
        List<String> gone =
                forgotten.stream().filter(id -> jobs.get(id) == null).toList();
        callAll("HDEL", key("state"), gone);
        callAll("HDEL", key("payload"), gone);
        callAll("HDEL", key("progress"), over);
        if (!counts.isEmpty()) {
            long minute = now / MINUTE_MILLIS;
            Slice minutes = key("minutes:" + minute / 60);
            counts.forEach((what, by) -> {
                call.call("HINCRBY", key("count"), what, by);
                call.call("HINCRBY", minutes, minute + ":" + what, by);
            });
            call.call("PEXPIRE", minutes, MINUTES_KEPT_MILLIS);
        }
        for (String id : told) {
            call.call("PUBLISH", key("events"), raw("ended:" + id));
        }
    }
}
