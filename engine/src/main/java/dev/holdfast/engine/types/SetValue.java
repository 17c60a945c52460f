package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A set of byte strings, in one of three forms, which {@code OBJECT ENCODING} shows:
 *
 * <ul>
 *   <li><b>intset</b>: all members are integers, packed into the record's body as {@link Intset} describes.
 *   <li><b>listpack</b>: few and short members, packed into the record's body in the order in which they came:
 *       <pre>
 *   +---------------+--------+---------------+--------+---
 *   | length varint | member | length varint | member | ...
 *   +---------------+--------+---------------+--------+---
 *       </pre>
 *   <li><b>hashtable</b>: a table of byte arrays; the record's body is empty.
 * </ul>
 *
 * <p>A set grows from one form into the next by the limits {@code set-max-intset-entries}, {@code set-max-listpack-entries}
 * and {@code set-max-listpack-value}. It does not go back when members leave, except where most of it is popped at once;
 * so does Valkey.
 */
public final class SetValue extends Entry {
    /** More integers than this are never packed, whatever the limits say. */
    private static final int MOST_INTEGERS = 1 << 30;

    private @Nullable MemberTable table;

    /** The set that a record holds in packed form; the record's encoding says in which. */
    public SetValue(byte[] record) {
        super(record);
    }

    private SetValue(byte[] record, MemberTable table) {
        super(record);
        this.table = table;
    }

    /**
     * An empty set in the form that suits what it will hold.
     *
     * @param first the first member to come
     * @param sizeHint how many may come
     */
    public static SetValue create(byte[] record, Slice first, int sizeHint, Config config) {
        if (sizeHint <= config.setMaxIntsetEntries.get() && Numbers.isLong(first)) {
            return ofIntegers(record);
        }
        return sizeHint <= config.setMaxListpackEntries.get()
                ? new SetValue(record)
                : new SetValue(record, new MemberTable());
    }

    /** An empty set that is an intset until something else is added. */
    public static SetValue ofIntegers(byte[] record) {
        KeyRecord.setEncoding(record, KeyRecord.INTSET);
        return new SetValue(record);
    }

    /** An empty set in its large form. */
    public static SetValue ofTable(byte[] record) {
        return new SetValue(record, new MemberTable());
    }

    public boolean isIntset() {
        return table == null && KeyRecord.encoding(record) == KeyRecord.INTSET;
    }

    public boolean isTable() {
        return table != null;
    }

    /** How many bytes each integer of an intset takes. It has some. */
    public int integerBytes() {
        return record[bodyOffset()];
    }

    /** The integers of an intset as they lie, each of {@link #integerBytes}, little endian. */
    public Slice integers(Slice into) {
        int from = bodyOffset() + Intset.HEAD;
        return into.set(record, from, bodyEnd() - from);
    }

    @Override
    public String encoding() {
        return table != null ? "hashtable" : isIntset() ? "intset" : "listpack";
    }

    @Override
    protected @Nullable HashIndex<byte[]> index() {
        return table;
    }

    @Override
    protected long formBytes() {
        MemberTable table = this.table;
        return OBJECT_BYTES + (table == null ? 0 : table.sizeBytes());
    }

    @Override
    public Entry copyWith(byte[] record) {
        MemberTable table = this.table;
        return table == null ? new SetValue(record) : new SetValue(record, table.copy());
    }

    @Override
    public Entry freeze(byte[] record, Loan loan) {
        MemberTable table = this.table;
        return table == null ? new SetValue(record) : new SetValue(record, table.freeze(loan));
    }

    @Override
    public boolean isEmpty() {
        return table != null ? table.size() == 0 : isIntset() ? size() == 0 : bodyOffset() == bodyEnd();
    }

    /** How many members there are. A listpack is counted through. */
    public int size() {
        MemberTable table = this.table;
        if (table != null) {
            return (int) table.size();
        }
        int end = bodyEnd();
        if (isIntset()) {
            return Intset.count(record, bodyOffset(), end);
        }
        int size = 0;
        for (int at = bodyOffset(); at < end; at = after(at)) {
            size++;
        }
        return size;
    }

    public boolean contains(Slice member) {
        MemberTable table = this.table;
        if (table != null) {
            return table.find(member) != null;
        }
        return isIntset() ? Numbers.isLong(member) && indexOf(Numbers.toLong(member)) >= 0 : positionOf(member) >= 0;
    }

    // ---- changing ----

    /** Takes the form for many members at once if that many are about to be added. */
    public void expect(int members, Config config) {
        if (table == null && members > (isIntset() ? config.setMaxIntsetEntries : config.setMaxListpackEntries).get()) {
            becomeTable();
        }
    }

    /** Adds a member. Returns false if it is there already. */
    public boolean add(Slice member, Config config) {
        MemberTable table = this.table;
        if (table != null) {
            return table.add(member);
        }
        if (!isIntset()) {
            return addPacked(member, config);
        }
        if (Numbers.isLong(member)) {
            if (!addInteger(Numbers.toLong(member))) {
                return false;
            }
            if (size() > mostIntegers(config)) {
                becomeTable();
            }
            return true;
        }
        if (fitsListpack(member, config)) {
            becomeListpack();
            append(member);
        } else {
            becomeTable().add(member);
        }
        return true;
    }

    private static long mostIntegers(Config config) {
        return Math.min(config.setMaxIntsetEntries.get(), MOST_INTEGERS);
    }

    private boolean addInteger(long value) {
        int start = bodyOffset();
        int count = size();
        int index = Intset.search(record, start, count, value);
        if (index >= 0) {
            return false;
        }
        index = ~index;
        int needed = Intset.widthOf(value);
        if (count == 0) {
            splice(start, bodyEnd() - start, Intset.HEAD + needed);
            record[start] = (byte) needed;
        } else if (needed > record[start]) {
            widen(start, count, needed);
            splice(start + Intset.HEAD + index * needed, 0, needed);
        } else {
            splice(start + Intset.HEAD + index * record[start], 0, record[start]);
        }
        int width = record[start];
        Intset.write(record, start + Intset.HEAD + index * width, width, value);
        return true;
    }

    /** Makes all integers wider, from the last to the first, so that none is overwritten before it has been read. */
    private void widen(int start, int count, int width) {
        int old = record[start];
        splice(bodyEnd(), 0, count * (width - old));
        for (int i = count - 1; i >= 0; i--) {
            long value = Intset.read(record, start + Intset.HEAD + i * old, old);
            Intset.write(record, start + Intset.HEAD + i * width, width, value);
        }
        record[start] = (byte) width;
    }

    /** Whether an intset, with this member, may be a listpack. Valkey looks at its outermost integers alone. */
    private boolean fitsListpack(Slice member, Config config) {
        long longest = config.setMaxListpackValue.get();
        int count = size();
        if (count >= config.setMaxListpackEntries.get() || member.length() > longest) {
            return false;
        }
        return count == 0 || Numbers.digits(integer(0)) <= longest && Numbers.digits(integer(count - 1)) <= longest;
    }

    private boolean addPacked(Slice member, Config config) {
        int end = bodyEnd();
        int count = 0;
        for (int at = bodyOffset(); at < end; at = after(at)) {
            if (isAt(at, member)) {
                return false;
            }
            count++;
        }
        if (count < config.setMaxListpackEntries.get() && member.length() <= config.setMaxListpackValue.get()) {
            append(member);
        } else {
            becomeTable().add(member);
        }
        return true;
    }

    private void append(Slice member) {
        int length = member.length();
        int at = bodyEnd();
        splice(at, 0, Varint.size(length) + length);
        member.copyTo(record, Varint.write(length, record, at));
    }

    public boolean remove(Slice member) {
        MemberTable table = this.table;
        if (table != null) {
            return table.delete(member);
        }
        int at;
        int length;
        if (isIntset()) {
            int index = Numbers.isLong(member) ? indexOf(Numbers.toLong(member)) : -1;
            length = index < 0 ? 0 : record[bodyOffset()];
            at = index < 0 ? -1 : bodyOffset() + Intset.HEAD + index * length;
        } else {
            at = positionOf(member);
            length = at < 0 ? 0 : after(at) - at;
        }
        if (at < 0) {
            return false;
        }
        splice(at, length, 0);
        return true;
    }

    /** Becomes an intset, if all members are integers and there are not too many. */
    public void becomeIntset(Config config) {
        if (isIntset() || size() > mostIntegers(config)) {
            return;
        }
        List<byte[]> members = copies();
        for (byte[] member : members) {
            if (!Numbers.isLong(member, 0, member.length)) {
                return;
            }
        }
        clear(KeyRecord.INTSET);
        for (byte[] member : members) {
            addInteger(Numbers.toLong(member, 0, member.length));
        }
    }

    private void becomeListpack() {
        List<byte[]> members = copies();
        clear(KeyRecord.LISTPACK);
        for (byte[] member : members) {
            append(new Slice(member));
        }
    }

    private MemberTable becomeTable() {
        MemberTable table = new MemberTable();
        Members members = members();
        while (members.next()) {
            table.add(members.member());
        }
        clear(KeyRecord.LISTPACK);
        this.table = table;
        return table;
    }

    private void clear(int encoding) {
        table = null;
        clearBody();
        KeyRecord.setEncoding(record, encoding);
    }

    private List<byte[]> copies() {
        List<byte[]> copies = new ArrayList<>();
        Members members = members();
        while (members.next()) {
            copies.add(members.member().toBytes());
        }
        return copies;
    }

    // ---- choosing at random ----

    /** Points {@code into} at any member of a set that has some, each with the same probability. */
    public Slice random(RandomGenerator random, Slice into) {
        MemberTable table = this.table;
        if (table != null) {
            byte[] member = table.random(random);
            return member == null ? into : into.set(member, 0, member.length);
        }
        int index = random.nextInt(size());
        if (isIntset()) {
            byte[] digits = Numbers.toBytes(integer(index));
            return into.set(digits, 0, digits.length);
        }
        int at = bodyOffset();
        for (int i = 0; i < index; i++) {
            at = after(at);
        }
        return read(at, into);
    }

    /** Visits {@code count} different members, fewer than there are; any choice is as likely as any other. */
    public void sample(int count, RandomGenerator random, Consumer<Slice> visitor) {
        int left = size();
        int wanted = count;
        if (table != null && wanted < left / 3) {
            MemberTable drawn = new MemberTable();
            Slice member = new Slice();
            while (drawn.size() < wanted) {
                if (drawn.add(random(random, member))) {
                    visitor.accept(member);
                }
            }
            return;
        }
        Members members = members();
        while (wanted > 0 && members.next()) {
            if (random.nextInt(left--) < wanted) {
                visitor.accept(members.member());
                wanted--;
            }
        }
    }

    /**
     * Removes members at random until {@code remaining} are left, and visits the removed ones. Meant for a remainder that is
     * small beside the set: it is drawn, and put into a form of its own.
     */
    public void removeAllBut(int remaining, RandomGenerator random, Config config, Consumer<Slice> visitor) {
        List<byte[]> kept = new ArrayList<>(remaining);
        Slice member = new Slice();
        for (int i = 0; i < remaining; i++) {
            kept.add(random(random, member).toBytes());
            remove(new Slice(kept.getLast()));
        }
        forEach(visitor);
        clear(isIntset() ? KeyRecord.INTSET : KeyRecord.LISTPACK);
        for (byte[] bytes : kept) {
            add(member.set(bytes, 0, bytes.length), config);
        }
    }

    // ---- visiting ----

    /** Visits all members. A visited slice is valid until the next one. */
    public void forEach(Consumer<Slice> visitor) {
        Members members = members();
        while (members.next()) {
            visitor.accept(members.member());
        }
    }

    /** All members; the set must not change meanwhile. Integers come in ascending order, packed members as they came. */
    public Members members() {
        return new Members();
    }

    /** Visits some members, all of a packed set, from a cursor on; returns the cursor of the rest, 0 if there is none. */
    public long scan(long cursor, int count, Consumer<Slice> visitor) {
        MemberTable table = this.table;
        if (table == null) {
            forEach(visitor);
            return 0;
        }
        Slice slice = new Slice();
        return table.scan(cursor, count, member -> visitor.accept(slice.set(member, 0, member.length)));
    }

    /** Goes through the members of a set one by one. */
    public final class Members {
        private final Slice member = new Slice();
        private final byte[] digits;
        private final @Nullable Iterator<byte[]> items;
        private int at;

        private Members() {
            MemberTable table = SetValue.this.table;
            items = table == null ? null : table.iterator();
            digits = new byte[isIntset() ? Numbers.MAX_DIGITS : 0];
            at = bodyOffset() + (isIntset() ? Intset.HEAD : 0);
        }

        /** Goes to the next member, the first at first. Returns false if there is none. */
        public boolean next() {
            if (items != null) {
                if (!items.hasNext()) {
                    return false;
                }
                byte[] item = items.next();
                member.set(item, 0, item.length);
                return true;
            }
            if (at >= bodyEnd()) {
                return false;
            }
            if (digits.length > 0) {
                int width = record[bodyOffset()];
                member.set(digits, 0, Numbers.write(Intset.read(record, at, width), digits, 0));
                at += width;
            } else {
                read(at, member);
                at = after(at);
            }
            return true;
        }

        /** The present member; valid until {@link #next}. */
        public Slice member() {
            return member;
        }
    }

    // ---- the packed forms ----

    private long integer(int index) {
        return Intset.get(record, bodyOffset(), index);
    }

    private int indexOf(long value) {
        return Intset.search(record, bodyOffset(), size(), value);
    }

    /** The position of a member in a listpack, or -1. */
    private int positionOf(Slice member) {
        int end = bodyEnd();
        for (int at = bodyOffset(); at < end; at = after(at)) {
            if (isAt(at, member)) {
                return at;
            }
        }
        return -1;
    }

    private boolean isAt(int at, Slice member) {
        return Varint.read(record, at) == member.length()
                && member.contentEquals(record, at + Varint.sizeAt(record, at), member.length());
    }

    private int after(int at) {
        return at + Varint.sizeAt(record, at) + Varint.read(record, at);
    }

    private Slice read(int at, Slice into) {
        return into.set(record, at + Varint.sizeAt(record, at), Varint.read(record, at));
    }
}
