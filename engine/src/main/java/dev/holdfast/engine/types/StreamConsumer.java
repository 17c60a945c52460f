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
        this.name = name;
        this.pending = new IdMap<>(account);
        this.seenTime = now;
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
