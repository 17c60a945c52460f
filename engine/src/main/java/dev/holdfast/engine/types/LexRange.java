package dev.holdfast.engine.types;

/** A range of members, in the order of unsigned bytes. */
public record LexRange(LexBound min, LexBound max) {
    /** Whether no member can be in the range. */
    boolean isEmpty() {
        int order = min.compareTo(max);
        return order > 0 || (order == 0 && (min.excluded() || max.excluded()));
    }

    boolean reaches(byte[] array, int offset, int length) {
        int order = min.compareTo(array, offset, length);
        return order < 0 || (order == 0 && !min.excluded());
    }

    boolean allows(byte[] array, int offset, int length) {
        int order = max.compareTo(array, offset, length);
        return order > 0 || (order == 0 && !max.excluded());
    }
}
