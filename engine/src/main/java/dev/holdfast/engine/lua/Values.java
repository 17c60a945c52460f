package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** Several values, or none, as the result of a function. */
public final class Values {
    public static final Values NONE = new Values();

    /** Stands for the results of {@code coroutine.yield}, which come later. */
    static final Values LATER = new Values();

    private final @Nullable Object[] values;

    private Values(@Nullable Object... values) {
        this.values = values;
    }

    public static Values of(@Nullable Object... values) {
        return new Values(values);
    }

    public int count() {
        return values.length;
    }

    public @Nullable Object get(int index) {
        return index < values.length ? values[index] : null;
    }

    @Nullable
    Object[] array() {
        return values;
    }

    /** The values of a result, which may be a single one. */
    static @Nullable Object[] arrayOf(@Nullable Object result) {
        return result instanceof Values several ? several.values : new Object[] {result};
    }
}
