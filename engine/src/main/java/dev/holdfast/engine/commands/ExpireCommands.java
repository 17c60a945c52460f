package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
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
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import java.util.List;

/** The commands that say when a key expires, and ask it. */
public final class ExpireCommands {
    private static final String CONDITION = " [<NX | XX | GT | LT>]";
    private static final long SECOND = 1000;

    private ExpireCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            expiring("EXPIRE", "key seconds" + CONDITION, call -> expire(call, call.now(), SECOND))
                    .since("1.0.0")
                    .summary("Lets a key expire in so many seconds"),
            expiring("EXPIREAT", "key unix-time-seconds" + CONDITION, call -> expire(call, 0, SECOND))
                    .since("1.2.0")
                    .summary("Lets a key expire at a time in seconds since 1970"),
            expiring("PEXPIRE", "key milliseconds" + CONDITION, call -> expire(call, call.now(), 1))
                    .since("2.6.0")
                    .summary("Lets a key expire in so many milliseconds"),
            expiring("PEXPIREAT", "key unix-time-milliseconds" + CONDITION, call -> expire(call, 0, 1))
                    .since("2.6.0")
                    .summary("Lets a key expire at a time in milliseconds since 1970"),
            asking("TTL", call -> timeToLive(call, SECOND, false))
                    .since("1.0.0")
                    .tips("nondeterministic_output")
                    .summary("The seconds that a key has still to live; -1 if it does not expire, -2 if there is none"),
            asking("PTTL", call -> timeToLive(call, 1, false))
                    .since("2.6.0")
                    .tips("nondeterministic_output")
                    .summary("The milliseconds that a key has still to live; -1 if it does not expire, -2 if there is"
                            + " none"),
            asking("EXPIRETIME", call -> timeToLive(call, SECOND, true))
                    .since("7.0.0")
                    .summary("When a key expires, in seconds since 1970; -1 if it does not, -2 if there is none"),
            asking("PEXPIRETIME", call -> timeToLive(call, 1, true))
                    .since("7.0.0")
                    .summary("When a key expires, in milliseconds since 1970; -1 if it does not, -2 if there is none"),
            command("PERSIST", "key", ExpireCommands::persist)
                    .in(GENERIC)
                    .since("2.2.0")
                    .arity(2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(1)")
                    .summary("Lets a key no longer expire"));

    private static CommandSpec expiring(String name, String syntax, Handler handler) {
        return command(name, syntax, handler)
                .in(GENERIC)
                .arity(-3)
                .flags(WRITE, FAST)
                .keys(KeySpec.at(1, RW, UPDATE))
                .complexity("O(1)");
    }

    private static CommandSpec asking(String name, Handler handler) {
        return command(name, "key", handler)
                .in(GENERIC)
                .arity(2)
                .flags(READONLY, FAST)
                .keys(KeySpec.at(1, RO, ACCESS))
                .complexity("O(1)");
    }

    private static void expire(Call call, long base, long unitMillis) {
        ExpireCondition condition = ExpireCondition.parse(call, 3, call.argCount());
        long expireAt = expireAt(call, base, unitMillis);
        Slice key = call.arg(1);
        Edit<Entry> edit = call.edit(key);
        if (!edit.exists() || !condition.permits(edit.expireAt(), expireAt)) {
            call.reply().integer(0);
            return;
        }
        if (call.isOver(expireAt)) {
            edit.expire();
        } else {
            edit.setExpiry(expireAt);
            edit.done(Event.EXPIRE);
            call.propagateAs("PEXPIREAT", key, expireAt);
        }
        call.reply().integer(1);
    }

    /** The time that the second argument means. One before 1970 counts as 1970, for a negative expiry is none. */
    private static long expireAt(Call call, long base, long unitMillis) {
        long value = call.longArg(2);
        if (value > Long.MAX_VALUE / unitMillis || value < Long.MIN_VALUE / unitMillis) {
            throw CommandException.invalidExpire(call.spec().fullName());
        }
        long millis = value * unitMillis;
        if (millis > Long.MAX_VALUE - base) {
            throw CommandException.invalidExpire(call.spec().fullName());
        }
        return Math.max(0, millis + base);
    }

    private static void timeToLive(Call call, long unitMillis, boolean absolute) {
        Object item = call.peek(call.arg(1));
        if (item == null) {
            call.reply().integer(-2);
            return;
        }
        long expireAt = KeyRecord.expireAt(KeyTable.record(item));
        if (expireAt == KeyRecord.NEVER) {
            call.reply().integer(-1);
            return;
        }
        long millis = absolute ? expireAt : Math.max(0, expireAt - call.now());
        // Rounded without sign, so that the last moment there is does not overflow.
        call.reply().integer(unitMillis == 1 ? millis : Long.divideUnsigned(millis + unitMillis / 2, unitMillis));
    }

    private static void persist(Call call) {
        Edit<Entry> edit = call.edit(call.arg(1));
        boolean expires = edit.expireAt() != KeyRecord.NEVER;
        if (expires) {
            edit.setExpiry(KeyRecord.NEVER);
            edit.done(Event.PERSIST);
        }
        call.reply().integer(expires);
    }
}
