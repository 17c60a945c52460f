package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;
import dev.holdfast.engine.structures.ScoreTree;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A sorted set: members with scores, ordered by score and then by the members' unsigned bytes.
 *
 * <p>While it is small it is packed into the body of its record, in order:
 *
 * <pre>
 *   +-----------+---------------+------------+-----------+---
 *   | score     | member length | member     | score     | ...
 *   | double, 8 | varint, 1..5  |            |           |
 *   +-----------+---------------+------------+-----------+---
 * </pre>
 *
 * <p>A set with more members than {@code zset-max-listpack-entries}, or a member longer than {@code zset-max-listpack-value}
 * bytes, takes on its large form and keeps it; see {@link LargeSortedSet}. As in Valkey, the packed form knows no minus zero.
 *
 * <p>Ranks count from zero at the lowest score. A range becomes a {@link RankSpan}, which {@link #walk} visits.
 */
public final class SortedSetValue extends Entry {
    /** Only add members, leave those that exist alone. */
    public static final int ONLY_NEW = 1;
    /** Only change the scores of members that exist. */
    public static final int ONLY_EXISTING = 2;
    /** Only change a score to a greater one. */
    public static final int ONLY_GREATER = 4;
    /** Only change a score to a lower one. */
    public static final int ONLY_LOWER = 8;

    /** What {@link #add} has done. */
    public enum Change {
        ADDED,
        UPDATED,
        /** The member had that score already. */
        SAME,
        /** The options forbade it. */
        SKIPPED
    }

    private static final VarHandle DOUBLES =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int[] NO_STARTS = new int[0];
    private static final int SCORE_BYTES = 8;
    private static final int FIELDS_BYTES = 24;

    private int size;
    private @Nullable LargeSortedSet large;

    /** The set that a record holds in packed form. */
    public SortedSetValue(byte[] record) {
        super(record);
        int end = bodyEnd();
        for (int at = bodyOffset(); at < end; at = entryEnd(at)) {
            size++;
        }
    }

    SortedSetValue(byte[] record, int size, @Nullable LargeSortedSet large) {
        super(record);
        this.size = size;
        this.large = large;
    }

    @Override
    public String encoding() {
        return large == null ? "listpack" : "skiplist";
    }

    @Override
    protected @Nullable HashIndex<byte[]> index() {
        LargeSortedSet set = large;
        return set == null ? null : set.members();
    }

    @Override
    protected long formBytes() {
        LargeSortedSet large = this.large;
        return FIELDS_BYTES + (large == null ? 0 : large.heapBytes());
    }

    @Override
    public Entry copyWith(byte[] record) {
        LargeSortedSet large = this.large;
        return new SortedSetValue(record, size, large == null ? null : large.copy());
    }

    @Override
    public Entry freeze(byte[] record, Loan loan) {
        LargeSortedSet large = this.large;
        return new SortedSetValue(record, size, large == null ? null : large.freeze(loan));
    }

    @Override
    public boolean isEmpty() {
        return size == 0;
    }

    public int size() {
        return size;
    }

    public boolean isPacked() {
        return large == null;
    }

    // ---- members ----

    /** The score of a member, or NaN, which no member has. */
    public double score(Slice member) {
        LargeSortedSet large = this.large;
        if (large != null) {
            byte[] item = large.find(member);
            return item == null ? Double.NaN : ScoreTree.score(item);
        }
        int at = entryOf(member);
        return at < 0 ? Double.NaN : scoreAt(at);
    }

    /** The rank of a member, or -1. */
    public int rank(Slice member) {
        LargeSortedSet large = this.large;
        if (large != null) {
            byte[] item = large.find(member);
            return item == null ? -1 : large.tree().rank(item);
        }
        int end = bodyEnd();
        int rank = 0;
        for (int at = bodyOffset(); at < end; at = entryEnd(at)) {
            if (holds(at, member)) {
                return rank;
            }
            rank++;
        }
        return -1;
    }

    /**
     * Gives a member a score, adding it where it is missing.
     *
     * @param options some of {@link #ONLY_NEW}, {@link #ONLY_EXISTING}, {@link #ONLY_GREATER} and {@link #ONLY_LOWER}
     * @param maxEntries the most members that the packed form may have
     * @param maxLength the most bytes that a member may have in the packed form
     */
    public Change add(Slice member, double score, int options, long maxEntries, long maxLength) {
        LargeSortedSet large = this.large;
        if (large == null) {
            int at = entryOf(member);
            if (at >= 0) {
                double old = scoreAt(at);
                Change change = changeOf(old, score, options);
                if (change == Change.UPDATED) {
                    move(at, score);
                }
                return change;
            }
            if ((options & ONLY_EXISTING) != 0) {
                return Change.SKIPPED;
            }
            if (size + 1L <= maxEntries && member.length() <= maxLength) {
                insertPacked(member, score);
                return Change.ADDED;
            }
            large = enlarge();
        }
        byte[] item = large.find(member);
        if (item != null) {
            Change change = changeOf(ScoreTree.score(item), score, options);
            if (change == Change.UPDATED) {
                large.tree().updateScore(item, score);
            }
            return change;
        }
        if ((options & ONLY_EXISTING) != 0) {
            return Change.SKIPPED;
        }
        large.insertMissing(member, score);
        size++;
        return Change.ADDED;
    }

    private static Change changeOf(double old, double score, int options) {
        if ((options & ONLY_NEW) != 0
                || ((options & ONLY_GREATER) != 0 && score <= old)
                || ((options & ONLY_LOWER) != 0 && score >= old)) {
            return Change.SKIPPED;
        }
        return score == old ? Change.SAME : Change.UPDATED;
    }

    public boolean remove(Slice member) {
        LargeSortedSet large = this.large;
        if (large != null) {
            byte[] item = large.find(member);
            if (item == null) {
                return false;
            }
            large.removeFound(item);
        } else {
            int at = entryOf(member);
            if (at < 0) {
                return false;
            }
            splice(at, entryEnd(at) - at, 0);
        }
        size--;
        return true;
    }

    /** Removes the members of {@code count} ranks from {@code from} on. */
    public void removeRanks(int from, int count) {
        LargeSortedSet large = this.large;
        if (large != null) {
            large.removeRange(from, count);
        } else if (count > 0) {
            int at = entryAt(from);
            int end = at;
            for (int i = 0; i < count; i++) {
                end = entryEnd(end);
            }
            splice(at, end - at, 0);
        }
        size -= count;
    }

    /** Takes on the large form if so many entries, or a member that long, would not fit the packed one. */
    public void prepareFor(long entries, long memberLength, long maxEntries, long maxLength) {
        if (large == null && (entries > maxEntries || memberLength > maxLength)) {
            enlarge();
        }
    }

    private LargeSortedSet enlarge() {
        LargeSortedSet created = new LargeSortedSet();
        Slice member = new Slice();
        int end = bodyEnd();
        for (int at = bodyOffset(); at < end; at = entryEnd(at)) {
            memberAt(at, member);
            created.find(member);
            created.insertMissing(member, scoreAt(at));
        }
        large = created;
        clearBody();
        return created;
    }

    // ---- ranges ----

    /** The members with ranks from {@code start} to {@code stop}; negative ones count from the other end. */
    public RankSpan ranks(long start, long stop, boolean reverse) {
        long from = Math.max(0, start < 0 ? start + size : start);
        long to = Math.min(size - 1L, stop < 0 ? stop + size : stop);
        if (from > to) {
            return RankSpan.EMPTY;
        }
        int count = (int) (to - from + 1);
        return new RankSpan((int) (reverse ? size - 1 - from : from), count, reverse);
    }

    public RankSpan scores(ScoreRange range) {
        return scores(range, 0, -1, false);
    }

    /**
     * The members whose scores are in a range.
     *
     * @param offset how many to leave out at the beginning
     * @param limit how many to take at the most; any number if negative
     */
    public RankSpan scores(ScoreRange range, long offset, long limit, boolean reverse) {
        if (range.isEmpty() || (offset > 0 && offset >= size)) {
            return RankSpan.EMPTY;
        }
        int from = countBelow(range.min(), range.minExcluded());
        int to = countBelow(range.max(), !range.maxExcluded());
        return window(from, to, offset, limit, reverse);
    }

    private int countBelow(double score, boolean orEqual) {
        LargeSortedSet large = this.large;
        if (large != null) {
            return large.tree().countBelow(score, orEqual);
        }
        int end = bodyEnd();
        int count = 0;
        for (int at = bodyOffset(); at < end; at = entryEnd(at)) {
            double other = scoreAt(at);
            if (other > score || (other == score && !orEqual)) {
                break;
            }
            count++;
        }
        return count;
    }

    public RankSpan members(LexRange range) {
        return members(range, 0, -1, false);
    }

    /**
     * The members in a range of strings, in a set whose scores are all equal. Elsewhere the answer is of little use; for the
     * packed form it is still the one that Valkey gives, which goes through the members in order.
     */
    public RankSpan members(LexRange range, long offset, long limit, boolean reverse) {
        if (range.isEmpty() || size == 0) {
            return RankSpan.EMPTY;
        }
        LargeSortedSet large = this.large;
        if (large == null) {
            return packedMembers(range, offset, limit, reverse);
        }
        int from = large(large, range.min(), range.min().excluded());
        int to = large(large, range.max(), !range.max().excluded());
        return window(from, to, offset, limit, reverse);
    }

    private int large(LargeSortedSet large, LexBound bound, boolean orEqual) {
        if (bound.side() != 0) {
            return bound.side() < 0 ? 0 : size;
        }
        Slice member = bound.member();
        return large.tree().countBelow(member.array(), member.offset(), member.length(), orEqual);
    }

    /** What an offset and a limit leave of the ranks from {@code from} to {@code to}, exclusive. */
    private RankSpan window(int from, int to, long offset, long limit, boolean reverse) {
        if (to <= from) {
            return RankSpan.EMPTY;
        }
        long first;
        if (offset >= 0) {
            first = reverse ? to - 1 - offset : from + offset;
        } else if (large == null) {
            return RankSpan.EMPTY;
        } else {
            // Valkey's search in a skiplist takes a negative offset to count from the other end of the range.
            first = reverse ? from - 1 - offset : to + offset;
        }
        if (first < from || first >= to) {
            return RankSpan.EMPTY;
        }
        long count = reverse ? first - from + 1 : to - first;
        if (limit >= 0 && limit < count) {
            count = limit;
        }
        return new RankSpan((int) first, (int) count, reverse);
    }

    private RankSpan packedMembers(LexRange range, long offset, long limit, boolean reverse) {
        int[] starts = entryStarts();
        if (!reaches(range, starts[size - 1]) || !allows(range, starts[0])) {
            return RankSpan.EMPTY;
        }
        int step = reverse ? -1 : 1;
        int first = reverse ? size - 1 : 0;
        while (first >= 0
                && first < size
                && !(reverse ? allows(range, starts[first]) : reaches(range, starts[first]))) {
            first += step;
        }
        if (first < 0 || first >= size || !isIn(range, starts[first]) || offset < 0 || offset >= size) {
            return RankSpan.EMPTY;
        }
        first += (int) offset * step;
        int count = 0;
        for (int i = first; i >= 0 && i < size && count != limit; i += step) {
            if (!(reverse ? reaches(range, starts[i]) : allows(range, starts[i]))) {
                break;
            }
            count++;
        }
        return new RankSpan(first, count, reverse);
    }

    private boolean isIn(LexRange range, int at) {
        return reaches(range, at) && allows(range, at);
    }

    private boolean reaches(LexRange range, int at) {
        int member = memberOffset(at);
        return range.reaches(record, member, entryEnd(at) - member);
    }

    private boolean allows(LexRange range, int at) {
        int member = memberOffset(at);
        return range.allows(record, member, entryEnd(at) - member);
    }

    // ---- walking ----

    /** A walk over all members, from the lowest score up. */
    public Walk walk() {
        return new Walk(new RankSpan(0, size, false));
    }

    /** A walk over a run of members. The set must not change meanwhile. */
    public Walk walk(RankSpan span) {
        return new Walk(span);
    }

    /** A walk over members in order. Begins before the first: {@code while (walk.next()) …}. */
    public final class Walk {
        private final Slice member = new Slice();
        private final boolean reverse;
        private final ScoreTree.@Nullable Cursor cursor;
        private int[] starts = NO_STARTS;
        private int left;
        private int rank;
        private int at = -1;

        private Walk(RankSpan span) {
            this.left = span.count();
            this.rank = span.first();
            this.reverse = span.reverse();
            LargeSortedSet large = SortedSetValue.this.large;
            this.cursor = large == null ? null : large.tree().cursor();
            if (large == null && reverse) {
                starts = entryStarts();
            }
        }

        /** How many members are still to come. */
        public int left() {
            return left;
        }

        /** Goes to the member of a rank, wherever the walk was; {@link #next} does not go on from there. */
        public Walk seek(int rank) {
            ScoreTree.Cursor cursor = this.cursor;
            if (cursor == null) {
                at = entryAt(rank);
            } else {
                cursor.toRank(rank);
            }
            left = 0;
            return this;
        }

        /** Goes on to the next member. */
        public boolean next() {
            if (left == 0) {
                return false;
            }
            left--;
            ScoreTree.Cursor cursor = this.cursor;
            if (cursor == null) {
                if (reverse) {
                    at = starts[rank--];
                } else {
                    at = at < 0 ? entryAt(rank) : entryEnd(at);
                }
            } else if (at < 0) {
                cursor.toRank(rank);
                cursor.lookAhead(left + 1, reverse);
                at = 0;
            } else if (reverse) {
                cursor.previous();
            } else {
                cursor.next();
            }
            return true;
        }

        public double score() {
            ScoreTree.Cursor cursor = this.cursor;
            return cursor == null ? scoreAt(at) : cursor.score();
        }

        /** The member; the slice is the walk's own and changes with each step. */
        public Slice member() {
            ScoreTree.Cursor cursor = this.cursor;
            return cursor == null ? memberAt(at, member) : LargeSortedSet.member(cursor.item(), member);
        }
    }

    /**
     * Visits some members, each as an item of a {@link ScoreTree}, and returns the cursor of the rest; see
     * {@link dev.holdfast.engine.structures.HashIndex#scan}. Only of a set that {@link #isPacked is not packed}.
     */
    public long scan(long cursor, int count, Consumer<? super byte[]> visitor) {
        LargeSortedSet large = this.large;
        if (large == null) {
            throw new IllegalStateException("packed");
        }
        return large.members().scan(cursor, count, visitor);
    }

    // ---- the packed form ----

    private double scoreAt(int at) {
        return (double) DOUBLES.get(record, at);
    }

    private int memberOffset(int at) {
        int length = at + SCORE_BYTES;
        return record[length] >= 0 ? length + 1 : length + Varint.sizeAt(record, length);
    }

    private int entryEnd(int at) {
        int length = at + SCORE_BYTES;
        int first = record[length];
        return first >= 0 ? length + 1 + first : length + Varint.sizeAt(record, length) + Varint.read(record, length);
    }

    private Slice memberAt(int at, Slice into) {
        int offset = memberOffset(at);
        return into.set(record, offset, entryEnd(at) - offset);
    }

    private boolean holds(int at, Slice member) {
        int length = at + SCORE_BYTES;
        int first = record[length];
        if (first >= 0) {
            return first == member.length() && member.contentEquals(record, length + 1, first);
        }
        int offset = memberOffset(at);
        return member.contentEquals(record, offset, entryEnd(at) - offset);
    }

    /** Where the entry of a member begins, or -1. */
    private int entryOf(Slice member) {
        int end = bodyEnd();
        for (int at = bodyOffset(); at < end; at = entryEnd(at)) {
            if (holds(at, member)) {
                return at;
            }
        }
        return -1;
    }

    private int entryAt(int rank) {
        int at = bodyOffset();
        for (int i = 0; i < rank; i++) {
            at = entryEnd(at);
        }
        return at;
    }

    private int[] entryStarts() {
        int[] starts = new int[size];
        int at = bodyOffset();
        for (int i = 0; i < size; i++) {
            starts[i] = at;
            at = entryEnd(at);
        }
        return starts;
    }

    /** Where an entry with this score and member belongs. */
    private int placeOf(double score, byte[] array, int offset, int length) {
        int end = bodyEnd();
        int at = bodyOffset();
        while (at < end) {
            double other = scoreAt(at);
            int next = entryEnd(at);
            if (other > score) {
                break;
            }
            if (other == score) {
                int member = memberOffset(at);
                if (Arrays.compareUnsigned(record, member, next, array, offset, offset + length) > 0) {
                    break;
                }
            }
            at = next;
        }
        return at;
    }

    /** Adds a member that belongs behind all others. The set must be packed. */
    void append(byte[] item) {
        int length = item.length - ScoreTree.MEMBER;
        int at = bodyEnd();
        int memberAt = at + SCORE_BYTES + Varint.size(length);
        splice(at, 0, memberAt - at + length);
        setScore(at, ScoreTree.score(item));
        Varint.write(length, record, at + SCORE_BYTES);
        System.arraycopy(item, ScoreTree.MEMBER, record, memberAt, length);
        size++;
    }

    private void insertPacked(Slice member, double score) {
        int length = member.length();
        int at = placeOf(score, member.array(), member.offset(), length);
        int memberAt = at + SCORE_BYTES + Varint.size(length);
        splice(at, 0, memberAt - at + length);
        setScore(at, score);
        Varint.write(length, record, at + SCORE_BYTES);
        member.copyTo(record, memberAt);
        size++;
    }

    private void setScore(int at, double score) {
        packScore(score, record, at);
    }

    /** Writes a score as the packed form has it. */
    public static void packScore(double score, byte[] body, int at) {
        DOUBLES.set(body, at, score == 0 ? 0.0 : score);
    }

    public static double packedScore(byte[] body, int at) {
        return (double) DOUBLES.get(body, at);
    }

    /** Gives the entry at {@code at} another score and shifts it to where it then belongs. */
    private void move(int at, double score) {
        int end = entryEnd(at);
        int member = memberOffset(at);
        int to = placeOf(score, record, member, end - member);
        int length = end - at;
        if (to > end) {
            byte[] entry = Arrays.copyOfRange(record, at, end);
            System.arraycopy(record, end, record, at, to - end);
            System.arraycopy(entry, 0, record, to - length, length);
            setScore(to - length, score);
        } else if (to < at) {
            byte[] entry = Arrays.copyOfRange(record, at, end);
            System.arraycopy(record, to, record, to + length, at - to);
            System.arraycopy(entry, 0, record, to, length);
            setScore(to, score);
        } else {
            setScore(at, score);
        }
    }
}
