package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.SET;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.types.SetValue;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** The commands for sets; {@link SetAlgebra} has what union, intersection and difference do. */
public final class SetCommands {
    /** With so many times fewer members left than popped, those that stay are drawn instead of those that go. */
    private static final int FEW_LEFT = 5;

    private SetCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("SADD", "key member [member ...]", SetCommands::add)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the number of members given")
                    .summary("Puts members into a set, which is made where there is none"),
            command("SCARD", "key", SetCommands::card)
                    .in(SET)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("How many members a set has"),
            command("SDIFF", "key [key ...]", SetAlgebra::diff)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(READONLY)
                    .tips("nondeterministic_output_order")
                    .keys(KeySpec.range(1, -1, 1, RO, ACCESS))
                    .complexity("O(N) with the members of all the sets together")
                    .summary("The members of the first set that are in none of the others"),
            command("SDIFFSTORE", "destination key [key ...]", SetAlgebra::diffStore)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.range(2, -1, 1, RO, ACCESS))
                    .complexity("O(N) with the members of all the sets together")
                    .summary("Keeps the difference of sets under a key"),
            command("SINTER", "key [key ...]", SetAlgebra::inter)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(READONLY)
                    .tips("nondeterministic_output_order")
                    .keys(KeySpec.range(1, -1, 1, RO, ACCESS))
                    .complexity("O(N*M) with the members of the smallest set and the number of sets")
                    .summary("The members that all the sets have"),
            command("SINTERCARD", "numkeys key [key ...] [LIMIT limit]", SetAlgebra::interCard)
                    .in(SET)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.counted(1, RO, ACCESS))
                    .complexity("O(N*M) with the members of the smallest set and the number of sets")
                    .summary("How many members all the sets have, counted up to a limit"),
            command("SINTERSTORE", "destination key [key ...]", SetAlgebra::interStore)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.range(2, -1, 1, RO, ACCESS))
                    .complexity("O(N*M) with the members of the smallest set and the number of sets")
                    .summary("Keeps the intersection of sets under a key"),
            command("SISMEMBER", "key member", SetCommands::isMember)
                    .in(SET)
                    .since("1.0.0")
                    .arity(3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("Whether a set has a member"),
            command("SMEMBERS", "key", SetAlgebra::inter)
                    .in(SET)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY)
                    .tips("nondeterministic_output_order")
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the members of the set")
                    .summary("All members of a set"),
            command("SMISMEMBER", "key member [member ...]", SetCommands::areMembers)
                    .in(SET)
                    .since("6.2.0")
                    .arity(-3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the number of members given")
                    .summary("Whether a set has each of several members"),
            command("SMOVE", "source destination member", SetCommands::move)
                    .in(SET)
                    .since("1.0.0")
                    .arity(4)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, RW, INSERT))
                    .complexity("O(1)")
                    .summary("Takes a member out of one set and puts it into another"),
            command("SPOP", "key [count]", SetCommands::pop)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .tips("nondeterministic_output")
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(N) with the number of members taken")
                    .summary("Takes members, chosen at random, out of a set"),
            command("SRANDMEMBER", "key [count]", SetCommands::randomMember)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(READONLY)
                    .tips("nondeterministic_output")
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the number of members asked for")
                    .summary("Members of a set, chosen at random"),
            command("SREM", "key member [member ...]", SetCommands::remove)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity("O(N) with the number of members given")
                    .summary("Takes members out of a set; one without members ceases to exist"),
            command("SSCAN", "key cursor [MATCH pattern] [COUNT count]", SetCommands::scan)
                    .in(SET)
                    .since("2.8.0")
                    .arity(-3)
                    .flags(READONLY)
                    .tips("nondeterministic_output")
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1) for a call, O(N) for all calls that go once through the set")
                    .summary("Goes through the members of a set, some at each call"),
            command("SUNION", "key [key ...]", SetAlgebra::union)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(READONLY)
                    .tips("nondeterministic_output_order")
                    .keys(KeySpec.range(1, -1, 1, RO, ACCESS))
                    .complexity("O(N) with the members of all the sets together")
                    .summary("The members that any of the sets has"),
            command("SUNIONSTORE", "destination key [key ...]", SetAlgebra::unionStore)
                    .in(SET)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.range(2, -1, 1, RO, ACCESS))
                    .complexity("O(N) with the members of all the sets together")
                    .summary("Keeps the union of sets under a key"));

    private static void add(Call call) {
        int members = call.argCount() - 2;
        Edit<SetValue> edit = call.edit(call.arg(1), SetValue.class);
        SetValue set = edit.value();
        if (set == null) {
            set = create(call, edit, call.arg(2), members);
        } else if (members > 1) {
            set.expect(members, call.config());
        }
        int added = 0;
        for (int i = 2; i < call.argCount(); i++) {
            if (set.add(call.arg(i), call.config())) {
                added++;
            }
        }
        if (added > 0) {
            edit.done(Event.SADD, added);
        }
        call.reply().integer(added);
    }

    private static SetValue create(Call call, Edit<SetValue> edit, Slice first, int sizeHint) {
        return edit.create(SetValue.create(Call.newRecord(ValueType.SET, edit.key()), first, sizeHint, call.config()));
    }

    private static void remove(Call call) {
        Edit<SetValue> edit = call.edit(call.arg(1), SetValue.class);
        SetValue set = edit.value();
        int removed = 0;
        if (set != null) {
            for (int i = 2; i < call.argCount(); i++) {
                if (set.remove(call.arg(i))) {
                    removed++;
                }
            }
        }
        if (removed > 0) {
            edit.done(Event.SREM, removed);
        }
        call.reply().integer(removed);
    }

    private static void move(Call call) {
        Slice member = call.arg(3);
        Edit<SetValue> from = call.edit(call.arg(1), SetValue.class);
        SetValue source = from.value();
        if (source == null) {
            call.reply().integer(0);
            return;
        }
        Edit<SetValue> to = call.edit(call.arg(2), SetValue.class);
        SetValue destination = to.value();
        if (source == destination) {
            call.reply().integer(source.contains(member));
        } else if (!source.remove(member)) {
            call.reply().integer(0);
        } else {
            from.done(Event.SREM);
            if (destination == null) {
                destination = create(call, to, member, 1);
            }
            if (destination.add(member, call.config())) {
                to.done(Event.SADD);
            }
            call.reply().integer(1);
        }
    }

    private static void isMember(Call call) {
        SetValue set = call.read(call.arg(1), SetValue.class);
        call.reply().integer(set != null && set.contains(call.arg(2)));
    }

    private static void areMembers(Call call) {
        SetValue set = call.read(call.arg(1), SetValue.class);
        call.reply().array(call.argCount() - 2);
        for (int i = 2; i < call.argCount(); i++) {
            call.reply().integer(set != null && set.contains(call.arg(i)));
        }
    }

    private static void card(Call call) {
        SetValue set = call.read(call.arg(1), SetValue.class);
        call.reply().integer(set == null ? 0 : set.size());
    }

    private static void pop(Call call) {
        if (call.argCount() > 3) {
            throw CommandException.syntax();
        }
        if (call.argCount() == 3) {
            popCount(call, call.arg(1), call.positiveArg(2));
            return;
        }
        Slice key = call.arg(1);
        Edit<SetValue> edit = call.edit(key, SetValue.class);
        SetValue set = edit.value();
        if (set == null) {
            call.reply().nil();
            return;
        }
        Slice member = set.random(call.engine().random(), new Slice());
        call.reply().bulk(member);
        call.propagateAs("SREM", key, member);
        set.remove(member);
        edit.done(Event.SPOP);
    }

    private static void popCount(Call call, Slice key, long count) {
        Edit<SetValue> edit = call.edit(key, SetValue.class);
        SetValue set = edit.value();
        Reply reply = call.reply();
        if (set == null || count == 0) {
            reply.set(0);
            return;
        }
        int size = set.size();
        if (count >= size) {
            reply.set(size);
            set.forEach(reply::bulk);
            edit.event(Event.SPOP);
            edit.remove(Event.DEL, size - 1L);
            call.propagateAs(call.config().lazyfreeLazyServerDel.get() ? "UNLINK" : "DEL", key);
            return;
        }
        int popped = (int) count;
        int remaining = size - popped;
        List<Object> words = new ArrayList<>(List.of("SREM", key));
        reply.set(popped);
        if (remaining > popped / FEW_LEFT) {
            Slice member = new Slice();
            for (int i = 0; i < popped; i++) {
                reply.bulk(set.random(call.engine().random(), member));
                words.add(member.toBytes());
                set.remove(member);
            }
        } else {
            set.removeAllBut(remaining, call.engine().random(), call.config(), member -> {
                reply.bulk(member);
                words.add(member.toBytes());
            });
        }
        call.propagateAs(words.toArray());
        edit.done(Event.SPOP, popped);
    }

    private static void randomMember(Call call) {
        if (call.argCount() > 3) {
            throw CommandException.syntax();
        }
        RandomGenerator random = call.engine().random();
        Reply reply = call.reply();
        if (call.argCount() == 2) {
            SetValue set = call.read(call.arg(1), SetValue.class);
            if (set == null) {
                reply.nil();
            } else {
                reply.bulk(set.random(random, new Slice()));
            }
            return;
        }
        long count = call.longArg(2);
        if (count == Long.MIN_VALUE) {
            throw new CommandException(
                    "ERR value is out of range, value must between " + -Long.MAX_VALUE + " and " + Long.MAX_VALUE);
        }
        SetValue set = call.read(call.arg(1), SetValue.class);
        if (set == null || count == 0) {
            reply.emptyArray();
        } else if (count < 0) {
            reply.array(-count);
            Slice member = new Slice();
            for (long i = count; i < 0; i++) {
                reply.bulk(set.random(random, member));
            }
        } else if (count >= set.size()) {
            reply.array(set.size());
            set.forEach(reply::bulk);
        } else {
            reply.array(count);
            set.sample((int) count, random, reply::bulk);
        }
    }

    private static void scan(Call call) {
        long cursor = ScanOptions.cursor(call.arg(2));
        SetValue set = call.read(call.arg(1), SetValue.class);
        Reply reply = call.reply();
        if (set == null) {
            reply.array(2);
            reply.bulk(0);
            reply.emptyArray();
            return;
        }
        ScanOptions options = ScanOptions.parse(call, 3, ValueType.SET);
        List<byte[]> members = new ArrayList<>();
        long next = set.scan(cursor, options.count(), member -> {
            if (options.matches(member)) {
                members.add(member.toBytes());
            }
        });
        reply.array(2);
        reply.bulk(Long.toUnsignedString(next));
        reply.array(members.size());
        members.forEach(reply::bulk);
    }
}
