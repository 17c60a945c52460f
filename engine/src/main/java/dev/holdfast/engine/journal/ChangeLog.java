package dev.holdfast.engine.journal;

/**
 * The changes of the store in their order, as the commands that repeat them. The append-only file and replicas read it; without
 * readers it costs a look at one field.
 *
 * <p><b>Two streams.</b> The append-only file reads one, replicas the other. They differ in little: a message to a channel is for
 * replicas only, a script may choose, and each stream has its own selected database and its own offset. While the store is itself a
 * replica, its replicas get what its primary sends and nothing else: {@link #setFollowing}.
 *
 * <p><b>Order.</b> A command is appended while the shards of its keys are locked. So commands that touch the same key stand in
 * the order in which they ran; of commands that have nothing in common either may come first, which makes no
 * difference. Beneath the shards' locks each stream has one of its own, held for copying the bytes.
 *
 * <p><b>What is appended</b> is not always what was asked for. Run again, later, elsewhere, it must do the same: SPOP is appended as
 * SREM of what was popped, EXPIRE as PEXPIREAT, BLPOP as the LPOP that it came to; a key that expires, as UNLINK. The handlers
 * say so with {@code Call.propagateAs}. What belongs together, because it ran as one step, stands between MULTI and EXEC.
 *
 * <p><b>Answers wait.</b> A thread that sends replies first looks at {@link #isPending} and lets the readers {@link #commit}: so no client
 * sees a change, his own or another's, before the append-only file has it. One commit serves all who gathered meanwhile. Replicas are
 * not waited for.
 */
public final class ChangeLog {
    private final ChangeStream file = new ChangeStream();
    private final ChangeStream replicas = new ChangeStream();
    private volatile boolean on;
    private volatile boolean following;
    private volatile long committed;

    /** Whether there is a reader. */
    public boolean isOn() {
        return on;
    }

    /** How many bytes the append-only file has been given since the store was opened. */
    public long offset() {
        return file.offset();
    }

    /** The stream that replicas read. */
    public ChangeStream replicas() {
        return replicas;
    }

    /** Whether something has been appended that readers have not secured: replies are to wait for {@link #commit}. */
    public boolean isPending() {
        return file.offset() != committed;
    }

    /** Lets the readers secure what has been appended until now. The caller holds no lock of the store. */
    public void commit() {
        long upTo = file.offset();
        for (ChangeReader reader : file.readers()) {
            reader.commit();
        }
        synchronized (this) {
            committed = Math.max(committed, upTo);
        }
    }

    /** As {@link #commit}, for a caller in this JVM: only where a reader cannot wait until it does so by itself. */
    public void commitIfUrgent() {
        if (isPending()) {
            for (ChangeReader reader : file.readers()) {
                if (reader.urgesCallers()) {
                    commit();
                    return;
                }
            }
        }
    }

    /** Adds a reader of the append-only file's stream. The caller holds all shards, so that it misses nothing that comes later. */
    public synchronized void subscribe(ChangeReader reader) {
        file.subscribe(reader);
        on = true;
    }

    public synchronized void unsubscribe(ChangeReader reader) {
        file.unsubscribe(reader);
        on = file.isOn() || replicas.isOn();
    }

    /** Adds a reader of the replicas' stream. */
    public synchronized void subscribeReplica(ChangeReader reader) {
        replicas.subscribe(reader);
        on = true;
    }

    public synchronized void unsubscribeReplica(ChangeReader reader) {
        replicas.unsubscribe(reader);
        on = file.isOn() || replicas.isOn();
    }

    /** Says whether the replicas' stream is what another server sends. All shards are locked. */
    public void setFollowing(boolean following) {
        this.following = following;
    }

    /** Lets the next change begin with a SELECT, whatever came before; for a reader that begins a new file. */
    public void forgetDatabase() {
        file.forgetDatabase();
    }

    /**
     * Appends a change. Its shards are locked.
     *
     * @param atomic whether several commands are to be wrapped in MULTI and EXEC
     * @return the offset in the append-only file's stream behind it
     */
    public long append(ChangeUnit unit, boolean atomic) {
        if (replicas.isOn() && !following) {
            replicas.append(unit.forReplicas(), atomic);
        }
        return file.isOn() ? file.append(unit, atomic) : file.offset();
    }
}
