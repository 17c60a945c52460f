package dev.holdfast.engine.types;

/** A range of scores; either end may be left out of it. */
public record ScoreRange(double min, boolean minExcluded, double max, boolean maxExcluded) {
    /** Whether no score can be in the range. */
    boolean isEmpty() {
        return min > max || (min == max && (minExcluded || maxExcluded));
    }

    boolean reaches(double score) {
        return minExcluded ? score > min : score >= min;
    }

    boolean allows(double score) {
        return maxExcluded ? score < max : score <= max;
    }
}
