package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.types.SetValue;
import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Union, intersection and difference of sets, answered or stored.
 *
 * <p>Which form a stored result takes depends, in Valkey, on how it is put together; so it is put together here in the same
 * order. A key that does not exist is an empty set.
 */
final class SetAlgebra {
    private static final Slice NO_KEY = new Slice();

    private SetAlgebra() {}

    // ---- intersection ----

    static void inter(Call call) {
        SetValue[] sets = bySize(read(call, 1, call.argCount()));
        Reply reply = call.reply();
        if (sets == null) {
            reply.set(0);
            return;
        }
        if (sets.length == 1) {
            reply.set(sets[0].size());
            sets[0].forEach(reply::bulk);
            return;
        }
        int mark = reply.beginArray();
        long count = 0;
        SetValue.Members members = sets[0].members();
        while (members.next()) {
            if (inAll(sets, members.member())) {
                reply.bulk(members.member());
                count++;
            }
        }
        reply.endSet(mark, count);
    }

    static void interCard(Call call) {
        long keys = call.longArg(1, 1, Long.MAX_VALUE, "ERR numkeys should be greater than 0");
        if (keys > call.argCount() - 2) {
            throw new CommandException("ERR Number of keys can't be greater than number of args");
        }
        int end = 2 + (int) keys;
        long limit = 0;
        for (int i = end; i < call.argCount(); i++) {
            if (!call.arg(i).isWord("LIMIT") || ++i == call.argCount()) {
                throw CommandException.syntax();
            }
            limit = call.longArg(i, 0, Long.MAX_VALUE, "ERR LIMIT can't be negative");
        }
        SetValue[] sets = bySize(read(call, 2, end));
        long count = 0;
        if (sets != null) {
            SetValue.Members members = sets[0].members();
            while ((limit == 0 || count < limit) && members.next()) {
                if (inAll(sets, members.member())) {
                    count++;
                }
            }
        }
        call.reply().integer(count);
    }

    static void interStore(Call call) {
        SetValue[] sets = bySize(read(call, 2, call.argCount()));
        SetValue result = null;
        if (sets != null) {
            byte[] record = Call.newRecord(ValueType.SET, call.arg(1));
            boolean onlyIntegers = true;
            result = sets[0].encoding().equals("intset") ? SetValue.ofIntegers(record) : new SetValue(record);
            SetValue.Members members = sets[0].members();
            while (members.next()) {
                Slice member = members.member();
                if (inAll(sets, member)) {
                    onlyIntegers &= Numbers.isLong(member);
                    result.add(member, call.config());
                }
            }
            if (onlyIntegers) {
                result.becomeIntset(call.config());
            }
        }
        store(call, result, Event.SINTERSTORE);
    }

    /** The sets from the smallest to the largest; null if one of them is empty. */
    private static SetValue @Nullable [] bySize(@Nullable SetValue[] sets) {
        SetValue[] sorted = new SetValue[sets.length];
        for (int i = 0; i < sets.length; i++) {
            SetValue set = sets[i];
            if (set == null) {
                return null;
            }
            sorted[i] = set;
        }
        if (sorted.length > 1) {
            Arrays.sort(sorted, Comparator.comparingInt(SetValue::size));
        }
        return sorted;
    }

    private static boolean inAll(SetValue[] sets, Slice member) {
        for (int i = 1; i < sets.length; i++) {
            if (sets[i] != sets[0] && !sets[i].contains(member)) {
                return false;
            }
        }
        return true;
    }

    // ---- union and difference ----

    static void union(Call call) {
        answer(call, union(call, read(call, 1, call.argCount()), NO_KEY));
    }

    static void unionStore(Call call) {
        store(call, union(call, read(call, 2, call.argCount()), call.arg(1)), Event.SUNIONSTORE);
    }

    static void diff(Call call) {
        answer(call, diff(call, read(call, 1, call.argCount()), NO_KEY));
    }

    static void diffStore(Call call) {
        store(call, diff(call, read(call, 2, call.argCount()), call.arg(1)), Event.SDIFFSTORE);
    }

    private static SetValue union(Call call, @Nullable SetValue[] sets, Slice key) {
        SetValue result = SetValue.ofIntegers(Call.newRecord(ValueType.SET, key));
        for (SetValue set : sets) {
            addAll(call, set, result);
        }
        return result;
    }

    private static void addAll(Call call, @Nullable SetValue from, SetValue to) {
        if (from != null) {
            SetValue.Members members = from.members();
            while (members.next()) {
                to.add(members.member(), call.config());
            }
        }
    }

    private static SetValue diff(Call call, @Nullable SetValue[] sets, Slice key) {
        SetValue result = SetValue.ofIntegers(Call.newRecord(ValueType.SET, key));
        SetValue first = sets[0];
        if (first == null) {
            return result;
        }
        long all = 0;
        int others = 0;
        for (int i = 1; i < sets.length; i++) {
            SetValue set = sets[i];
            if (set == first) {
                return result;
            }
            if (set != null) {
                all += set.size();
                others++;
            }
        }
        long size = first.size();
        if (size * (others + 1) / 2 <= size + all) {
            addMissing(call, sets, first, result);
        } else {
            addAll(call, first, result);
            removeAll(sets, result);
        }
        return result;
    }

    /** Looks each member of the first set up in the others. */
    private static void addMissing(Call call, @Nullable SetValue[] sets, SetValue first, SetValue result) {
        SetValue.Members members = first.members();
        while (members.next()) {
            Slice member = members.member();
            boolean found = false;
            for (int i = 1; i < sets.length && !found; i++) {
                SetValue set = sets[i];
                found = set != null && set.contains(member);
            }
            if (!found) {
                result.add(member, call.config());
            }
        }
    }

    /** Takes the members of all sets but the first out of the result. */
    private static void removeAll(@Nullable SetValue[] sets, SetValue result) {
        for (int i = 1; i < sets.length && !result.isEmpty(); i++) {
            SetValue set = sets[i];
            if (set != null) {
                set.forEach(result::remove);
            }
        }
    }

    // ---- common ----

    private static @Nullable SetValue[] read(Call call, int from, int end) {
        @Nullable SetValue[] sets = new SetValue[end - from];
        for (int i = from; i < end; i++) {
            sets[i - from] = call.read(call.arg(i), SetValue.class);
        }
        return sets;
    }

    private static void answer(Call call, SetValue result) {
        call.reply().set(result.size());
        result.forEach(call.reply()::bulk);
    }

    /** Puts a result under the first key, or removes that key where there is no result. */
    private static void store(Call call, @Nullable SetValue result, Event event) {
        Edit<Entry> edit = call.edit(call.arg(1));
        if (result != null && !result.isEmpty()) {
            edit.store(result);
            edit.done(event);
            call.reply().integer(result.size());
        } else {
            edit.remove(Event.DEL);
            call.reply().integer(0);
        }
    }
}
