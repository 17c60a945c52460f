package dev.holdfast.toolkit.job;

import dev.holdfast.engine.base.Slice;
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
    private final Map<String, @Nullable Map<String, Object>> jobs = new HashMap<>();
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

    byte[] key(String suffix) {
        return raw(base + ':' + suffix);
    }

    /** A field that is a number, or 0. */
    static long number(Map<String, Object> job, String field) {
        return switch (job.get(field)) {
            case Long number -> number;
            case Double number -> number.longValue();
            case null, default -> 0;
        };
    }

    /** A field that is text. */
    static String text(Map<String, Object> job, String field) {
        return String.valueOf(job.get(field));
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

    private static Object[] words(byte[] key, Collection<?> more) {
        Object[] words = new Object[more.size() + 1];
        words[0] = key;
        int next = 1;
        for (Object word : more) {
            words[next++] = word instanceof String text ? raw(text) : word;
        }
        return words;
    }

    /** Calls a command with a key and words, any number of them, in portions. */
    void callAll(String command, byte[] key, List<?> words) {
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
                jobs.put(some.get(j), unpacked((byte[]) packed.get(j)));
            }
        }
    }

    /** A job, or null where its state cannot be read. */
    @SuppressWarnings("unchecked")
    private static @Nullable Map<String, Object> unpacked(byte @Nullable [] packed) {
        if (packed == null || packed.length == 0) {
            return null;
        }
        try {
            return switch (MessagePack.unpack(packed)) {
                case Map<?, ?> job -> (Map<String, Object>) job;
                case List<?> list -> new LinkedHashMap<>();
                case null, default -> null;
            };
        } catch (MessagePack.FormatException e) {
            return null;
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
    Map<String, Object> load(String id) {
        if (!jobs.containsKey(id)) {
            loadAll(List.of(id));
        }
        return jobs.get(id);
    }

    void save(String id, Map<String, Object> job) {
        job.put("z", now);
        jobs.put(id, job);
        changed.add(id);
    }

    void forget(String id) {
        Map<String, Object> job = jobs.get(id);
        if (job != null && job.containsKey("y")) {
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

    void makePending(String id, Map<String, Object> job, boolean first) {
        job.put("s", "pending");
        String queue = text(job, "q");
        if (job.containsKey("p")) {
            long number = call.callForNumber("HINCRBY", key("count"), "urgent", 1);
            long score = -number(job, "p") * PRIORITY_STEP + (first ? -number : number);
            call.call("ZADD", key("urgent:" + queue), score, raw(id));
        } else {
            call.call(first ? "RPUSH" : "LPUSH", key("pending:" + queue), raw(id));
        }
    }

    void schedule(String id, Map<String, Object> job, long due, String as) {
        job.put("s", as);
        job.put("d", due);
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

    void free(String id, Map<String, Object> job) {
        if (job.containsKey("u")) {
            byte[] unique = raw(text(job, "u"));
            byte[] holder = call.callForBytes("HGET", key("unique"), unique);
            if (holder != null && text(holder).equals(id)) {
                call.call("HDEL", key("unique"), unique);
            }
        }
    }

    void becomeKnown(Map<String, Object> job) {
        if (job.containsKey("v")) {
            byte[] type = raw(text(job, "t"));
            if (call.callForNumber("HINCRBY", key("unknown"), type, -1) <= 0) {
                call.call("HDEL", key("unknown"), type);
            }
            job.remove("v");
            job.remove("V");
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
        Map<String, Object> job = load(id);
        if (job != null && "held".equals(job.get("s"))) {
            job.remove("H");
            makePending(id, job, true);
            save(id, job);
            wake(1);
        }
        return true;
    }

    void leaveWork(Map<String, Object> job) {
        if (job.get("L") instanceof List<?> limits) {
            for (Object limit : limits) {
                byte[] name = raw(String.valueOf(limit));
                if (call.callForNumber("HINCRBY", key("busy"), name, -1) <= 0) {
                    call.call("HDEL", key("busy"), name);
                }
                letGo(String.valueOf(limit));
            }
        }
        job.remove("L");
        job.remove("w");
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
        Map<String, Object> job = load(parent);
        if (job != null && "awaiting".equals(job.get("s"))) {
            call.call("ZREM", key("awaiting"), raw(parent));
            long due = Math.max(number(job, "d"), now + number(job, "D"));
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
    void ended(String id, Map<String, Object> job, String how, Object text) {
        free(id, job);
        becomeKnown(job);
        over.add(id);
        if (job.containsKey("k")) {
            told.add(id);
        }
        if (job.containsKey("b")) {
            String name = text(job, "b");
            Map<String, Object> parent = load(name);
            if (parent != null && "awaiting".equals(parent.get("s"))) {
                List<Object> child = List.of(text(job, "t"), how, text);
                call.call("HSET", key("children:" + name), raw(id), MessagePack.pack(child));
            }
            leaveParent(name);
            job.remove("b");
        }
    }

    @SuppressWarnings("unchecked")
    void noteFailure(String id, Map<String, Object> job, String why, String trace) {
        job.put("f", why);
        byte[] packed = call.callForBytes("HGET", key("failures"), raw(id));
        List<Object> all = packed == null ? new ArrayList<>() : failures(packed);
        if (all.size() > 1) {
            ((List<Object>) all.getLast()).set(3, "");
        }
        if (all.size() >= MOST_FAILURES) {
            all.remove(1);
        }
        all.add(List.of(now, number(job, "a"), why, trace, job.getOrDefault("w", "")));
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
    void bury(String id, Map<String, Object> job, String why, String trace, long mostKept, long kept) {
        noteFailure(id, job, why, trace);
        job.put("s", "dead");
        job.remove("w");
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

    void endCancelled(String id, Map<String, Object> job) {
        String why = "it was cancelled";
        count("cancelled");
        job.put("s", "cancelled");
        job.put("f", why);
        job.remove("w");
        job.remove("n");
        ended(id, job, "cancelled", why);
        if (job.containsKey("k")) {
            save(id, job);
            call.call("ZADD", key("cancelled"), now + number(job, "k"), raw(id));
        } else {
            forget(id);
        }
    }

    /** Takes a job from where it waits. Returns whether it waited. */
    boolean withdraw(String id, Map<String, Object> job) {
        byte[] member = raw(id);
        return switch (text(job, "s")) {
            case "pending" -> {
                String queue = text(job, "q");
                yield (job.containsKey("p")
                                ? call.callForNumber("ZREM", key("urgent:" + queue), member)
                                : call.callForNumber("LREM", key("pending:" + queue), 1, member))
                        == 1;
            }
            case "held" -> {
                call.call("LREM", key("held:" + text(job, "H")), 1, member);
                job.remove("H");
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
            states.add(MessagePack.pack(jobs.get(id)));
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
            byte[] minutes = key("minutes:" + minute / 60);
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
