package dev.holdfast.toolkit.store;

import java.util.List;

/** What a subscription is to: channels by name, all channels that match glob patterns, or sharded channels. */
public record Channels(Kind kind, List<String> names) {
    public enum Kind {
        /** Channels by their names. */
        NAMED,
        /** All channels whose names match one of the patterns. */
        MATCHING,
        /** Channels that live in the slot of their name; a cluster does not carry them from node to node. */
        SHARDED
    }

    public static Channels named(String... names) {
        return new Channels(Kind.NAMED, List.of(names));
    }

    public static Channels matching(String... patterns) {
        return new Channels(Kind.MATCHING, List.of(patterns));
    }

    public static Channels sharded(String... names) {
        return new Channels(Kind.SHARDED, List.of(names));
    }
}
