package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.SORTED_SET;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.ScoreTree;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetBuilder;
import dev.holdfast.engine.types.SortedSetValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Unions, intersections and differences of sorted sets; a plain set takes part with a score of 1 for each member. */
public final class SortedSetAlgebraCommands {
    private static final String UNION =
            "O(N + M log M), N being the sizes of all sets taken together and M that of the result";
    private static final String INTERSECTION =
            "O(N K + M log M), N being the size of the smallest set, K the number of sets and M the size of the result";
    private static final String DIFFERENCE =
            "O(N K + M log M), N being the size of the first set, K the number of sets and M the size of the result";

    private SortedSetAlgebraCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "ZUNION",
                            "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"
                                    + " [WITHSCORES]",
                            call -> answer(call, Operation.UNION))
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.counted(1, RO, ACCESS))
                    .complexity(UNION)
                    .summary("The members of any of several sorted sets"),
            command(
                            "ZUNIONSTORE",
                            "destination numkeys key [key ...] [WEIGHTS weight [weight ...]]"
                                    + " [AGGREGATE <SUM | MIN | MAX>]",
                            call -> store(call, Operation.UNION))
                    .in(SORTED_SET)
                    .since("2.0.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.counted(2, RO, ACCESS))
                    .complexity(UNION)
                    .summary("Stores the members of any of several sorted sets"),
            command(
                            "ZINTER",
                            "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"
                                    + " [WITHSCORES]",
                            call -> answer(call, Operation.INTERSECTION))
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.counted(1, RO, ACCESS))
                    .complexity(INTERSECTION)
                    .summary("The members that all of several sorted sets have"),
            command(
                            "ZINTERSTORE",
                            "destination numkeys key [key ...] [WEIGHTS weight [weight ...]]"
                                    + " [AGGREGATE <SUM | MIN | MAX>]",
                            call -> store(call, Operation.INTERSECTION))
                    .in(SORTED_SET)
                    .since("2.0.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.counted(2, RO, ACCESS))
                    .complexity(INTERSECTION)
                    .summary("Stores the members that all of several sorted sets have"),
            command("ZINTERCARD", "numkeys key [key ...] [LIMIT limit]", SortedSetAlgebraCommands::intersectionSize)
                    .in(SORTED_SET)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.counted(1, RO, ACCESS))
                    .complexity("O(N K), N being the size of the smallest set and K the number of sets")
                    .summary("How many members all of several sorted sets have"),
            command("ZDIFF", "numkeys key [key ...] [WITHSCORES]", call -> answer(call, Operation.DIFFERENCE))
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.counted(1, RO, ACCESS))
                    .complexity(DIFFERENCE)
                    .summary("The members of a sorted set that others do not have"),
            command("ZDIFFSTORE", "destination numkeys key [key ...]", call -> store(call, Operation.DIFFERENCE))
                    .in(SORTED_SET)
                    .since("6.2.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.counted(2, RO, ACCESS))
                    .complexity(DIFFERENCE)
                    .summary("Stores the members of a sorted set that others do not have"));

    private enum Operation {
        UNION(Event.ZUNIONSTORE),
        INTERSECTION(Event.ZINTERSTORE),
        DIFFERENCE(Event.ZDIFFSTORE);

        private final Event event;

        Operation(Event event) {
            this.event = event;
        }
    }

    /** What becomes of the scores that a member has in several sets. */
    private enum Aggregate {
        SUM,
        MIN,
        MAX;

        double of(double one, double other) {
            return switch (this) {
                case SUM -> numberOrZero(one + other);
                case MIN -> other < one ? other : one;
                case MAX -> other > one ? other : one;
            };
        }
    }

    /** Infinity times zero, or minus itself, counts as zero. */
    private static double numberOrZero(double score) {
        return Double.isNaN(score) ? 0 : score;
    }

    /** Receives a member, whose slice is valid only now, and its score. */
    private interface Visitor {
        /** Returns whether more are wanted. */
        boolean visit(Slice member, double score);
    }

    /** One of the sets that a command combines, or none where the key is missing. */
    private static final class Operand {
        private final @Nullable SortedSetValue sorted;
        private final @Nullable SetValue plain;
        private double weight = 1;

        Operand(@Nullable Object item) {
            plain = item instanceof SetValue set ? set : null;
            sorted = plain != null ? null : Call.cast(item, SortedSetValue.class);
        }

        int size() {
            if (plain != null) {
                return plain.size();
            }
            return sorted == null ? 0 : sorted.size();
        }

        /** The score of a member, or NaN where it is missing. */
        double score(Slice member) {
            if (plain != null) {
                return plain.contains(member) ? 1 : Double.NaN;
            }
            return sorted == null ? Double.NaN : sorted.score(member);
        }

        boolean isSameAs(Operand other) {
            return plain == other.plain && sorted == other.sorted && size() > 0;
        }

        void visit(Visitor visitor) {
            if (plain != null) {
                SetValue.Members members = plain.members();
                while (members.next() && visitor.visit(members.member(), 1)) {}
            } else if (sorted != null) {
                SortedSetValue.Walk walk = sorted.walk();
                while (walk.next() && visitor.visit(walk.member(), walk.score())) {}
            }
        }
    }

    /** The words of a command from the number of keys on. */
    private static final class Request {
        private final List<Operand> operands = new ArrayList<>();
        private Aggregate aggregate = Aggregate.SUM;
        private boolean withScores;
        private long limit;

        static Request parse(Call call, int countAt, Operation operation, boolean answering, boolean counting) {
            long keys = call.longArg(countAt);
            if (keys < 1) {
                throw new CommandException(
                        "ERR at least 1 input key is needed for '" + call.spec().fullName() + "' command");
            }
            if (keys > call.argCount() - countAt - 1) {
                throw CommandException.syntax();
            }
            Request request = new Request();
            int at = countAt + 1;
            for (; at <= countAt + keys; at++) {
                request.operands.add(new Operand(call.lookup(call.arg(at))));
            }
            boolean combining = operation != Operation.DIFFERENCE && !counting;
            while (at < call.argCount()) {
                Slice word = call.arg(at++);
                int left = call.argCount() - at;
                if (combining && left >= keys && word.isWord("WEIGHTS")) {
                    for (Operand operand : request.operands) {
                        operand.weight = call.doubleArg(at++, "ERR weight value is not a float");
                    }
                } else if (combining && left >= 1 && word.isWord("AGGREGATE")) {
                    request.aggregate = aggregate(call.arg(at++));
                } else if (answering && word.isWord("WITHSCORES")) {
                    request.withScores = true;
                } else if (counting && left >= 1 && word.isWord("LIMIT")) {
                    request.limit = call.longArg(at++, 0, Long.MAX_VALUE, "ERR LIMIT can't be negative");
                } else {
                    throw CommandException.syntax();
                }
            }
            return request;
        }

        private static Aggregate aggregate(Slice word) {
            for (Aggregate aggregate : Aggregate.values()) {
                if (word.isWord(aggregate.name())) {
                    return aggregate;
                }
            }
            throw CommandException.syntax();
        }

        SortedSetBuilder run(Operation operation) {
            SortedSetBuilder result = new SortedSetBuilder();
            switch (operation) {
                case UNION -> unite(result);
                case INTERSECTION -> intersect((member, score) -> insert(result, member, score));
                case DIFFERENCE -> subtract(result);
            }
            return result;
        }

        private static boolean insert(SortedSetBuilder result, Slice member, double score) {
            if (result.find(member) == null) {
                result.insertMissing(member, score);
            }
            return true;
        }

        /** The order in which scores are added shows in their last bits; Valkey's goes from the smallest set up. */
        private void sortBySize() {
            operands.sort(Comparator.comparingInt(Operand::size));
        }

        private void unite(SortedSetBuilder result) {
            sortBySize();
            for (Operand operand : operands) {
                operand.visit((member, score) -> {
                    double weighted = numberOrZero(score * operand.weight);
                    byte[] item = result.find(member);
                    if (item == null) {
                        result.insertMissing(member, weighted);
                    } else {
                        ScoreTree.setScore(item, aggregate.of(ScoreTree.score(item), weighted));
                    }
                    return true;
                });
            }
        }

        private void intersect(Visitor result) {
            sortBySize();
            Operand first = operands.get(0);
            first.visit((member, score) -> {
                double combined = numberOrZero(score * first.weight);
                for (int i = 1; i < operands.size(); i++) {
                    Operand operand = operands.get(i);
                    double other = operand.isSameAs(first) ? score : operand.score(member);
                    if (Double.isNaN(other)) {
                        return true;
                    }
                    combined = aggregate.of(combined, other * operand.weight);
                }
                return result.visit(member, combined);
            });
        }

        private void subtract(SortedSetBuilder result) {
            Operand first = operands.get(0);
            List<Operand> others = operands.subList(1, operands.size());
            if (others.stream().anyMatch(first::isSameAs)) {
                return;
            }
            first.visit((member, score) -> {
                for (Operand other : others) {
                    if (!Double.isNaN(other.score(member))) {
                        return true;
                    }
                }
                return insert(result, member, score);
            });
        }
    }

    private static void answer(Call call, Operation operation) {
        Request request = Request.parse(call, 1, operation, true, false);
        byte[][] items = request.run(operation).sorted();
        Reply reply = call.reply();
        SortedSetCommands.beginMembers(reply, items.length, request.withScores);
        for (byte[] item : items) {
            if (request.withScores && reply.resp3()) {
                reply.array(2);
            }
            reply.bulk(item, ScoreTree.MEMBER, item.length - ScoreTree.MEMBER);
            if (request.withScores) {
                reply.real(ScoreTree.score(item));
            }
        }
    }

    private static void store(Call call, Operation operation) {
        SortedSetBuilder result =
                Request.parse(call, 2, operation, false, false).run(operation);
        Slice target = call.arg(1);
        SortedSetValue value = result.toValue(
                Call.newRecord(ValueType.ZSET, target),
                SortedSetCommands.maxEntries(call),
                SortedSetCommands.maxLength(call));
        SortedSetRangeCommands.store(call, target, value, operation.event, 1);
    }

    private static void intersectionSize(Call call) {
        Request request = Request.parse(call, 1, Operation.INTERSECTION, false, true);
        long[] count = {0};
        request.intersect((member, score) -> ++count[0] != request.limit);
        call.reply().integer(count[0]);
    }
}
