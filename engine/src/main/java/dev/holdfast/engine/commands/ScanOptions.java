package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.ValueType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The words after the cursor of SCAN, HSCAN, SSCAN and ZSCAN. */
final class ScanOptions {
    private static final int DEFAULT_COUNT = 10;

    private int count = DEFAULT_COUNT;
    private @Nullable Slice pattern;
    private @Nullable ValueType type;
    private boolean onlyKeys;
    private int slot = -1;
    private int patternSlot = -1;

    private ScanOptions() {}

    /**
     * Reads the options from a word on.
     *
     * @param collection the type of the value whose elements are visited, or null where keys are
     */
    static ScanOptions parse(Call call, int from, @Nullable ValueType collection) {
        return parse(call, from, collection, false);
    }

    /** The options of CLUSTERSCAN. */
    static ScanOptions parseWithSlot(Call call) {
        return parse(call, 2, null, true);
    }

    private static ScanOptions parse(Call call, int from, @Nullable ValueType collection, boolean withSlot) {
        ScanOptions options = new ScanOptions();
        for (int i = from; i < call.argCount(); i++) {
            Slice word = call.arg(i);
            boolean more = i + 1 < call.argCount();
            if (word.isWord("COUNT") && more) {
                long count = call.longArg(++i);
                if (count < 1) {
                    throw CommandException.syntax();
                }
                options.count = (int) Math.min(count, Integer.MAX_VALUE);
            } else if (word.isWord("MATCH") && more) {
                Slice pattern = call.arg(++i);
                options.pattern = pattern.length() == 1 && pattern.at(0) == '*' ? null : pattern;
                options.patternSlot = withSlot && options.pattern != null ? HashSlot.ofPattern(pattern) : -1;
            } else if (word.isWord("TYPE") && collection == null && more) {
                options.type = type(call.arg(++i));
            } else if (word.isWord("NOVALUES")) {
                if (collection != ValueType.HASH) {
                    throw new CommandException("ERR NOVALUES option can only be used in HSCAN");
                }
                options.onlyKeys = true;
            } else if (word.isWord("NOSCORES")) {
                if (collection != ValueType.ZSET) {
                    throw new CommandException("ERR NOSCORES option can only be used in ZSCAN");
                }
                options.onlyKeys = true;
            } else if (withSlot && word.isWord("SLOT") && more) {
                if (options.slot >= 0) {
                    throw new CommandException("ERR SLOT option can only be specified once");
                }
                options.slot = ClusterCommands.slotArg(call, ++i);
            } else {
                throw CommandException.syntax();
            }
        }
        return options;
    }

    private static ValueType type(Slice name) {
        for (ValueType type : ValueType.values()) {
            if (name.isWord(type.typeName().toUpperCase(Locale.ROOT))) {
                return type;
            }
        }
        throw new CommandException("ERR unknown type name '" + name.shown() + "'");
    }

    /** The cursor that a word spells: a number of 64 bits without sign, read as leniently as C's {@code strtoull} does. */
    static long cursor(Slice word) {
        try {
            return Long.parseUnsignedLong(word.toString().stripLeading());
        } catch (NumberFormatException e) {
            throw new CommandException("ERR invalid cursor");
        }
    }

    /** The slot that SLOT names, or -1. */
    int slot() {
        return slot;
    }

    /** The only slot that has keys which match the pattern, or -1. */
    int patternSlot() {
        return patternSlot;
    }

    /** About how many elements to visit. */
    int count() {
        return count;
    }

    /** Whether a key, field or member is wanted. */
    boolean matches(Slice name) {
        Slice pattern = this.pattern;
        return pattern == null || Glob.matches(pattern, name);
    }

    /** The type that keys must have, or null for any. */
    @Nullable
    ValueType type() {
        return type;
    }

    /** Whether fields are wanted without values, or members without scores. */
    boolean onlyKeys() {
        return onlyKeys;
    }
}
