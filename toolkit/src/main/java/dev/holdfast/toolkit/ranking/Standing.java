package dev.holdfast.toolkit.ranking;

/**
 * Where a member of a board stands. All ranks begin at 1.
 *
 * @param member its name
 * @param score its score
 * @param position its place among all, no two of which are the same
 * @param rank one more than the number of members with a better score: equals share a rank, and those after them leave a gap
 *     (1, 2, 2, 4)
 * @param denseRank one more than the number of better scores: equals share a rank and leave no gap (1, 2, 2, 3); -1 on a board that
 *     does not count that
 * @param size how many members the board has
 */
public record Standing(String member, double score, long position, long rank, long denseRank, long size) {
    /** How many of all members have no better score, the member itself among them, in percent: 100 for the best. */
    public double percentile() {
        return 100.0 * (size - rank + 1) / size;
    }
}
