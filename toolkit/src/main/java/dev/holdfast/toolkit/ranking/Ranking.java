package dev.holdfast.toolkit.ranking;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A board of members by their scores: who leads, where somebody stands, and who is next to them.
 *
 * <pre>
 * Ranking board = toolkit.ranking("game").tiesByTime().build();
 * board.submit("ada", 1200, Submit.MAX);
 * board.top(10);
 * board.around("ada", 2);
 * </pre>
 *
 * <p>Scores are doubles: integers are exact up to 2<sup>53</sup>. A board is one slot of a cluster. With {@link Window}s a board
 * starts anew each day, or whatever the window is, and old ones expire.
 */
public final class Ranking implements Pattern {
    /** What a submitted score does to the one that is there. */
    public enum Submit {
        /** Replaces it. */
        SET,
        /** Replaces it if it is higher. */
        MAX,
        /** Replaces it if it is lower. */
        MIN,
        /** Is added to it. */
        ADD
    }

    /** A member and its score. */
    public record Scored(String member, double score) {}

    private static final Script SUBMIT = Script.of(Ranking.class, "submit");
    private static final Script STANDING = Script.of(Ranking.class, "standing");
    private static final Script REMOVE = Script.of(Ranking.class, "remove");

    /** How many digits stand before a member whose ties go by time. */
    private static final int PREFIX = 14;
    /** How many members one script is given at most. */
    private static final int BATCH = 1000;

    private final Context context;
    private final Store store;
    private final String name;
    private final String key;
    private final String tag;
    private final boolean highFirst;
    private final boolean byTime;
    private final boolean dense;
    private final Duration life;
    private final Counter submitted;
    private final Counter asked;

    private Ranking(Builder builder, String key, String tag, Duration life) {
        this.context = builder.context;
        this.store = context.store();
        this.name = builder.name;
        this.key = key;
        this.tag = tag;
        this.highFirst = builder.highFirst;
        this.byTime = builder.byTime;
        this.dense = builder.dense;
        this.life = life;
        this.submitted = context.instruments(kind(), name).counter("submitted");
        this.asked = context.instruments(kind(), name).counter("asked");
    }

    /**
     * Begins a board.
     *
     * @param name the board is the key {@code ranking:name}, a sorted set; whatever else it needs has that key as its hash tag
     */
    public static Builder builder(Context context, String name) {
        return new Builder(context, name);
    }

    @Override
    public String kind() {
        return "ranking";
    }

    @Override
    public String name() {
        return name;
    }

    /** The key of the sorted set. Where ties go by time, its members carry a prefix. */
    public String key() {
        return key;
    }

    // ---- writing ----

    /** Submits a score and returns the one that the member has now. */
    public double submit(String member, double score, Submit mode) {
        return submit(Map.of(member, score), mode).getFirst();
    }

    /** Adds to a member's score, which is 0 if there is none, and returns the sum. */
    public double add(String member, double delta) {
        return submit(member, delta, Submit.ADD);
    }

    /** Submits many scores, at most a thousand in one step, and returns what the members have now, in the map's order. */
    public List<Double> submit(Map<String, Double> scores, Submit mode) {
        // All of them can be submitted, or none is.
        scores.forEach((member, score) -> {
            if (member == null || score == null || score.isNaN()) {
                throw new IllegalArgumentException("the score of " + member + " is not a number: " + score);
            }
        });
        List<Double> results = new ArrayList<>(scores.size());
        List<Object> words = submission(mode);
        for (Map.Entry<String, Double> entry : scores.entrySet()) {
            words.add(entry.getKey());
            words.add(entry.getValue());
            if (words.size() >= 5 + 2 * BATCH) {
                results.addAll(send(words, mode));
                words = submission(mode);
            }
        }
        if (words.size() > 5) {
            results.addAll(send(words, mode));
        }
        return results;
    }

    private List<Object> submission(Submit mode) {
        List<Object> words = new ArrayList<>();
        words.add(mode.name().toLowerCase(Locale.ROOT));
        words.add(highFirst ? "high" : "low");
        words.add(byTime ? "time" : "name");
        words.add(dense ? "dense" : "");
        words.add(life.toMillis());
        return words;
    }

    private List<Double> send(List<Object> words, Submit mode) {
        Command command = Command.of(SUBMIT, keys(), words.toArray());
        Reply answer = mode == Submit.ADD
                ? context.retry().once(() -> store.call(command))
                : context.retry().idempotent(() -> store.call(command));
        List<Double> scores = answer.list().stream().map(Reply::real).toList();
        submitted.increment(scores.size());
        return scores;
    }

    /** Takes members off the board and returns how many were on it. */
    public long remove(List<String> members) {
        List<Object> words = new ArrayList<>();
        words.add(byTime ? "time" : "name");
        words.add(dense ? "dense" : "");
        words.addAll(members);
        return ask(Command.of(REMOVE, keys(), words.toArray())).number();
    }

    /** Takes everybody off the board. */
    public void clear() {
        ask(Command.of("UNLINK", keys().toArray()));
    }

    // ---- reading ----

    /** How many members there are. */
    public long size() {
        return ask(Command.of("ZCARD", key)).number();
    }

    /** The first members, best first. */
    public List<Scored> top(int count) {
        return range(0, count);
    }

    /** Members by their places, best first. */
    public List<Scored> range(long from, int count) {
        if (from < 0 || count < 0) {
            throw new IllegalArgumentException("a range must not be negative: " + from + ", " + count);
        }
        return count == 0 ? List.of() : places(from, from + count - 1);
    }

    /** A member with those before and behind it, at most so many on each side; none if the member is not on the board. */
    public List<Scored> around(String member, int radius) {
        if (radius < 0) {
            throw new IllegalArgumentException("a radius must not be negative: " + radius);
        }
        return standing(member)
                .map(standing -> {
                    long place = standing.position() - 1;
                    return places(Math.max(0, place - radius), place + radius);
                })
                .orElse(List.of());
    }

    private List<Scored> places(long from, long to) {
        asked.increment();
        return ask(Command.of(highFirst ? "ZREVRANGE" : "ZRANGE", key, from, to, "WITHSCORES")).list().stream()
                .map(pair -> scored(pair.list()))
                .toList();
    }

    private Scored scored(List<Reply> pair) {
        String stored = pair.get(0).text();
        return new Scored(
                // What another program has added has no prefix.
                byTime && stored.length() >= PREFIX ? stored.substring(PREFIX) : stored,
                pair.get(1).real());
    }

    /** Where a member stands. */
    public Optional<Standing> standing(String member) {
        return standings(List.of(member)).getFirst();
    }

    /** Where members stand, in their order, as of one moment. */
    public List<Optional<Standing>> standings(List<String> members) {
        asked.increment();
        List<Object> words = new ArrayList<>();
        words.add(highFirst ? "high" : "low");
        words.add(byTime ? "time" : "name");
        words.add(dense ? "dense" : "");
        words.addAll(members);
        List<String> read = List.of(key, tag + ":order", tag + ":scores");
        List<Reply> figures = ask(Command.of(STANDING, read, words.toArray())).list();
        List<Optional<Standing>> result = new ArrayList<>(members.size());
        long size = figures.getFirst().number();
        for (int i = 0; i < members.size(); i++) {
            int at = 1 + 4 * i;
            if (figures.get(at).isNull()) {
                result.add(Optional.empty());
                continue;
            }
            long better = figures.get(at + 3).number();
            result.add(Optional.of(new Standing(
                    members.get(i),
                    figures.get(at).real(),
                    figures.get(at + 1).number() + 1,
                    figures.get(at + 2).number() + 1,
                    better < 0 ? -1 : better + 1,
                    size)));
        }
        return result;
    }

    /** Runs what may be repeated without harm. */
    private Reply ask(Command command) {
        return context.retry().idempotent(() -> store.call(command));
    }

    private List<String> keys() {
        return List.of(key, tag + ":order", tag + ":count", tag + ":scores", tag + ":times");
    }

    /** Up: it has no work of its own that could fail. */
    @Override
    public Health health() {
        return Health.up(Map.of("key", key));
    }

    @Override
    public void close() {
        context.unregister(this);
    }

    /** Collects what a board needs. */
    public static final class Builder {
        private final Context context;
        private final String name;
        private boolean highFirst = true;
        private boolean byTime;
        private boolean dense;

        private Builder(Context context, String name) {
            this.context = context;
            this.name = name;
        }

        /** The lowest score is the best, as with times of a race. */
        public Builder lowestFirst() {
            this.highFirst = false;
            return this;
        }

        /** Of equal scores the one that was reached first is the better; else they are ordered by the members' names. */
        public Builder tiesByTime() {
            this.byTime = true;
            return this;
        }

        /** Counts how often each score occurs, so that {@link Standing#denseRank} is known. Costs each change a little more. */
        public Builder denseRanks() {
            this.dense = true;
            return this;
        }

        /** A board without end. */
        public Ranking build() {
            String key = HashTag.escaped("ranking:" + name);
            return context.register(new Ranking(this, key, HashTag.around(key), Duration.ZERO));
        }

        /** A board for each window of time. */
        public RankingWindows each(Window window) {
            return new RankingWindows(context.store(), window, HashTag.of("ranking:" + name), this);
        }

        Ranking boardOf(String key, Duration life) {
            return new Ranking(this, key, key, life);
        }

        boolean highFirst() {
            return highFirst;
        }

        boolean tagged() {
            return byTime;
        }
    }
}
