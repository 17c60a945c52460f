package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** A local variable that an inner function uses, too. */
final class Cell {
    static final int BYTES = 16;

    @Nullable
    Object value;

    Cell(@Nullable Object value) {
        this.value = value;
    }
}
