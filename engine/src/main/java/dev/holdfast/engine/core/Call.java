package dev.holdfast.engine.core;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.NoReply;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.journal.ChangeUnit.Target;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.StringItem;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.upkeep.Expiry;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One command being run: its words, who sent it, where the answer goes, and the way to the keyspace. This is all that a
 * handler sees.
 *
 * <p>A handler reads its arguments, makes one call on a value, writes the reply, and changes keys through {@link #edit}.
 * The shards of the declared keys are locked while it runs. Each client has one call object, used again and again.
 */
public final class Call implements Client.Runner {
    private final Engine engine;
    private final Client client;
    private final Keyspace keyspace;
    private final Slice scratch = new Slice();
    private final Edits edits = new Edits(this);
    private final ChangedKeys changed;
    private final Propagation propagation;

    private CommandSpec spec;
    private Args args;
    private Reply reply;

    private Origin origin;

    private long now;
    private long nowMicros;
    private long heldShards;
    private long dirty;
    private boolean inTransaction;
    private @Nullable Handler rest;
    private long suspendedSince;
    private volatile @Nullable ScriptRun script;
    private boolean blocked;

    Call(Engine engine, Client client) {
        this.engine = engine;
        this.client = client;
        this.keyspace = engine.keyspace();
        this.changed = new ChangedKeys(engine, client);
        this.propagation = new Propagation(engine.changes(), client);
        this.spec = engine.commands().byId(0);
        this.args = new Args();
        this.reply = NoReply.INSTANCE;
        this.origin = Origin.CLIENT;
    }

    /** Points the call at a command. The time is read again unless the command is part of a transaction. */
    void begin(Origin from, CommandSpec spec, Args args, Reply reply) {
        this.origin = from;
        this.spec = spec;
        this.args = args;
        this.reply = reply;
        this.blocked = false;
        propagation.begin();
        if (!inTransaction) {
            now = 0;
            nowMicros = 0;
        }
    }

    /** Brings the memory account up to date with what the command has done. */
    void settle() {
        edits.end();
        if (!inTransaction) {
            changed.broadcast();
        }
    }

    void setInTransaction(boolean inTransaction) {
        this.inTransaction = inTransaction;
        now = 0;
        nowMicros = 0;
        if (!inTransaction) {
            changed.broadcast();
        }
    }

    /** Where the command comes from. */
    Origin origin() {
        return origin;
    }

    /** Whether a script calls the command. */
    public boolean isInScript() {
        return origin == Origin.SCRIPT;
    }

    Edits edits() {
        return edits;
    }

    /** Those who observe the keys that the command changes. */
    ChangedKeys changed() {
        return changed;
    }

    // ---- scripts ----

    /** Makes the call that of a script. */
    void beginScript(ScriptRun run) {
        script = run;
        if (!inTransaction) {
            setInTransaction(true);
        }
    }

    /** Ends a script. If it is no part of a transaction, its changes are appended to the log. */
    void endScript(boolean append) {
        script = null;
        propagation.setTarget(Target.ALL);
        if (append) {
            setInTransaction(false);
            endUnit();
        }
    }

    /** The script that the client runs, or null; any thread may ask. */
    @Nullable
    ScriptRun script() {
        return script;
    }

    /** The script that calls the command. */
    ScriptRun running() {
        ScriptRun run = script;
        if (run == null) {
            throw new IllegalStateException("no script is running");
        }
        return run;
    }

    /** Where the changes that follow are sent; a script may choose. */
    void setTarget(Target target) {
        propagation.setTarget(target);
    }

    /** Lets a script begin that says of itself that it writes, or throws the error that it gets. */
    public void admitWriting(boolean allowsOutOfMemory) {
        engine.gate().admitWriting(this, allowsOutOfMemory);
    }

    /** Lets a script begin that does not say of itself that it may see old data, or throws the error that it gets. */
    public void admitStale() {
        engine.gate().admitStale(this);
    }

    /**
     * Leaves the command unfinished and lets its thread serve others. Its locks stay held.
     *
     * @param rest goes on with it; may suspend it again
     */
    public void suspend(Handler rest) {
        this.rest = rest;
    }

    boolean isSuspended() {
        return rest != null;
    }

    Handler takeRest() {
        Handler taken = rest;
        if (taken == null) {
            throw new IllegalStateException("not suspended");
        }
        rest = null;
        return taken;
    }

    long suspendedSince() {
        return suspendedSince;
    }

    void setSuspendedSince(long nanos) {
        suspendedSince = nanos;
    }

    void setHeldShards(long mask) {
        heldShards = mask;
    }

    /** The shards that are locked for the command, or for the transaction that it is part of. */
    long heldShards() {
        return heldShards;
    }

    // ---- the command ----

    public Engine engine() {
        return engine;
    }

    public Client client() {
        return client;
    }

    public CommandSpec spec() {
        return spec;
    }

    public Config config() {
        return engine.config();
    }

    public Reply reply() {
        return reply;
    }

    public Args args() {
        return args;
    }

    public int argCount() {
        return args.count();
    }

    /** A word of the command; 0 is its name. */
    public Slice arg(int index) {
        return args.get(index);
    }

    /** The time of the command in milliseconds since 1970. It stands still while a command or a transaction runs. */
    public long now() {
        if (now == 0) {
            now = engine.clock().millis();
        }
        return now;
    }

    /** The same in microseconds, for TIME. */
    public long nowMicros() {
        if (nowMicros == 0) {
            nowMicros = engine.clock().micros();
        }
        return nowMicros;
    }

    /**
     * Whether an expiry that the command gives is over already, so that what it is given to goes at once. A source of data says
     * itself when that goes: an import, and a log that is repeated.
     */
    public boolean isOver(long expireAt) {
        return expireAt <= now() && !engine.config().importMode.get() && !client.isReplaying();
    }

    /** Whether the command runs inside EXEC, where nothing may block. */
    public boolean inTransaction() {
        return inTransaction;
    }

    public int database() {
        return client.database();
    }

    // ---- arguments ----

    public long longArg(int index) {
        return NumberWords.toLong(arg(index));
    }

    /** An integer between bounds; {@code message} is the whole error where it is none. */
    public long longArg(int index, long min, long max, String message) {
        return NumberWords.toLong(arg(index), min, max, message);
    }

    /** An integer that is not negative; Valkey's message for one that is out of range. */
    public long positiveArg(int index) {
        return longArg(index, 0, Long.MAX_VALUE, "ERR value is out of range, must be positive");
    }

    public double doubleArg(int index) {
        return doubleArg(index, "ERR value is not a valid float");
    }

    public double doubleArg(int index, String message) {
        return NumberWords.toDouble(arg(index), message);
    }

    /** The number of a database. */
    public int databaseArg(int index) {
        return NumberWords.toDatabase(arg(index), keyspace.databases());
    }

    /** A time to wait in seconds with a fraction, as milliseconds; 0 means for ever. */
    public long timeoutArg(int index) {
        return NumberWords.toTimeout(arg(index), now());
    }

    // ---- reading the keyspace ----

    /** The table in which a key of the selected database belongs. */
    public KeyTable table(Slice key) {
        return table(key, client.database());
    }

    public KeyTable table(Slice key, int database) {
        return keyspace.shardOf(key).table(database);
    }

    /**
     * The item of a key, or null where there is none or it has expired, in which case it is removed. After a null the table
     * is ready for {@link KeyTable#insert}. Neither counts nor touches.
     */
    public @Nullable Object find(Slice key, int database) {
        KeyTable table = table(key, database);
        Object item = table.find(key);
        if (item == null) {
            return null;
        }
        byte[] record = KeyTable.record(item);
        if (KeyRecord.hasExpiry(record) && KeyRecord.isExpired(record, now())) {
            return findExpired(table, item, key, database);
        }
        return item;
    }

    private @Nullable Object findExpired(KeyTable table, Object item, Slice key, int database) {
        return switch (engine.expiry().policy(client, spec)) {
            case IGNORE -> item;
            case HIDE -> null;
            case REMOVE -> {
                removeExpired(table, key, database);
                table.find(key);
                yield null;
            }
        };
    }

    /** Removes the key that {@code table} has just found and that has expired, and reports that. */
    void removeExpired(KeyTable table, Slice key, int database) {
        Expiry expiry = engine.expiry();
        expiry.remove(table, key, database);
        changed.add(key, database);
        propagateBeside(database, expiry.removalWord(), key);
    }

    /** Whether the time of an item of a table is over, so that {@link #find} would not return it. */
    public boolean isExpired(Object item) {
        return KeyRecord.isExpired(KeyTable.record(item), now())
                && engine.expiry().policy(client, spec) != Expiry.Policy.IGNORE;
    }

    public @Nullable Object find(Slice key) {
        return find(key, client.database());
    }

    /** The item of a key that is to be read: counts a hit or a miss and notes the access. */
    public @Nullable Object lookup(Slice key) {
        Object item = peek(key);
        if (item != null) {
            touch(item);
        }
        return item;
    }

    /** As {@link #lookup}, but asking about the key is no access to its value. */
    public @Nullable Object peek(Slice key) {
        Object item = inspect(key);
        if (item == null) {
            engine.events().event(Event.KEYMISS, client.database(), key);
        }
        return item;
    }

    /** As {@link #peek}, but without an event for a key that is not there. */
    public @Nullable Object inspect(Slice key) {
        Object item = find(key);
        if (item == null) {
            client.lane().misses++;
        } else {
            client.lane().hits++;
        }
        return item;
    }

    /** Notes an access to an item, even by a client that wants none noted. */
    public void access(Object item) {
        keyspace.clock().touch(KeyTable.record(item), engine.random());
    }

    /** Notes that an item has been used. */
    void touch(Object item) {
        if (client.noTouch()) {
            return;
        }
        keyspace.clock().touch(KeyTable.record(item), engine.random());
    }

    public boolean exists(Slice key) {
        return find(key) != null;
    }

    /** The value of a key, to be read, or null. */
    public <V extends Entry> @Nullable V read(Slice key, Class<V> type) {
        return cast(lookup(key), type);
    }

    /** The value of an item that {@link #find} has returned, as this type. */
    public static <V extends Entry> @Nullable V cast(@Nullable Object item, Class<V> type) {
        if (item == null) {
            return null;
        }
        if (!type.isInstance(item)) {
            throw CommandException.wrongType();
        }
        return type.cast(item);
    }

    /** A slice for the handler's own use. Also used by {@link #string}. */
    public Slice scratch() {
        return scratch;
    }

    /** The string that a key holds, to be read, or null. Valid until the next call of this kind. */
    public @Nullable Slice string(Slice key) {
        return stringOf(lookup(key), scratch);
    }

    /** The string that an item holds, or null for none. */
    public static @Nullable Slice stringOf(@Nullable Object item, Slice into) {
        Slice value = StringItem.value(item, into);
        if (value == null && item != null) {
            throw CommandException.wrongType();
        }
        return value;
    }

    // ---- changing the keyspace ----

    /** Begins the change of a key's value. */
    public <V extends Entry> Edit<V> edit(Slice key, Class<V> type) {
        V value = cast(find(key), type);
        Edit<V> edit = edits.begin(key, client.database(), value);
        if (value != null) {
            touch(value);
            edit.open(value);
        }
        return edit;
    }

    /** Begins the change of a key that may hold anything. */
    public Edit<Entry> edit(Slice key) {
        return edit(key, client.database());
    }

    /** Begins the change of a key in any database. */
    public Edit<Entry> edit(Slice key, int database) {
        Object item = find(key, database);
        if (item != null) {
            touch(item);
        }
        return edits.begin(key, database, item);
    }

    /** The encoding of a value just given, see {@link StringItem#encodingOf}; a script's words stay text, as in Valkey. */
    public int encodingOf(Slice value) {
        return isInScript() ? KeyRecord.EMBSTR : StringItem.encodingOf(value);
    }

    /** Begins the change of a key whose item {@link #lookup} has just returned. */
    public Edit<Entry> editFound(Slice key, @Nullable Object item) {
        return edits.begin(key, client.database(), item);
    }

    /** Fails where the heap has no room for something of so many bytes that is about to be made. */
    public void needRoom(long bytes) {
        if (!HeapRoom.has(bytes)) {
            throw CommandException.outOfMemory();
        }
    }

    /** A record for a value of this type that is to be put under the key. */
    public static byte[] newRecord(ValueType type, Slice key) {
        return KeyRecord.create(type, 0, key, KeyRecord.NEVER, 0);
    }

    /** Marks every key of a database that a client waits for as possibly changed; after SWAPDB and the like. */
    public void wakeAll(int database) {
        changed.wakeAll(database);
    }

    /** Counts changes that no key stands for, as FLUSHALL's. */
    public void addDirty(long changes) {
        dirty += changes;
    }

    long takeDirty() {
        long taken = dirty;
        dirty = 0;
        return taken;
    }

    // ---- the log of changes ----

    /**
     * What is to be written to the {@link ChangeLog} in place of the command itself, because that would not do the same when it
     * is run again: SREM for SPOP, PEXPIREAT for EXPIRE. Called several times, it stands for several commands. Words are
     * strings, byte arrays, slices or integers.
     */
    public void propagateAs(Object... words) {
        propagation.retell(words);
    }

    /** Lets nothing be written to the log of changes, but what {@link #propagateAs} says. */
    public void propagateNothing() {
        propagation.retellNothing();
    }

    /** Lets the command be written to the log of changes although it counts no change. */
    public void propagate() {
        propagation.tell(args);
    }

    /** Lets replicas alone get the command although it changes nothing: a message. */
    public void propagateToReplicas() {
        propagation.tellReplicas(args);
    }

    /** Whether changes have readers. What is only prepared for {@link #propagateAs} can be left out if not. */
    public boolean isLogged() {
        return propagation.isOn();
    }

    /**
     * Writes to the log of changes something that happened beside the command, such as the removal of an expired key that it
     * came upon. A command that takes locks by itself has to tell it at once, while it still holds them.
     */
    public void propagateBeside(int database, Object... words) {
        if (isLogged()) {
            propagation.tellBeside(database, words);
            if (spec.is(CommandFlag.VISITS_SHARDS) && !inTransaction) {
                endUnit();
            }
        }
    }

    /** Takes note of the end of a command that changed something or nothing; the log is being read. */
    void endLogged(boolean hasChanged) {
        if (hasChanged) {
            propagation.tell(args);
        }
        if (!inTransaction) {
            endUnit();
        }
    }

    /**
     * Appends what has gathered to the log of changes: at the end of a command, and of a transaction, while its locks are held.
     */
    void endUnit() {
        propagation.append(spec);
    }

    // ---- waiting ----

    boolean hasBlocked() {
        return blocked;
    }

    /** Says that the command has failed before it was registered as waiting. */
    void doesNotBlock() {
        blocked = false;
    }

    /**
     * Makes the client wait until one of the keys may have what the command needs; it is then run again. Where nothing may
     * wait, inside a transaction, the command answers at once as if its time were over.
     *
     * @param timeoutMillis 0 for ever
     * @param wanted the type of value that can serve the command
     * @param firstKey index of the first key among the words
     * @param lastKey index of the last
     * @param timeoutReply writes the answer when the time is over
     */
    public void block(long timeoutMillis, ValueType wanted, int firstKey, int lastKey, Consumer<Reply> timeoutReply) {
        if (mayBlock(timeoutReply)) {
            engine.blocking().block(this, args.copy(), timeoutMillis, wanted, false, firstKey, lastKey, timeoutReply);
        }
    }

    /**
     * As {@link #block(long, ValueType, int, int, Consumer)}, for a command that is run again with other words than it came
     * with.
     *
     * @param words copies of the words, in place of the call's
     * @param wakesOnLoss whether the command is also to run again when a key goes or gets another type
     */
    public void block(
            Args words,
            long timeoutMillis,
            ValueType wanted,
            boolean wakesOnLoss,
            int firstKey,
            int lastKey,
            Consumer<Reply> timeoutReply) {
        if (mayBlock(timeoutReply)) {
            engine.blocking().block(this, words, timeoutMillis, wanted, wakesOnLoss, firstKey, lastKey, timeoutReply);
        }
    }

    /** As {@link #block}, but nothing other than time, or another client, ends the wait. */
    public void blockForTime(long timeoutMillis, Consumer<Reply> timeoutReply) {
        block(timeoutMillis, ValueType.STRING, 1, 0, timeoutReply);
    }

    /** Answers where nothing may wait. Returns whether the client is to be registered as waiting. */
    private boolean mayBlock(Consumer<Reply> timeoutReply) {
        if (inTransaction) {
            timeoutReply.accept(reply);
            return false;
        }
        blocked = true;
        return origin != Origin.WAIT;
    }
}
