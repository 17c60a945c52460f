package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.lua.Lua;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.protocol.TreeReply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a script's command, as the values that the script receives. With RESP2, the default, nil is false, maps and sets
 * are arrays, and numbers with a fraction are strings; with RESP3 each has a table of its own kind.
 */
final class LuaReply extends TreeReply {
    static final LuaString OK = LuaString.of("ok");
    static final LuaString ERR = LuaString.of("err");
    static final LuaString MAP = LuaString.of("map");
    static final LuaString SET = LuaString.of("set");
    static final LuaString DOUBLE = LuaString.of("double");
    static final LuaString BIG_NUMBER = LuaString.of("big_number");
    static final LuaString VERBATIM = LuaString.of("verbatim_string");
    static final LuaString FORMAT = LuaString.of("format");
    static final LuaString STRING = LuaString.of("string");
    static final LuaString COUNTED = LuaString.of("ignore_error_stats_update");
    private static final int MAX_KNOWN = 1 << 16;

    private final Lua lua;
    private boolean failed;
    private boolean resp3;

    LuaReply(Lua lua) {
        this.lua = lua;
    }

    @Override
    public void clear() {
        super.clear();
        failed = false;
    }

    /** Whether the answer is an error. */
    boolean hasFailed() {
        return failed;
    }

    @Override
    public boolean resp3() {
        return resp3;
    }

    @Override
    public void setResp3(boolean resp3) {
        this.resp3 = resp3;
    }

    @Override
    protected LuaTable aggregate(Shape shape, List<@Nullable Object> elements) {
        if (!resp3 || shape == Shape.ARRAY) {
            LuaTable array = new LuaTable(lua.memory(), Math.min(elements.size(), MAX_KNOWN), 0);
            for (int i = 0; i < elements.size(); i++) {
                array.set(i + 1, elements.get(i));
            }
            return array;
        }
        LuaTable table = new LuaTable(lua.memory(), 0, shape == Shape.MAP ? elements.size() / 2 : elements.size());
        int step = shape == Shape.MAP ? 2 : 1;
        for (int i = 0; i + step <= elements.size(); i += step) {
            Object key = elements.get(i);
            if (key != null) {
                table.set(key, shape == Shape.MAP ? elements.get(i + 1) : (Object) true);
            }
        }
        return single(shape == Shape.MAP ? MAP : SET, table);
    }

    private LuaTable single(LuaString field, Object value) {
        LuaTable table = lua.newTable();
        table.set(field, value);
        return table;
    }

    @Override
    public void simple(String text) {
        add(single(OK, LuaString.of(text)));
    }

    @Override
    public void error(String message) {
        LuaTable error = single(ERR, LuaString.of(message));
        error.set(COUNTED, true);
        failed = isEmpty();
        add(error);
    }

    @Override
    public void integer(long value) {
        add(LuaNumbers.box((double) value));
    }

    @Override
    public void bulk(byte[] array, int offset, int length) {
        lua.memory().charge(length + 40L);
        add(new LuaString(array, offset, offset + length));
    }

    @Override
    public void bulk(long value) {
        add(new LuaString(Numbers.toBytes(value)));
    }

    @Override
    public void nil() {
        add(resp3 ? null : (Object) false);
    }

    @Override
    public void nilArray() {
        add(resp3 ? null : (Object) false);
    }

    @Override
    public void real(double value) {
        if (resp3) {
            add(single(DOUBLE, LuaNumbers.box(value)));
        } else {
            add(new LuaString(Doubles.toBytes(value)));
        }
    }

    @Override
    public void real(double value, String digits) {
        if (resp3) {
            real(value);
        } else {
            bulk(digits);
        }
    }

    @Override
    public void bool(boolean value) {
        add(resp3 ? (Object) value : LuaNumbers.box(value ? 1 : 0));
    }

    @Override
    public void verbatim(String format, byte[] text) {
        if (!resp3) {
            add(new LuaString(text));
            return;
        }
        LuaTable content = lua.newTable();
        content.set(STRING, new LuaString(text));
        content.set(FORMAT, LuaString.of(format));
        add(single(VERBATIM, content));
    }

    @Override
    public void bigNumber(String decimal) {
        LuaString digits = new LuaString(decimal.getBytes(StandardCharsets.US_ASCII));
        add(resp3 ? single(BIG_NUMBER, digits) : digits);
    }
}
