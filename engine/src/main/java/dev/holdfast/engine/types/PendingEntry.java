package dev.holdfast.engine.types;

import dev.holdfast.engine.structures.IdMap;

/** An entry that was delivered to a consumer and not acknowledged yet. The group and the consumer share it. */
public final class PendingEntry extends IdMap.Element {
    static final int OBJECT_BYTES = 48;

    private StreamConsumer consumer;
    private long deliveryTime;
    private long deliveries;

    PendingEntry(StreamId id, StreamConsumer consumer, long deliveryTime, long deliveries) {
        super(id.ms(), id.seq());
        this.consumer = consumer;
        this.deliveryTime = deliveryTime;
        this.deliveries = deliveries;
    }

    PendingEntry copyFor(StreamConsumer owner) {
        return new PendingEntry(id(), owner, deliveryTime, deliveries);
    }

    public StreamId id() {
        return new StreamId(ms(), seq());
    }

    public StreamConsumer consumer() {
        return consumer;
    }

    void setConsumer(StreamConsumer consumer) {
        this.consumer = consumer;
    }

    /** When it was delivered last, in milliseconds since 1970. */
    public long deliveryTime() {
        return deliveryTime;
    }

    public long deliveries() {
        return deliveries;
    }

    /** Notes a delivery. */
    void delivered(long time, long count) {
        deliveryTime = time;
        deliveries = count;
    }
}
