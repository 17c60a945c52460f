package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.protocol.Reply;

/**
 * The longest subsequence that two strings have in common, by the table of the lengths for all pairs of their beginnings. Which
 * of several equally long ones it is, and how its stretches are cut, follows from the order in which the table is walked
 * back: it is Valkey's.
 */
final class CommonSubsequence {
    private final Slice a;
    private final Slice b;
    private final int columns;
    private final int[] lengths;

    CommonSubsequence(Slice a, Slice b) {
        this.a = a;
        this.b = b;
        this.columns = b.length() + 1;
        this.lengths = new int[(a.length() + 1) * columns];
        for (int i = 1; i <= a.length(); i++) {
            byte one = a.at(i - 1);
            int row = i * columns;
            for (int j = 1; j < columns; j++) {
                int above = row + j - columns;
                lengths[row + j] =
                        one == b.at(j - 1) ? lengths[above - 1] + 1 : Math.max(lengths[above], lengths[row + j - 1]);
            }
        }
    }

    private int lengthAt(int i, int j) {
        return lengths[i * columns + j];
    }

    int length() {
        return lengthAt(a.length(), b.length());
    }

    byte[] bytes() {
        byte[] result = new byte[length()];
        int i = a.length();
        int j = b.length();
        int rest = result.length;
        while (i > 0 && j > 0) {
            if (a.at(i - 1) == b.at(j - 1)) {
                result[--rest] = a.at(i - 1);
                i--;
                j--;
            } else if (lengthAt(i - 1, j) > lengthAt(i, j - 1)) {
                i--;
            } else {
                j--;
            }
        }
        return result;
    }

    /** Writes where the two strings match, the last stretch first, and the length. */
    void writeMatches(Reply reply, long minLength, boolean withLength) {
        reply.map(2);
        reply.bulk("matches");
        int mark = reply.beginArray();
        int matches = 0;
        int i = a.length();
        int j = b.length();
        while (i > 0 && j > 0) {
            if (a.at(i - 1) == b.at(j - 1)) {
                int endA = i - 1;
                int endB = j - 1;
                do {
                    i--;
                    j--;
                } while (i > 0 && j > 0 && a.at(i - 1) == b.at(j - 1));
                int length = endA - i + 1;
                if (length >= minLength) {
                    reply.array(withLength ? 3 : 2);
                    writeRange(reply, i, endA);
                    writeRange(reply, j, endB);
                    if (withLength) {
                        reply.integer(length);
                    }
                    matches++;
                }
            } else if (lengthAt(i - 1, j) > lengthAt(i, j - 1)) {
                i--;
            } else {
                j--;
            }
        }
        reply.endArray(mark, matches);
        reply.bulk("len");
        reply.integer(length());
    }

    private static void writeRange(Reply reply, int start, int end) {
        reply.array(2);
        reply.integer(start);
        reply.integer(end);
    }
}
