package dev.holdfast.engine.lua;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Writes a value as JSON. A table is an array if its keys are whole numbers above 0, not too far apart; else an object. */
final class JsonEncoder {
    private static final byte[][] ESCAPES = new byte[256][];

    static {
        for (int i = 0; i < 32; i++) {
            ESCAPES[i] = LuaString.of(String.format("\\u%04x", i)).bytes();
        }
        ESCAPES['\b'] = LuaString.of("\\b").bytes();
        ESCAPES['\t'] = LuaString.of("\\t").bytes();
        ESCAPES['\n'] = LuaString.of("\\n").bytes();
        ESCAPES['\f'] = LuaString.of("\\f").bytes();
        ESCAPES['\r'] = LuaString.of("\\r").bytes();
        ESCAPES['"'] = LuaString.of("\\\"").bytes();
        ESCAPES['/'] = LuaString.of("\\/").bytes();
        ESCAPES['\\'] = LuaString.of("\\\\").bytes();
        ESCAPES[127] = LuaString.of("\\u007f").bytes();
    }

    /** How many more values the original holds when it begins a table. */
    private static final int NEEDED_SLOTS = 3;

    private final Arguments args;
    private final JsonLibrary.Settings settings;
    private final LuaBuffer out;
    private final ArrayDeque<Level> levels = new ArrayDeque<>();

    /** How many values the original would hold: the argument, elements, keys and values. */
    private int slots = 1;

    /** A table that has been begun. */
    private static final class Level {
        final LuaTable table;

        /** The length of an array; 0 or less for an object. */
        final int length;

        /** The index or the place in the table that was written last. */
        int at;

        Level(LuaTable table, int length) {
            this.table = table;
            this.length = length;
            this.at = length > 0 ? 0 : -1;
        }

        int slots() {
            return length > 0 ? 1 : 2;
        }
    }

    JsonEncoder(Arguments args, JsonLibrary.Settings settings) {
        this.args = args;
        this.settings = settings;
        this.out = new LuaBuffer(args.lua());
    }

    LuaString encode(@Nullable Object value) {
        add(value);
        for (Level level = levels.peek(); level != null; level = levels.peek()) {
            if (!(level.length > 0 ? addElement(level) : addField(level))) {
                levels.pop();
                slots -= level.slots();
            }
        }
        return out.toLuaString();
    }

    private LuaError refuse(@Nullable Object value, String reason) {
        return args.error("Cannot serialise " + Lua.typeOf(value) + ": " + reason);
    }

    private void add(@Nullable Object value) {
        switch (value) {
            case LuaString string -> addString(string.bytes());
            case Double number -> addNumber(number);
            case Boolean bool -> out.add(bool.toString());
            case LuaTable table -> begin(table);
            case null -> out.add("null");
            case LightUserdata none -> out.add("null");
            default -> throw refuse(value, "type not supported");
        }
    }

    private void addString(byte[] bytes) {
        out.add('"');
        int plain = 0;
        for (int i = 0; i < bytes.length; i++) {
            byte[] escape = ESCAPES[bytes[i] & 0xFF];
            if (escape != null) {
                out.add(bytes, plain, i);
                out.add(escape);
                plain = i + 1;
            }
        }
        out.add(bytes, plain, bytes.length);
        out.add('"');
    }

    private void addNumber(double number) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            switch (settings.encodesInvalid) {
                case 0 -> throw refuse(number, "must not be NaN or Inf");
                case 1 -> out.add(Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf");
                default -> out.add("null");
            }
        } else if (settings.precision == 14) {
            out.add(LuaNumbers.toBytes(number));
        } else {
            out.add(LuaNumbers.general(number, settings.precision));
        }
    }

    private void begin(LuaTable table) {
        int depth = levels.size() + 1;
        if (depth > settings.encodeDepth || slots + NEEDED_SLOTS > LuaThread.MAX_NATIVE_SLOTS) {
            throw args.error("Cannot serialise, excessive nesting (" + depth + ")");
        }
        Level level = new Level(table, arrayLength(table));
        out.add(level.length > 0 ? '[' : '{');
        slots += level.slots();
        levels.push(level);
    }

    /** The largest index of an array, or -1 for an object. */
    private int arrayLength(LuaTable table) {
        int most = 0;
        int items = 0;
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            if (!(table.key(place) instanceof Double key) || Math.floor(key) != key || key < 1) {
                return -1;
            }
            if (key > most) {
                most = key.intValue();
            }
            items++;
        }
        boolean sparse =
                settings.sparseRatio > 0 && most > (long) items * settings.sparseRatio && most > settings.safeSparse;
        if (sparse && !settings.convertsSparse) {
            throw refuse(table, "excessively sparse array");
        }
        return sparse ? -1 : most;
    }

    /** Adds the next element; after the last one, the end of the array, and returns false. */
    private boolean addElement(Level level) {
        if (level.at == level.length) {
            out.add(']');
            return false;
        }
        if (level.at++ > 0) {
            out.add(',');
        }
        add(level.table.get(level.at));
        return true;
    }

    /** Adds the next field; after the last one, the end of the object, and returns false. */
    private boolean addField(Level level) {
        LuaTable table = level.table;
        int place = table.next(level.at);
        if (place < 0) {
            out.add('}');
            return false;
        }
        if (level.at >= 0) {
            out.add(',');
        }
        level.at = place;
        switch (table.key(place)) {
            case Double number -> {
                out.add('"');
                addNumber(number);
                out.add('"');
            }
            case LuaString string -> addString(string.bytes());
            case Object other -> throw refuse(other, "table key must be a number or string");
        }
        out.add(':');
        add(table.value(place));
        return true;
    }
}
