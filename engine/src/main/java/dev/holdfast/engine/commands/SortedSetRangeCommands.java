package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.SORTED_SET;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.types.LexBound;
import dev.holdfast.engine.types.LexRange;
import dev.holdfast.engine.types.RankSpan;
import dev.holdfast.engine.types.ScoreRange;
import dev.holdfast.engine.types.SortedSetValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for ranges of sorted sets: by rank, by score, and by member where all scores are equal. */
public final class SortedSetRangeCommands {
    private static final String RETURNING =
            "O(log N + M), N being the size of the set and M the number of members returned";
    private static final String REMOVING =
            "O(log N + M), N being the size of the set and M the number of members removed";

    private SortedSetRangeCommands() {}

    /** What the bounds of a range are. */
    private enum By {
        RANK,
        SCORE,
        MEMBER
    }

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "ZRANGE",
                            "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
                            call -> range(call, null, null))
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RETURNING)
                    .summary("The members in a range of ranks, scores or strings"),
            command("ZREVRANGE", "key start stop [WITHSCORES]", call -> range(call, By.RANK, true))
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RETURNING)
                    .summary("The members in a range of ranks, from the highest score down"),
            command(
                            "ZRANGEBYSCORE",
                            "key min max [WITHSCORES] [LIMIT offset count]",
                            call -> range(call, By.SCORE, false))
                    .in(SORTED_SET)
                    .since("1.0.5")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RETURNING)
                    .summary("The members in a range of scores"),
            command(
                            "ZREVRANGEBYSCORE",
                            "key max min [WITHSCORES] [LIMIT offset count]",
                            call -> range(call, By.SCORE, true))
                    .in(SORTED_SET)
                    .since("2.2.0")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RETURNING)
                    .summary("The members in a range of scores, from the highest down"),
            command("ZRANGEBYLEX", "key min max [LIMIT offset count]", call -> range(call, By.MEMBER, false))
                    .in(SORTED_SET)
                    .since("2.8.9")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RETURNING)
                    .summary("The members in a range of strings, where all scores are equal"),
            command("ZREVRANGEBYLEX", "key max min [LIMIT offset count]", call -> range(call, By.MEMBER, true))
                    .in(SORTED_SET)
                    .since("2.8.9")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RETURNING)
                    .summary("The members in a range of strings backwards, where all scores are equal"),
            command(
                            "ZRANGESTORE",
                            "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
                            SortedSetRangeCommands::rangeStore)
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-5)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.at(2, RO, ACCESS))
                    .complexity("O(log N + M log M), N being the size of the set and M the number of members stored")
                    .summary("Stores the members in a range under another key"),
            command("ZCOUNT", "key min max", SortedSetRangeCommands::countScores)
                    .in(SORTED_SET)
                    .since("2.0.0")
                    .arity(4)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(log N), N being the size of the set")
                    .summary("How many members are in a range of scores"),
            command("ZLEXCOUNT", "key min max", SortedSetRangeCommands::countMembers)
                    .in(SORTED_SET)
                    .since("2.8.9")
                    .arity(4)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(log N), N being the size of the set")
                    .summary("How many members are in a range of strings, where all scores are equal"),
            command("ZREMRANGEBYRANK", "key start stop", call -> remove(call, By.RANK, Event.ZREMRANGEBYRANK))
                    .in(SORTED_SET)
                    .since("2.0.0")
                    .arity(4)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity(REMOVING)
                    .summary("Removes the members in a range of ranks"),
            command("ZREMRANGEBYSCORE", "key min max", call -> remove(call, By.SCORE, Event.ZREMRANGEBYSCORE))
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(4)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity(REMOVING)
                    .summary("Removes the members in a range of scores"),
            command("ZREMRANGEBYLEX", "key min max", call -> remove(call, By.MEMBER, Event.ZREMRANGEBYLEX))
                    .in(SORTED_SET)
                    .since("2.8.9")
                    .arity(4)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity(REMOVING)
                    .summary("Removes the members in a range of strings, where all scores are equal"));

    /** A range as a command spells it: bounds, then options. */
    private static final class Request {
        private By by = By.RANK;
        private boolean reverse;
        private boolean withScores;
        private long offset;
        private long limit = -1;
        private long start;
        private long stop;
        private @Nullable ScoreRange scores;
        private @Nullable LexRange members;

        /**
         * @param minAt the index of the first bound
         * @param fixedBy what the bounds are, or null where options say it
         * @param fixedReverse the direction, or null where an option says it
         * @param mayHaveScores whether WITHSCORES is an option
         */
        static Request parse(
                Call call, int minAt, @Nullable By fixedBy, @Nullable Boolean fixedReverse, boolean mayHaveScores) {
            Request request = new Request();
            By by = fixedBy;
            Boolean reverse = fixedReverse;
            for (int i = minAt + 2; i < call.argCount(); i++) {
                Slice word = call.arg(i);
                if (mayHaveScores && word.isWord("WITHSCORES")) {
                    request.withScores = true;
                } else if (word.isWord("LIMIT") && i + 2 < call.argCount()) {
                    request.offset = call.longArg(++i);
                    request.limit = call.longArg(++i);
                } else if (reverse == null && word.isWord("REV")) {
                    reverse = true;
                } else if (by == null && word.isWord("BYLEX")) {
                    by = By.MEMBER;
                } else if (by == null && word.isWord("BYSCORE")) {
                    by = By.SCORE;
                } else {
                    throw CommandException.syntax();
                }
            }
            request.by = by == null ? By.RANK : by;
            request.reverse = reverse != null && reverse;
            if (request.limit != -1 && request.by == By.RANK) {
                throw new CommandException(
                        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
            }
            if (request.withScores && request.by == By.MEMBER) {
                throw new CommandException("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
            }
            request.parseBounds(call, minAt);
            return request;
        }

        /** Reads the bounds. Of scores and strings the larger one comes first where the walk goes backwards. */
        private void parseBounds(Call call, int minAt) {
            switch (by) {
                case RANK -> {
                    start = call.longArg(minAt);
                    stop = call.longArg(minAt + 1);
                }
                case SCORE ->
                    scores = scoreRange(call.arg(reverse ? minAt + 1 : minAt), call.arg(reverse ? minAt : minAt + 1));
                case MEMBER ->
                    members = lexRange(call.arg(reverse ? minAt + 1 : minAt), call.arg(reverse ? minAt : minAt + 1));
            }
        }

        RankSpan of(SortedSetValue value) {
            if (scores != null) {
                return value.scores(scores, offset, limit, reverse);
            }
            return members != null ? value.members(members, offset, limit, reverse) : value.ranks(start, stop, reverse);
        }
    }

    /** Reads a range such as {@code 1.5 (2}, where a parenthesis leaves the bound itself out. */
    private static ScoreRange scoreRange(Slice min, Slice max) {
        return new ScoreRange(score(min), isExcluded(min), score(max), isExcluded(max));
    }

    private static boolean isExcluded(Slice bound) {
        return !bound.isEmpty() && bound.at(0) == '(';
    }

    private static double score(Slice bound) {
        int skip = isExcluded(bound) ? 1 : 0;
        double score = Doubles.parseBound(bound.array(), bound.offset() + skip, bound.length() - skip);
        if (Double.isNaN(score)) {
            throw new CommandException("ERR min or max is not a float");
        }
        return score;
    }

    /** Reads a range such as {@code [a (b} or {@code - +}. */
    private static LexRange lexRange(Slice min, Slice max) {
        return new LexRange(lexBound(min), lexBound(max));
    }

    private static LexBound lexBound(Slice bound) {
        if (!bound.isEmpty()) {
            byte first = bound.at(0);
            if (first == '(' || first == '[') {
                Slice member = new Slice(bound.array(), bound.offset() + 1, bound.length() - 1);
                return LexBound.at(member, first == '(');
            }
            if ((first == '-' || first == '+') && (bound.length() == 1 || bound.at(1) == 0)) {
                return first == '-' ? LexBound.LOWEST : LexBound.HIGHEST;
            }
        }
        throw new CommandException("ERR min or max not valid string range item");
    }

    private static void range(Call call, @Nullable By by, @Nullable Boolean reverse) {
        Request request = Request.parse(call, 2, by, reverse, true);
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        if (value == null) {
            call.reply().emptyArray();
            return;
        }
        RankSpan span = request.of(value);
        SortedSetCommands.beginMembers(call.reply(), span.count(), request.withScores);
        SortedSetValue.Walk walk = value.walk(span);
        while (walk.next()) {
            SortedSetCommands.member(call.reply(), walk, request.withScores);
        }
    }

    private static void rangeStore(Call call) {
        Request request = Request.parse(call, 3, null, null, false);
        Slice target = call.arg(1);
        SortedSetValue source = call.read(call.arg(2), SortedSetValue.class);
        SortedSetValue result = SortedSetCommands.create(target);
        if (source != null) {
            SortedSetValue.Walk walk = source.walk(request.of(source));
            long maxEntries = SortedSetCommands.maxEntries(call);
            long maxLength = SortedSetCommands.maxLength(call);
            result.prepareFor(walk.left(), 0, maxEntries, maxLength);
            while (walk.next()) {
                result.add(walk.member(), walk.score(), 0, maxEntries, maxLength);
            }
        }
        store(call, target, result, Event.ZRANGESTORE, 1);
    }

    /**
     * Stores a result, or removes the key where the result is empty, and answers with its size.
     *
     * @param changes as how many the result counts
     */
    static void store(Call call, Slice target, SortedSetValue result, Event event, long changes) {
        Edit<Entry> edit = call.edit(target);
        if (result.isEmpty()) {
            edit.remove(Event.DEL);
        } else {
            edit.store(result);
            edit.done(event, changes);
        }
        call.reply().integer(result.size());
    }

    private static void countScores(Call call) {
        ScoreRange range = scoreRange(call.arg(2), call.arg(3));
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        call.reply().integer(value == null ? 0 : value.scores(range).count());
    }

    private static void countMembers(Call call) {
        LexRange range = lexRange(call.arg(2), call.arg(3));
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        call.reply().integer(value == null ? 0 : value.members(range).count());
    }

    private static void remove(Call call, By by, Event event) {
        Request request = new Request();
        request.by = by;
        request.parseBounds(call, 2);
        Edit<SortedSetValue> edit = call.edit(call.arg(1), SortedSetValue.class);
        SortedSetValue value = edit.value();
        int removed = 0;
        if (value != null) {
            RankSpan span = request.of(value);
            removed = span.count();
            value.removeRanks(span.lowest(), removed);
        }
        SortedSetCommands.reportRemoved(edit, removed, event);
        call.reply().integer(removed);
    }
}
