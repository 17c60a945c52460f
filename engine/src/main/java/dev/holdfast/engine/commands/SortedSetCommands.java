package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.SORTED_SET;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
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
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.ScoreTree;
import dev.holdfast.engine.types.SortedSetValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The commands for single members of sorted sets. */
public final class SortedSetCommands {
    /** From a set at most so many times larger than the sample, members are drawn by leaving others out. */
    private static final int DENSE_SAMPLE = 3;

    private SortedSetCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "ZADD",
                            "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
                            call -> add(call, false))
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(log N) for each member, N being the size of the set")
                    .summary("Adds members to a sorted set, or changes their scores"),
            command("ZINCRBY", "key increment member", call -> add(call, true))
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(log N), N being the size of the set")
                    .summary("Adds to the score of a member"),
            command("ZREM", "key member [member ...]", SortedSetCommands::remove)
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(-3)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity("O(M log N), N being the size of the set and M the number of members to remove")
                    .summary("Removes members from a sorted set"),
            command("ZCARD", "key", SortedSetCommands::cardinality)
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("How many members a sorted set has"),
            command("ZSCORE", "key member", SortedSetCommands::score)
                    .in(SORTED_SET)
                    .since("1.2.0")
                    .arity(3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1)")
                    .summary("The score of a member"),
            command("ZMSCORE", "key member [member ...]", SortedSetCommands::scores)
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N), N being the number of members asked for")
                    .summary("The scores of several members"),
            command("ZRANK", "key member [WITHSCORE]", call -> rank(call, false))
                    .in(SORTED_SET)
                    .since("2.0.0")
                    .arity(-3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(log N)")
                    .summary("How many members come before one, from the lowest score"),
            command("ZREVRANK", "key member [WITHSCORE]", call -> rank(call, true))
                    .in(SORTED_SET)
                    .since("2.0.0")
                    .arity(-3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(log N)")
                    .summary("How many members come before one, from the highest score"),
            command("ZRANDMEMBER", "key [count [WITHSCORES]]", SortedSetCommands::random)
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N log M), N being the number of members returned and M the size of the set")
                    .summary("Members drawn at random")
                    .tips("nondeterministic_output"),
            command("ZSCAN", "key cursor [MATCH pattern] [COUNT count] [NOSCORES]", SortedSetCommands::scan)
                    .in(SORTED_SET)
                    .since("2.8.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1) for each call, O(N) for all that it takes to visit a set of size N")
                    .summary("Visits the members of a sorted set, a few with each call")
                    .tips("nondeterministic_output"));

    /** A new, empty sorted set, not yet in the keyspace. */
    static SortedSetValue create(Slice key) {
        return new SortedSetValue(Call.newRecord(ValueType.ZSET, key));
    }

    static long maxEntries(Call call) {
        return call.config().zsetMaxListpackEntries.get();
    }

    static long maxLength(Call call) {
        return call.config().zsetMaxListpackValue.get();
    }

    /** ZADD, and ZINCRBY, which is ZADD with INCR and understands the same options. */
    private static void add(Call call, boolean incrementing) {
        boolean increment = incrementing;
        boolean countUpdates = false;
        int options = 0;
        int first = 2;
        for (; first < call.argCount(); first++) {
            Slice word = call.arg(first);
            if (word.isWord("NX")) {
                options |= SortedSetValue.ONLY_NEW;
            } else if (word.isWord("XX")) {
                options |= SortedSetValue.ONLY_EXISTING;
            } else if (word.isWord("CH")) {
                countUpdates = true;
            } else if (word.isWord("INCR")) {
                increment = true;
            } else if (word.isWord("GT")) {
                options |= SortedSetValue.ONLY_GREATER;
            } else if (word.isWord("LT")) {
                options |= SortedSetValue.ONLY_LOWER;
            } else {
                break;
            }
        }
        int words = call.argCount() - first;
        if (words == 0 || words % 2 != 0) {
            throw CommandException.syntax();
        }
        checkCompatible(options);
        if (increment && words > 2) {
            throw new CommandException("ERR INCR option supports a single increment-element pair");
        }
        double[] scores = new double[words / 2];
        int longest = 0;
        for (int i = 0; i < scores.length; i++) {
            scores[i] = call.doubleArg(first + 2 * i);
            longest = Math.max(longest, call.arg(first + 2 * i + 1).length());
        }

        if (increment) {
            Edit<SortedSetValue> edit = call.edit(call.arg(1), SortedSetValue.class);
            SortedSetValue value = open(call, edit, options, 1, longest);
            if (value == null) {
                call.reply().nil();
            } else {
                increment(call, edit, value, call.arg(first + 1), scores[0], options);
            }
        } else {
            add(call, scores, first + 1, 2, options, countUpdates, longest);
        }
    }

    /** The sorted set of the first key, made if it is not there, and ready for new members; null if it has to be there. */
    private static @Nullable SortedSetValue open(
            Call call, Edit<SortedSetValue> edit, int options, int members, int longest) {
        SortedSetValue value = edit.value();
        boolean exists = value != null;
        if (value == null) {
            if ((options & SortedSetValue.ONLY_EXISTING) != 0) {
                return null;
            }
            value = create(edit.key());
        }
        value.prepareFor(members, longest, maxEntries(call), maxLength(call));
        if (!exists) {
            edit.create(value);
        }
        return value;
    }

    /**
     * Adds members to the sorted set of the first key and answers how many were new.
     *
     * @param first the index of the first member among the words
     * @param step how far it is to the next
     * @param countUpdates whether those whose score changes count too
     * @param longest the length of the longest member
     * @return whether anything has changed
     */
    static boolean add(
            Call call, double[] scores, int first, int step, int options, boolean countUpdates, int longest) {
        Edit<SortedSetValue> edit = call.edit(call.arg(1), SortedSetValue.class);
        SortedSetValue value = open(call, edit, options, scores.length, longest);
        if (value == null) {
            call.reply().integer(0);
            return false;
        }
        int added = 0;
        int updated = 0;
        long maxEntries = maxEntries(call);
        long maxLength = maxLength(call);
        for (int i = 0; i < scores.length; i++) {
            switch (value.add(call.arg(first + step * i), scores[i], options, maxEntries, maxLength)) {
                case ADDED -> added++;
                case UPDATED -> updated++;
                case SAME, SKIPPED -> {}
            }
        }
        if (added + updated > 0) {
            edit.done(Event.ZADD, added + updated);
        }
        call.reply().integer(countUpdates ? added + updated : added);
        return added + updated > 0;
    }

    private static void checkCompatible(int options) {
        boolean onlyNew = (options & SortedSetValue.ONLY_NEW) != 0;
        boolean greater = (options & SortedSetValue.ONLY_GREATER) != 0;
        boolean lower = (options & SortedSetValue.ONLY_LOWER) != 0;
        if (onlyNew && (options & SortedSetValue.ONLY_EXISTING) != 0) {
            throw new CommandException("ERR XX and NX options at the same time are not compatible");
        }
        if ((greater && onlyNew) || (lower && onlyNew) || (greater && lower)) {
            throw new CommandException("ERR GT, LT, and/or NX options at the same time are not compatible");
        }
    }

    private static void increment(
            Call call, Edit<SortedSetValue> edit, SortedSetValue value, Slice member, double increment, int options) {
        double old = value.score(member);
        double score = Double.isNaN(old) ? increment : old + increment;
        if (Double.isNaN(score) && (options & SortedSetValue.ONLY_NEW) == 0) {
            throw new CommandException("ERR resulting score is not a number (NaN)");
        }
        switch (value.add(member, score, options, maxEntries(call), maxLength(call))) {
            case ADDED, UPDATED -> {
                edit.done(Event.ZINCR);
                call.reply().real(score);
            }
            case SAME -> call.reply().real(score);
            case SKIPPED -> call.reply().nil();
        }
    }

    private static void remove(Call call) {
        Edit<SortedSetValue> edit = call.edit(call.arg(1), SortedSetValue.class);
        SortedSetValue value = edit.value();
        int removed = 0;
        if (value != null) {
            for (int i = 2; i < call.argCount() && !value.isEmpty(); i++) {
                if (value.remove(call.arg(i))) {
                    removed++;
                }
            }
        }
        reportRemoved(edit, removed, Event.ZREM);
        call.reply().integer(removed);
    }

    /** Reports that members have gone. */
    static void reportRemoved(Edit<SortedSetValue> edit, int removed, Event event) {
        if (removed > 0) {
            edit.done(event, removed);
        }
    }

    private static void cardinality(Call call) {
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        call.reply().integer(value == null ? 0 : value.size());
    }

    private static void score(Call call) {
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        score(call.reply(), value == null ? Double.NaN : value.score(call.arg(2)));
    }

    private static void scores(Call call) {
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        call.reply().array(call.argCount() - 2L);
        for (int i = 2; i < call.argCount(); i++) {
            score(call.reply(), value == null ? Double.NaN : value.score(call.arg(i)));
        }
    }

    private static void score(Reply reply, double score) {
        if (Double.isNaN(score)) {
            reply.nil();
        } else {
            reply.real(score);
        }
    }

    private static void rank(Call call, boolean reverse) {
        if (call.argCount() > 4) {
            throw CommandException.arity(call.spec().fullName());
        }
        boolean withScore = call.argCount() == 4;
        if (withScore && !call.arg(3).isWord("WITHSCORE")) {
            throw CommandException.syntax();
        }
        Reply reply = call.reply();
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        int rank = value == null ? -1 : value.rank(call.arg(2));
        if (value == null || rank < 0) {
            if (withScore) {
                reply.nilArray();
            } else {
                reply.nil();
            }
            return;
        }
        if (withScore) {
            reply.array(2);
        }
        reply.integer(reverse ? value.size() - 1 - rank : rank);
        if (withScore) {
            reply.real(value.score(call.arg(2)));
        }
    }

    private static void random(Call call) {
        if (call.argCount() == 2) {
            SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
            if (value == null) {
                call.reply().nil();
            } else {
                call.reply()
                        .bulk(value.walk()
                                .seek(call.engine().random().nextInt(value.size()))
                                .member());
            }
            return;
        }
        long count = call.longArg(2);
        if (count == Long.MIN_VALUE) {
            throw new CommandException(
                    "ERR value is out of range, value must between " + -Long.MAX_VALUE + " and " + Long.MAX_VALUE);
        }
        boolean withScores = call.argCount() == 4;
        if (call.argCount() > 4 || (withScores && !call.arg(3).isWord("WITHSCORES"))) {
            throw CommandException.syntax();
        }
        if (withScores && (count < -(Long.MAX_VALUE / 2) || count > Long.MAX_VALUE / 2)) {
            throw CommandException.outOfRange();
        }
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        Reply reply = call.reply();
        if (value == null || count == 0) {
            reply.emptyArray();
        } else if (count < 0) {
            beginMembers(reply, -count, withScores);
            RandomGenerator generator = call.engine().random();
            SortedSetValue.Walk walk = value.walk();
            for (long i = count; i < 0; i++) {
                member(reply, walk.seek(generator.nextInt(value.size())), withScores);
            }
        } else if (count >= value.size()) {
            beginMembers(reply, value.size(), withScores);
            SortedSetValue.Walk walk = value.walk(value.ranks(0, -1, true));
            while (walk.next()) {
                member(reply, walk, withScores);
            }
        } else {
            sample(call, value, (int) count, withScores);
        }
    }

    /** Answers with {@code count} different members. */
    private static void sample(Call call, SortedSetValue value, int count, boolean withScores) {
        Reply reply = call.reply();
        beginMembers(reply, count, withScores);
        RandomGenerator generator = call.engine().random();
        if (value.isPacked() || (long) count * DENSE_SAMPLE > value.size()) {
            SortedSetValue.Walk walk = value.walk();
            int wanted = count;
            while (wanted > 0) {
                int left = walk.left();
                walk.next();
                if (generator.nextInt(left) < wanted) {
                    member(reply, walk, withScores);
                    wanted--;
                }
            }
            return;
        }
        SortedSetValue.Walk walk = value.walk();
        Set<Integer> drawn = new HashSet<>();
        while (drawn.size() < count) {
            int rank = generator.nextInt(value.size());
            if (drawn.add(rank)) {
                member(reply, walk.seek(rank), withScores);
            }
        }
    }

    /** Begins an answer of so many members: with scores, RESP2 has a flat array and RESP3 an array of pairs. */
    static void beginMembers(Reply reply, long count, boolean withScores) {
        reply.array(withScores && !reply.resp3() ? count * 2 : count);
    }

    static void member(Reply reply, SortedSetValue.Walk walk, boolean withScores) {
        if (withScores && reply.resp3()) {
            reply.array(2);
        }
        reply.bulk(walk.member());
        if (withScores) {
            reply.real(walk.score());
        }
    }

    private static void scan(Call call) {
        long cursor = ScanOptions.cursor(call.arg(2));
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        Reply reply = call.reply();
        if (value == null) {
            reply.array(2);
            reply.bulk(0);
            reply.emptyArray();
            return;
        }
        ScanOptions options = ScanOptions.parse(call, 3, ValueType.ZSET);
        List<byte[]> words = new ArrayList<>();
        long next = 0;
        Slice member = new Slice();
        if (value.isPacked()) {
            SortedSetValue.Walk walk = value.walk();
            while (walk.next()) {
                if (options.matches(walk.member())) {
                    words.add(walk.member().toBytes());
                    if (!options.onlyKeys()) {
                        words.add(Doubles.toBytes(walk.score()));
                    }
                }
            }
        } else {
            next = value.scan(cursor, options.count(), item -> {
                member.set(item, ScoreTree.MEMBER, item.length - ScoreTree.MEMBER);
                if (options.matches(member)) {
                    words.add(member.toBytes());
                    if (!options.onlyKeys()) {
                        words.add(Doubles.toBytesOf17Digits(ScoreTree.score(item)));
                    }
                }
            });
        }
        reply.array(2);
        reply.bulk(next);
        reply.array(words.size());
        for (byte[] word : words) {
            reply.bulk(word);
        }
    }
}
