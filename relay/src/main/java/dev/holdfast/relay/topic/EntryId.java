package dev.holdfast.relay.topic;

import org.jspecify.annotations.Nullable;

/** The id of an entry of a stream, {@code milliseconds-number}, as a position in it. */
record EntryId(long millis, long sequence) implements Comparable<EntryId> {
    static final EntryId ZERO = new EntryId(0, 0);

    /** Reads an id, whose second part may be left out; null if it is none. */
    static @Nullable EntryId parse(String text) {
        int dash = text.indexOf('-');
        try {
            return dash < 0
                    ? new EntryId(Long.parseUnsignedLong(text), 0)
                    : new EntryId(
                            Long.parseUnsignedLong(text.substring(0, dash)),
                            Long.parseUnsignedLong(text.substring(dash + 1)));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    @Override
    public int compareTo(EntryId other) {
        int order = Long.compareUnsigned(millis, other.millis);
        return order != 0 ? order : Long.compareUnsigned(sequence, other.sequence);
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(millis) + "-" + Long.toUnsignedString(sequence);
    }
}
