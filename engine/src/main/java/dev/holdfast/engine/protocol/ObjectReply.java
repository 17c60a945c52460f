package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.HeapRoom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds the answer as objects, for callers in the same JVM: {@code Long}, {@code byte[]}, {@code String} for simple strings,
 * {@code Double}, {@code Boolean}, null, {@code List} and {@code Map} of these, and {@link ReplyError}. As in RESP3, maps are
 * told from lists. The keys of a map are read as UTF-8 and are strings; sets come as lists, since byte arrays do not know
 * whether they are equal.
 */
public final class ObjectReply extends Reply {
    private static final long MANY_ELEMENTS = 1 << 20;

    /** About what a small element takes, with its place in the list. */
    private static final int ELEMENT_BYTES = 40;

    /** An error inside a larger answer. */
    public record ReplyError(String message) {}

    private enum Shape {
        LIST,
        MAP,
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
            this.elements = new ArrayList<>((int) Math.min(length, 1024));
        }
    }

    private final List<@Nullable Object> done = new ArrayList<>(1);
    private final List<Open> open = new ArrayList<>();

    /** Forgets everything. */
    public void clear() {
        done.clear();
        open.clear();
    }

    /** The answer. */
    public @Nullable Object result() {
        return done.isEmpty() ? null : done.getFirst();
    }

    @Override
    public boolean resp3() {
        return true;
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
        done.add(next);
    }

    private static Object finish(Shape shape, List<@Nullable Object> elements) {
        if (shape == Shape.LIST) {
            return elements;
        }
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i + 1 < elements.size(); i += 2) {
            map.put(mapKey(elements.get(i)), elements.get(i + 1));
        }
        return map;
    }

    private static @Nullable Object mapKey(@Nullable Object key) {
        return key instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : key;
    }

    private void aggregate(Shape shape, long length) {
        if (length > MANY_ELEMENTS && (length > Integer.MAX_VALUE || !HeapRoom.has(length * ELEMENT_BYTES))) {
            throw new ReplyTooLongException();
        }
        if (length == 0) {
            if (shape != Shape.DROPPED) {
                add(shape == Shape.MAP ? Map.of() : List.of());
            }
        } else {
            open.add(new Open(shape, length));
        }
    }

    @Override
    public void simple(String text) {
        add(text);
    }

    @Override
    public void error(String message) {
        add(new ReplyError(message));
    }

    @Override
    public void cutOff() {
        error("ERR the reply is too long");
    }

    @Override
    public void integer(long value) {
        add(value);
    }

    @Override
    public void bulk(byte[] array, int offset, int length) {
        add(Arrays.copyOfRange(array, offset, offset + length));
    }

    @Override
    public void nil() {
        add(null);
    }

    @Override
    public void nilArray() {
        add(null);
    }

    @Override
    public void array(long length) {
        aggregate(Shape.LIST, length);
    }

    @Override
    public void map(long pairs) {
        aggregate(Shape.MAP, pairs * 2);
    }

    @Override
    public void set(long length) {
        aggregate(Shape.LIST, length);
    }

    @Override
    public void push(long length) {
        aggregate(Shape.LIST, length);
    }

    @Override
    public void real(double value) {
        add(value);
    }

    @Override
    public void bool(boolean value) {
        add(value);
    }

    @Override
    public void verbatim(String format, byte[] text) {
        add(new String(text, StandardCharsets.UTF_8));
    }

    @Override
    public void bigNumber(String decimal) {
        add(new java.math.BigInteger(decimal));
    }

    @Override
    public void attribute(long pairs) {
        aggregate(Shape.DROPPED, pairs * 2);
    }

    @Override
    public int beginArray() {
        open.add(new Open(Shape.LIST, Long.MAX_VALUE));
        return open.size() - 1;
    }

    @Override
    public void endArray(int mark, long length) {
        end(mark, Shape.LIST);
    }

    @Override
    public void endMap(int mark, long pairs) {
        end(mark, Shape.MAP);
    }

    @Override
    public void endSet(int mark, long length) {
        end(mark, Shape.LIST);
    }

    private void end(int mark, Shape shape) {
        Open aggregate = open.remove(mark);
        add(finish(shape, aggregate.elements));
    }

    /**
     * The place where the next value goes: how many aggregates are open and how many elements the innermost, or the answer,
     * has. Elements of an answer are fewer than 2²⁴ wherever an error can still take them back.
     */
    @Override
    public int mark() {
        int elements = open.isEmpty() ? done.size() : open.getLast().elements.size();
        return open.size() << 24 | Math.min(elements, 0xFFFFFF);
    }

    @Override
    public void truncate(int mark) {
        int depth = mark >>> 24;
        int elements = mark & 0xFFFFFF;
        while (open.size() > depth) {
            open.removeLast();
        }
        List<@Nullable Object> list = open.isEmpty() ? done : open.getLast().elements;
        while (list.size() > elements) {
            list.removeLast();
        }
    }
}
