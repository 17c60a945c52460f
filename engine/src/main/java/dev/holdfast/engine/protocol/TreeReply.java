package dev.holdfast.engine.protocol;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds the answer as a tree of values: keeps the aggregates whose elements are still coming, and puts each value where it belongs. */
public abstract class TreeReply extends Reply {
    /** What an aggregate is. */
    protected enum Shape {
        ARRAY,
        MAP,
        SET,
        /** Its elements are left out. */
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

    private final List<Open> open = new ArrayList<>();
    private @Nullable Object result;
    /** How many values there are beside one another; only the first one is the answer. */
    private int values;

    /** Forgets everything. */
    public void clear() {
        open.clear();
        result = null;
        values = 0;
    }

    /** The answer. */
    public final @Nullable Object result() {
        return result;
    }

    /** Makes the value of a whole aggregate. The elements of a map are keys and values in turn. */
    protected abstract Object aggregate(Shape shape, List<@Nullable Object> elements);

    /** An aggregate of so many elements is about to come. */
    protected void expect(long length) {}

    /** Whether nothing has been answered yet, so that what comes now is the answer itself. */
    protected final boolean isEmpty() {
        return open.isEmpty() && values == 0;
    }

    /** Puts a value where the next one belongs. */
    protected final void add(@Nullable Object value) {
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
            next = aggregate(top.shape, top.elements);
        }
        if (values++ == 0) {
            result = next;
        }
    }

    private void begin(Shape shape, long length) {
        expect(length);
        if (length > 0) {
            open.add(new Open(shape, length));
        } else if (shape != Shape.DROPPED) {
            add(aggregate(shape, List.of()));
        }
    }

    private void end(int mark, Shape shape) {
        Open ended = open.remove(mark);
        add(aggregate(shape, ended.elements));
    }

    @Override
    public final void array(long length) {
        begin(Shape.ARRAY, length);
    }

    @Override
    public final void map(long pairs) {
        begin(Shape.MAP, pairs * 2);
    }

    @Override
    public final void set(long length) {
        begin(Shape.SET, length);
    }

    @Override
    public final void push(long length) {
        begin(Shape.ARRAY, length);
    }

    @Override
    public final void attribute(long pairs) {
        begin(Shape.DROPPED, pairs * 2);
    }

    @Override
    public final int beginArray() {
        open.add(new Open(Shape.ARRAY, Long.MAX_VALUE));
        return open.size() - 1;
    }

    @Override
    public final void endArray(int mark, long length) {
        end(mark, Shape.ARRAY);
    }

    @Override
    public final void endMap(int mark, long pairs) {
        end(mark, Shape.MAP);
    }

    @Override
    public final void endSet(int mark, long length) {
        end(mark, Shape.SET);
    }

    /**
     * The place where the next value goes: how many aggregates are open and how many elements the innermost, or the answer,
     * has. Elements of an answer are fewer than 2²⁴ wherever an error can still take them back.
     */
    @Override
    public final int mark() {
        int elements = open.isEmpty() ? values : open.getLast().elements.size();
        return open.size() << 24 | Math.min(elements, 0xFFFFFF);
    }

    @Override
    public final void truncate(int mark) {
        int depth = mark >>> 24;
        int elements = mark & 0xFFFFFF;
        while (open.size() > depth) {
            open.removeLast();
        }
        if (open.isEmpty()) {
            values = Math.min(values, elements);
            result = values == 0 ? null : result;
            return;
        }
        List<@Nullable Object> list = open.getLast().elements;
        while (list.size() > elements) {
            list.removeLast();
        }
    }
}
