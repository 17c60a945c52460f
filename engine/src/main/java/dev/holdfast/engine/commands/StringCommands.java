package dev.holdfast.engine.commands;

import static dev.holdfast.engine.execution.CommandFlag.DENYOOM;
import static dev.holdfast.engine.execution.CommandFlag.FAST;
import static dev.holdfast.engine.execution.CommandFlag.READONLY;
import static dev.holdfast.engine.execution.CommandFlag.WRITE;
import static dev.holdfast.engine.execution.CommandGroup.STRING;
import static dev.holdfast.engine.execution.CommandSpec.command;
import static dev.holdfast.engine.execution.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.execution.KeySpec.Flag.RO;
import static dev.holdfast.engine.execution.KeySpec.Flag.RW;
import static dev.holdfast.engine.execution.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.execution.KeySpec.Flag.VARIABLE_FLAGS;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.execution.Call;
import dev.holdfast.engine.execution.CommandException;
import dev.holdfast.engine.execution.CommandSpec;
import dev.holdfast.engine.execution.KeySpec;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for strings. */
public final class StringCommands {
    /** Strings up to this length that are no numbers are "embstr", longer ones "raw". */
    private static final int EMBSTR_MAX_BYTES = 44;

    private StringCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("GET", "key", StringCommands::get)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1)")
                    .summary("The string that a key holds"),
            command(
                            "SET",
                            "key value [NX | XX | IFEQ comparison-value] [GET] [EX seconds | PX milliseconds |"
                                    + " EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
                            StringCommands::set)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE, VARIABLE_FLAGS))
                    .complexity("O(1)")
                    .summary("Gives a key a string, whatever it held, and perhaps an expiry"));

    private static void get(Call call) {
        Slice value = call.string(call.arg(1));
        if (value == null) {
            call.reply().nil();
        } else {
            call.reply().bulk(value);
        }
    }

    /** The encoding under which a new value is kept; see {@code OBJECT ENCODING}. */
    static int encodingOf(Slice value) {
        if (value.length() <= Numbers.MAX_DIGITS && Numbers.isLong(value)) {
            return KeyRecord.INT;
        }
        return value.length() <= EMBSTR_MAX_BYTES ? KeyRecord.EMBSTR : KeyRecord.RAW;
    }

    private static void set(Call call) {
        if (call.argCount() == 3) {
            Slice key = call.arg(1);
            Slice value = call.arg(2);
            call.setString(key, value, encodingOf(value), KeyRecord.NEVER);
            call.changed(key, '$', "set");
            call.reply().ok();
            return;
        }
        SetOptions options = SetOptions.parse(call);
        set(call, call.arg(1), call.arg(2), options);
    }

    private static void set(Call call, Slice key, Slice value, SetOptions options) {
        Object item = options.get ? call.lookup(key) : call.find(key);
        if (options.get) {
            Slice old = Call.stringOf(item, new Slice());
            if (old == null) {
                call.reply().nil();
            } else {
                call.reply().bulk(old);
            }
        }
        if (!options.permits(item)) {
            if (!options.get) {
                call.reply().nil();
            }
            return;
        }
        long expireAt = options.keepTtl && item != null ? KeyRecord.expireAt(KeyTable.record(item)) : options.expireAt;
        call.setString(key, value, encodingOf(value), expireAt);
        call.changed(key, '$', "set");
        if (options.expireAt != KeyRecord.NEVER) {
            call.event(key, 'g', "expire");
            call.propagateAs("SET", key, value, "PXAT", expireAt);
        }
        if (!options.get) {
            call.reply().ok();
        }
    }

    /** The words after SET's value. */
    private static final class SetOptions {
        private boolean onlyNew;
        private boolean onlyExisting;
        private @Nullable Slice ifEqual;
        private boolean get;
        private boolean keepTtl;
        private long expireAt = KeyRecord.NEVER;

        static SetOptions parse(Call call) {
            SetOptions options = new SetOptions();
            ExpireOption expire = null;
            Slice time = null;
            for (int i = 3; i < call.argCount(); i++) {
                Slice word = call.arg(i);
                boolean last = i + 1 == call.argCount();
                ExpireOption expireOption = ExpireOption.of(word);
                boolean conditional = options.onlyNew || options.onlyExisting || options.ifEqual != null;
                if (word.isWord("NX") && !options.onlyExisting && options.ifEqual == null) {
                    options.onlyNew = true;
                } else if (word.isWord("XX") && !options.onlyNew && options.ifEqual == null) {
                    options.onlyExisting = true;
                } else if (word.isWord("IFEQ") && !last && !conditional) {
                    options.ifEqual = call.arg(++i);
                } else if (word.isWord("GET")) {
                    options.get = true;
                } else if (word.isWord("KEEPTTL") && expire == null) {
                    options.keepTtl = true;
                } else if (expireOption != null && !last && expire == null && !options.keepTtl) {
                    expire = expireOption;
                    time = call.arg(++i);
                } else {
                    throw CommandException.syntax();
                }
            }
            if (expire != null && time != null) {
                options.expireAt = expire.expireAt(call, time);
            }
            return options;
        }

        /** Whether the key's present item lets the value be set. */
        boolean permits(@Nullable Object item) {
            if (ifEqual != null) {
                Slice old = Call.stringOf(item, new Slice());
                return old != null && old.equals(ifEqual);
            }
            return item == null ? !onlyExisting : !onlyNew;
        }
    }
}
