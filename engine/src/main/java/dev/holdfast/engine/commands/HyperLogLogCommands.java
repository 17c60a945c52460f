package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.MAY_REPLICATE;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.HYPERLOGLOG;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
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
import dev.holdfast.engine.structures.HyperLogLog;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The commands that count different elements without keeping them. The values are strings; see {@link HyperLogLog}. */
public final class HyperLogLogCommands {
    private static final int TESTED_ELEMENTS = 1_000_000;

    private HyperLogLogCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("PFADD", "key [element [element ...]]", checked(HyperLogLogCommands::add))
                    .in(HYPERLOGLOG)
                    .since("2.8.9")
                    .arity(-2)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(1) for each element")
                    .summary("Adds elements to a HyperLogLog, and creates it where need be"),
            command("PFCOUNT", "key [key ...]", checked(HyperLogLogCommands::count))
                    .in(HYPERLOGLOG)
                    .since("2.8.9")
                    .arity(-2)
                    .flags(READONLY, MAY_REPLICATE)
                    .keys(KeySpec.range(1, -1, 1, RW, ACCESS))
                    .complexity("O(1) for one key, which keeps its last count; O(N) for N keys, with a large constant")
                    .summary("About how many different elements HyperLogLogs have seen together"),
            command("PFMERGE", "destkey [sourcekey [sourcekey ...]]", checked(HyperLogLogCommands::merge))
                    .in(HYPERLOGLOG)
                    .since("2.8.9")
                    .arity(-2)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, ACCESS, INSERT), KeySpec.range(2, -1, 1, RO, ACCESS))
                    .complexity("O(N) with the number of keys, with a large constant")
                    .summary("Makes one HyperLogLog of several"),
            command("PFDEBUG", "subcommand key", checked(HyperLogLogCommands::debug))
                    .in(HYPERLOGLOG)
                    .since("2.8.9")
                    .arity(3)
                    .flags(WRITE, DENYOOM, ADMIN)
                    .keys(KeySpec.at(2, RW, ACCESS))
                    .complexity("N/A")
                    .summary("Shows the inside of a HyperLogLog"),
            command("PFSELFTEST", "", HyperLogLogCommands::selfTest)
                    .in(HYPERLOGLOG)
                    .since("2.8.9")
                    .arity(1)
                    .flags(ADMIN)
                    .complexity("N/A")
                    .summary("Tests whether HyperLogLogs count well"));

    private static Handler checked(Handler handler) {
        return call -> {
            try {
                handler.run(call);
            } catch (HyperLogLog.CorruptedException e) {
                throw new CommandException("INVALIDOBJ Corrupted HLL object detected");
            }
        };
    }

    /** The string that an item holds, or null for none; an error where it is no HyperLogLog. */
    private static @Nullable Slice sketch(@Nullable Object item) {
        Slice value = Call.stringOf(item, new Slice());
        if (value != null && !HyperLogLog.isValid(value)) {
            throw new CommandException("WRONGTYPE Key is not a valid HyperLogLog string value.");
        }
        return value;
    }

    private static long maxSparseBytes(Call call) {
        return call.config().hllSparseMaxBytes.get();
    }

    /** Puts a sketch back, or gives it to a new key; its expiry stays. */
    private static void store(Edit<Entry> edit, HyperLogLog sketch) {
        edit.setString(sketch.value(), KeyRecord.RAW, edit.expireAt());
    }

    private static void add(Call call) {
        Edit<Entry> edit = call.edit(call.arg(1));
        Slice value = sketch(edit.item());
        HyperLogLog sketch = null;
        int changes = 0;
        if (value == null) {
            sketch = HyperLogLog.create();
            changes++;
        }
        long maxSparseBytes = maxSparseBytes(call);
        for (int i = 2; i < call.argCount(); i++) {
            Slice element = call.arg(i);
            if (sketch == null && value != null) {
                if (HyperLogLog.isDense(value) && !HyperLogLog.wouldChange(value, element)) {
                    continue;
                }
                sketch = HyperLogLog.copyOf(value);
            }
            if (sketch != null && sketch.add(element, maxSparseBytes)) {
                changes++;
            }
        }
        if (sketch != null && changes > 0) {
            sketch.forgetCount();
            store(edit, sketch);
            edit.done(Event.PFADD, changes);
        }
        call.reply().integer(changes > 0);
    }

    private static void count(Call call) {
        if (call.argCount() > 2) {
            byte[] most = new byte[HyperLogLog.REGISTERS];
            for (int i = 1; i < call.argCount(); i++) {
                Slice value = sketch(call.lookup(call.arg(i)));
                if (value != null) {
                    HyperLogLog.copyOf(value).mergeInto(most);
                }
            }
            call.reply().integer(HyperLogLog.count(most));
            return;
        }
        Slice key = call.arg(1);
        Object item = call.lookup(key);
        Slice value = sketch(item);
        if (value == null) {
            call.reply().integer(0);
            return;
        }
        long count = HyperLogLog.cachedCount(value);
        if (count < 0) {
            HyperLogLog sketch = HyperLogLog.copyOf(value);
            count = sketch.count();
            sketch.cacheCount(count);
            Edit<Entry> edit = call.editFound(key, item);
            store(edit, sketch);
            // A read command, but the string is another now: all that have a copy of it must have the same one.
            edit.doneSilently(1);
        }
        call.reply().integer(count);
    }

    private static void merge(Call call) {
        byte[] most = new byte[HyperLogLog.REGISTERS];
        boolean dense = false;
        for (int i = 1; i < call.argCount(); i++) {
            Slice value = sketch(call.lookup(call.arg(i)));
            if (value != null) {
                dense |= HyperLogLog.isDense(value);
                HyperLogLog.copyOf(value).mergeInto(most);
            }
        }
        Edit<Entry> edit = call.edit(call.arg(1));
        Slice value = sketch(edit.item());
        HyperLogLog sketch = value == null ? HyperLogLog.create() : HyperLogLog.copyOf(value);
        if (dense) {
            sketch.toDense();
        }
        sketch.raiseAll(most, maxSparseBytes(call));
        sketch.forgetCount();
        store(edit, sketch);
        edit.done(Event.PFADD);
        call.reply().ok();
    }

    private static void debug(Call call) {
        Slice subcommand = call.arg(1);
        if (subcommand.isWord("SIMD")) {
            boolean on = call.arg(2).isWord("ON");
            if (!on && !call.arg(2).isWord("OFF")) {
                throw new CommandException("ERR Argument must be ON or OFF");
            }
            // The JVM's compiler decides by itself.
            call.reply().simple(on ? "enabled" : "disabled");
            return;
        }
        Edit<Entry> edit = call.edit(call.arg(2));
        Slice value = sketch(edit.item());
        if (value == null) {
            throw new CommandException("ERR The specified key does not exist");
        }
        HyperLogLog sketch = HyperLogLog.copyOf(value);
        switch (subcommand.toString().toUpperCase(Locale.ROOT)) {
            case "GETREG" -> {
                makeDense(edit, sketch);
                call.reply().array(HyperLogLog.REGISTERS);
                for (int register : sketch.registers()) {
                    call.reply().integer(register);
                }
            }
            case "DECODE" -> {
                if (sketch.isDense()) {
                    throw new CommandException("ERR HLL encoding is not sparse");
                }
                call.reply().bulk(sketch.describe());
            }
            case "ENCODING" -> call.reply().simple(sketch.isDense() ? "dense" : "sparse");
            case "TODENSE" -> call.reply().integer(makeDense(edit, sketch));
            default -> throw new CommandException("ERR Unknown PFDEBUG subcommand '" + subcommand.shown() + "'");
        }
    }

    private static boolean makeDense(Edit<Entry> edit, HyperLogLog sketch) {
        boolean converted = sketch.toDense();
        if (converted) {
            store(edit, sketch);
            edit.doneWithin(1);
        }
        return converted;
    }

    /** Adds a million elements and compares the count, now and then, with what it should be. */
    private static void selfTest(Call call) {
        HyperLogLog mixed = HyperLogLog.create();
        HyperLogLog dense = HyperLogLog.create();
        dense.toDense();
        long maxSparseBytes = maxSparseBytes(call);
        double standardError = 1.04 / Math.sqrt(HyperLogLog.REGISTERS);
        long seed = call.engine().random().nextLong();
        byte[] element = new byte[Long.BYTES];
        Slice word = new Slice(element);
        int checkpoint = 1;
        for (int i = 1; i <= TESTED_ELEMENTS; i++) {
            ByteBuffer.wrap(element).putLong(i ^ seed);
            mixed.add(word, maxSparseBytes);
            dense.add(word, maxSparseBytes);
            if (i == checkpoint) {
                long count = dense.count();
                if (count != mixed.count()) {
                    throw new CommandException("ERR TESTFAILED dense/sparse disagree");
                }
                long off = Math.abs(i - count);
                if (off > (i == 10 ? 1 : Math.ceil(standardError * 6 * i))) {
                    throw new CommandException("ERR TESTFAILED Too big error. card:" + i + " abserr:" + off);
                }
                checkpoint *= 10;
            }
        }
        call.reply().ok();
    }
}
