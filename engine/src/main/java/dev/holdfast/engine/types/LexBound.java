package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;

/**
 * One end of a range of members: a string that belongs to the range or not, or the place before or after all strings.
 *
 * @param side below zero before all strings, above zero after all, zero at {@code member}
 */
public record LexBound(int side, Slice member, boolean excluded) {
    public static final LexBound LOWEST = new LexBound(-1, new Slice(), true);
    public static final LexBound HIGHEST = new LexBound(1, new Slice(), true);

    public static LexBound at(Slice member, boolean excluded) {
        return new LexBound(0, member, excluded);
    }

    /** How the bound stands to a string: below zero if it comes first. */
    int compareTo(byte[] array, int offset, int length) {
        return side != 0 ? side : member.compareTo(array, offset, length);
    }

    int compareTo(LexBound other) {
        return side != 0 || other.side != 0 ? Integer.compare(side, other.side) : member.compareTo(other.member);
    }
}
