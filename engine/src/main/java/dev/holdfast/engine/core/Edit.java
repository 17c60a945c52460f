package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.keyspace.AccessClock;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.keyspace.StringItem;
import dev.holdfast.engine.keyspace.ValueType;
import org.jspecify.annotations.Nullable;

/**
 * A key that a command changes. What the key holds is changed through its edit, and the change is reported there, once: {@link
 * #done} for one that leaves something under the key, {@link #remove(Event)} for one that does not.
 *
 * <p>The report counts the change, tells watchers, caches of clients and blocked clients, publishes the event, and removes a
 * collection that has become empty. Beyond that nothing is to be remembered: the account of memory, the table's knowledge of what
 * expires inside a value, and the log of changes are brought up to date when the command ends.
 *
 * <p>Under assertions a command fails that has changed what a key holds and has not reported that.
 *
 * <p>Edits belong to their {@link Call}, which uses them again and again: after its report an edit is good for further events
 * only, and not beyond the next one that begins. Several may be open at the same time, also of keys in one table.
 *
 * @param <V> the type of the value
 */
public final class Edit<V extends Entry> {
    private final Call call;
    private final Engine engine;

    private Slice key = new Slice();
    private int database;
    private KeyTable table;
    private @Nullable Object item;

    /** The value whose size and form were noted before it changes, or null for none. */
    private @Nullable Entry opened;

    private long openedBytes;
    private boolean fieldsExpired;

    // Only under assertions.
    private long fingerprint;
    private boolean reported;

    Edit(Call call, KeyTable table) {
        this.call = call;
        this.engine = call.engine();
        this.table = table;
    }

    /**
     * @param item what has just been found under the key
     */
    void begin(Slice key, int database, KeyTable table, @Nullable Object item) {
        this.key = key;
        this.database = database;
        this.table = table;
        this.item = item;
        assert noteBefore();
    }

    private boolean noteBefore() {
        fingerprint = Fingerprint.of(item);
        reported = false;
        return true;
    }

    /** Whether the key holds what it held when the edit began, or a change was reported. */
    boolean isReported() {
        return reported || fingerprint == Fingerprint.of(table.find(key));
    }

    void noteReport(Slice changedKey, int changedDatabase) {
        reported |= changedDatabase == database && changedKey.equals(key);
    }

    /** Notes the size of a value before it changes. */
    void open(Entry value) {
        if (opened != value) {
            settle();
            openedBytes = table.open(value);
            fieldsExpired = KeyRecord.fieldsExpire(value.record());
            opened = value;
        }
    }

    /** Brings the table's accounts up to date with what has become of the value. */
    private void settle() {
        Entry value = opened;
        if (value != null) {
            table.adjust(value.sizeBytes() - openedBytes);
            opened = null;
            if (value == item && KeyRecord.fieldsExpire(value.record()) != fieldsExpired) {
                seek();
                table.refresh(value);
            }
        }
    }

    /** Brings the accounts up to date and lets go of the value. */
    void end() {
        settle();
        item = null;
    }

    /** Lets the table stand at the key. */
    private void seek() {
        if (!table.isAt(key)) {
            table.find(key);
        }
    }

    // ---- looking ----

    public Slice key() {
        return key;
    }

    /** What the key holds, or null. */
    public @Nullable Object item() {
        return item;
    }

    /** The value of the key, or null. Only of an edit that was given a type. */
    @SuppressWarnings("unchecked") // the item was cast when the edit began
    public @Nullable V value() {
        return (V) opened;
    }

    /** Whether nothing is left in the value, so that the next report removes the key. */
    public boolean isEmpty() {
        return opened != null && opened.isEmpty();
    }

    public boolean exists() {
        return item != null;
    }

    /** When the key expires in milliseconds since 1970, or {@link KeyRecord#NEVER}. */
    public long expireAt() {
        return item == null ? KeyRecord.NEVER : KeyRecord.expireAt(KeyTable.record(item));
    }

    // ---- strings ----

    /** Gives the key a string without an expiry, in place where it fits. */
    public void setString(Slice value) {
        setString(value, call.encodingOf(value), KeyRecord.NEVER);
    }

    /**
     * Gives the key a string, in place where it fits.
     *
     * @param newEncoding see {@link Call#encodingOf}
     * @param expireAt milliseconds since 1970, or {@link KeyRecord#NEVER}
     */
    public void setString(Slice value, int newEncoding, long expireAt) {
        Object old = item;
        int encoding = StringItem.encodingAfter(old, key, value, newEncoding, expireAt);
        if (old instanceof byte[] record && table.setInPlace(record, value, encoding, expireAt)) {
            return;
        }
        if (old instanceof LargeString large
                && value.length() > LargeString.THRESHOLD_BYTES
                && KeyRecord.hasExpiry(large.record()) == (expireAt != KeyRecord.NEVER)) {
            open(large);
            large.set(value, call.client().lane().spareArrays);
            KeyRecord.withExpiry(large.record(), expireAt);
            return;
        }
        Object string = StringItem.create(key, value, encoding, expireAt);
        if (old == null) {
            insert(string);
        } else {
            replace(old, string);
        }
    }

    /** Gives the key an integer as its string, and leaves its expiry. */
    public void setInteger(long value) {
        if (item instanceof byte[] record && table.setInPlace(record, value)) {
            return;
        }
        byte[] digits = Numbers.toBytes(value);
        setString(call.scratch().set(digits, 0, digits.length), KeyRecord.INT, expireAt());
    }

    /**
     * Overwrites a part of the string from an offset on, and leaves its expiry; a gap becomes zeros. Where there is no string,
     * one is created.
     */
    public void writeString(int offset, Slice data) {
        Object old = item;
        long end = (long) offset + data.length();
        boolean grows = !(old instanceof LargeString large) || end > large.capacity();
        if (grows) {
            call.needRoom(end);
        }
        if (old == null) {
            old = KeyRecord.create(ValueType.STRING, KeyRecord.RAW, key, KeyRecord.NEVER, 0);
            insert(old);
        }
        if (old instanceof LargeString large) {
            open(large);
            large.write(offset, data);
        } else if (old instanceof byte[] record) {
            seek();
            item = table.write(record, offset, data);
        } else {
            throw CommandException.wrongType();
        }
        if (grows) {
            engine.eviction().grew(end);
        }
    }

    // ---- values and keys ----

    /** Puts a new value under the key, which holds nothing. Its record must hold the key. */
    public V create(V value) {
        insert(value);
        return value;
    }

    /** Puts an item under the key, which holds nothing. Its record must hold the key. */
    public void insert(Object newItem) {
        if (item != null) {
            throw new IllegalStateException("the key exists");
        }
        KeyRecord.setAccessClock(KeyTable.record(newItem), engine.keyspace().accessClock());
        seek();
        table.insert(newItem);
        item = newItem;
        if (newItem instanceof Entry entry) {
            open(entry);
            engine.eviction().grew(openedBytes);
        }
        engine.events().event(Event.NEW, database, key);
    }

    /** Gives the key a value in place of whatever it held; an expiry goes too. The value's record must hold the key. */
    public void store(Entry value) {
        Object old = item;
        if (old == null) {
            insert(value);
        } else {
            replace(old, value);
            open(value);
            engine.eviction().grew(openedBytes);
        }
    }

    private void replace(Object old, Object newItem) {
        settle();
        AccessClock clock = engine.keyspace().clock();
        // How often the key is used, it keeps.
        int used = clock.countsFrequency() ? KeyRecord.accessClock(KeyTable.record(old)) : clock.fresh();
        KeyRecord.setAccessClock(KeyTable.record(newItem), used);
        seek();
        table.replace(old, newItem);
        item = newItem;
    }

    /** Gives what the key holds an expiry in milliseconds since 1970, or none. */
    public void setExpiry(long expireAt) {
        if (item != null) {
            seek();
            item = table.setExpiry(item, expireAt);
        }
    }

    /** Removes the key because the expiry that it is given is over, and reports that. */
    public void expire() {
        if (item != null) {
            settle();
            seek();
            call.removeExpired(table, key, database);
            call.propagateNothing();
            item = null;
            count(1);
            finish();
        }
    }

    /** Takes away what the key holds, and returns it; null where there was nothing. The change is yet to be reported. */
    public @Nullable Object take() {
        Object taken = item;
        if (taken != null) {
            settle();
            seek();
            table.remove();
            item = null;
        }
        return taken;
    }

    // ---- reporting ----

    /** Removes the key and reports one change. Returns false, and does nothing, where it holds nothing. */
    public boolean remove(Event event) {
        return remove(event, 1);
    }

    public boolean remove(Event event, long changes) {
        boolean removed = take() != null;
        if (removed) {
            done(event, changes);
        } else {
            finish();
        }
        return removed;
    }

    /** Reports one change. */
    public void done(Event event) {
        done(event, 1);
    }

    /**
     * Reports changes: counts them; tells those who watch the key, may have cached it or wait for it; publishes the event; and
     * removes the key if nothing is left in its value.
     *
     * @param changes how many, as Valkey counts them; 0 where another key's report counts them
     */
    public void done(Event event, long changes) {
        count(changes);
        call.changed().add(key, database);
        event(event);
        if (isEmpty() && take() != null) {
            event(Event.DEL);
        }
        finish();
    }

    /** As {@link #done(Event, long)}, without an event. */
    public void doneSilently(long changes) {
        count(changes);
        call.changed().add(key, database);
        finish();
    }

    /**
     * Counts changes that are none of the value to those who watch it, may have cached it or wait for it, such as to the groups of a
     * stream.
     */
    public void doneWithin(long changes) {
        count(changes);
        finish();
    }

    /** As {@link #doneWithin(long)} for one change, with an event. */
    public void doneWithin(Event event) {
        event(event);
        doneWithin(1);
    }

    private void count(long changes) {
        call.addDirty(changes);
        if (engine.replication().isReplica() && !call.client().isReplaying()) {
            engine.ownKeys().note(database, key);
        }
        assert call.edits().noteReport(key, database);
    }

    /** The report is made. What is left for the end of the command is the account of an open value. */
    private void finish() {
        if (opened == null) {
            call.edits().end(this);
        }
    }

    /** Lets those who wait for the key look at it again, after a change that is none to those who watch it. */
    public void wake() {
        call.changed().wake(key, database);
    }

    /** Publishes an event beside that of the report. */
    public void event(Event event) {
        engine.events().event(event, database, key);
    }
}
