package dev.holdfast.engine.types;

/**
 * A run of members of a sorted set.
 *
 * @param first the rank, from the lowest score, of the first in the order of walking
 * @param count how many there are
 * @param reverse whether the walk goes towards lower scores
 */
public record RankSpan(int first, int count, boolean reverse) {
    static final RankSpan EMPTY = new RankSpan(0, 0, false);

    /** The rank of the lowest member of the run. */
    public int lowest() {
        return reverse ? first - count + 1 : first;
    }
}
