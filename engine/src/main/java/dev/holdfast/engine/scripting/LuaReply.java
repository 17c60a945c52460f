package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.lua.Lua;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.protocol.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a script's command, as the values that the script receives. With RESP2, the default, nil is false, maps and sets
 * are arrays, and numbers with a fraction are strings; with RESP3 each has a table of its own kind.
 */
final class LuaReply extends Reply {
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

    private enum Shape {
        ARRAY,
        MAP,
        SET,
        DROPPED
    }

    /** An aggregate whose elements are still coming. */
    private static final class Open {
        final Shape shape;
        final long length;
        final List<@Nullable Object> elements;

        Open(Shape shape, long length) {
            this.shape = shape;
            this.length = length;
            this.elements = new ArrayList<>((int) Math.min(length, 64));
        }
    }

    private final Lua lua;
    private final List<Open> open = new ArrayList<>();
    private @Nullable Object result;
    private boolean done;
    private boolean failed;
    private boolean resp3;

    LuaReply(Lua lua) {
        this.lua = lua;
    }

    /** Makes ready for the next answer. */
    void clear() {
        open.clear();
        result = null;
        done = false;
        failed = false;
    }

    @Nullable
    Object result() {
        return result;
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

    private void add(@Nullable Object value) {
        Object next = value;
        while (!open.isEmpty()) {
            Open top = open.getLast();
            top.elements.add(next);
            if (top.elements.size() < top.length) {
                return;
            }
            open.removeLast();
            if (top.shape == Shape.DROPPED) {
                return;
            }
            next = finish(top.shape, top.elements);
        }
        result = next;
        done = true;
    }

    private LuaTable finish(Shape shape, List<@Nullable Object> elements) {
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

    private void aggregate(Shape shape, long length) {
        if (length > 0) {
            open.add(new Open(shape, length));
        } else if (shape != Shape.DROPPED) {
            add(finish(shape, List.of()));
        }
    }

    @Override
    public void simple(String text) {
        add(single(OK, LuaString.of(text)));
    }

    @Override
    public void error(String message) {
        LuaTable error = single(ERR, LuaString.of(message));
        error.set(COUNTED, true);
        failed = open.isEmpty() && !done;
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
    public void array(long length) {
        aggregate(Shape.ARRAY, length);
    }

    @Override
    public void map(long pairs) {
        aggregate(Shape.MAP, pairs * 2);
    }

    @Override
    public void set(long length) {
        aggregate(Shape.SET, length);
    }

    @Override
    public void push(long length) {
        aggregate(Shape.ARRAY, length);
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

    @Override
    public void attribute(long pairs) {
        aggregate(Shape.DROPPED, pairs * 2);
    }

    @Override
    public int beginArray() {
        open.add(new Open(Shape.ARRAY, Long.MAX_VALUE));
        return open.size() - 1;
    }

    @Override
    public void endArray(int mark, long length) {
        end(mark, Shape.ARRAY);
    }

    @Override
    public void endMap(int mark, long pairs) {
        end(mark, Shape.MAP);
    }

    @Override
    public void endSet(int mark, long length) {
        end(mark, Shape.SET);
    }

    private void end(int mark, Shape shape) {
        Open aggregate = open.remove(mark);
        add(finish(shape, aggregate.elements));
    }

    /** How many aggregates are open and how many elements the innermost has, as in {@code ObjectReply}. */
    @Override
    public int mark() {
        int elements = open.isEmpty() ? done ? 1 : 0 : open.getLast().elements.size();
        return open.size() << 24 | Math.min(elements, 0xFFFFFF);
    }

    @Override
    public void truncate(int mark) {
        int depth = mark >>> 24;
        int elements = mark & 0xFFFFFF;
        while (open.size() > depth) {
            open.removeLast();
        }
        if (open.isEmpty()) {
            if (elements == 0) {
                clear();
            }
            return;
        }
        List<@Nullable Object> list = open.getLast().elements;
        while (list.size() > elements) {
            list.removeLast();
        }
    }
}
