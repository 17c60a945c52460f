package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.ByteAccount;
import dev.holdfast.engine.structures.IdMap;

/** A member of a {@link ConsumerGroup}, and what it has been given and has not acknowledged. */
public final class StreamConsumer {
    /** The {@link #activeTime} of a consumer that has never been given anything. */
    public static final long NEVER = -1;

    private final Slice name;
    private final IdMap<PendingEntry> pending;
    private long seenTime;
    private long activeTime = NEVER;

    StreamConsumer(Slice name, long now, ByteAccount account) {
        this(name, now, new IdMap<>(account));
    }

    private StreamConsumer(Slice name, long now, IdMap<PendingEntry> pending) {
        this.name = name;
        this.pending = pending;
        this.seenTime = now;
    }

    /** A consumer with the same entries; they still name this one as theirs. */
    StreamConsumer freeze(ByteAccount account) {
        StreamConsumer frozen = new StreamConsumer(name, seenTime, pending.copy(account));
        frozen.activeTime = activeTime;
        return frozen;
    }

    public Slice name() {
        return name;
    }

    /** Only the group changes it. */
    public IdMap<PendingEntry> pending() {
        return pending;
    }

    /** When the consumer tried to read or claim last. */
    public long seenTime() {
        return seenTime;
    }

    public void seen(long now) {
        seenTime = now;
    }

    /** When it was given something last. */
    public long activeTime() {
        return activeTime;
    }

    public void active(long now) {
        activeTime = now;
    }
}
