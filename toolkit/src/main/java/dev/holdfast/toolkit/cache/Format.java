package dev.holdfast.toolkit.cache;

/** What an entry looks like in the store. */
public enum Format {
    /**
     * The value behind a header that says until when it is fresh, what its tags are and who is loading it. Everything that
     * {@link CacheOptions} offers works. A value without a header, as another program writes it, is read as well.
     */
    ENTRY,
    /**
     * The value alone, so that every program can read it. Nothing is known of it but when the store drops it: there are no stale or
     * negative entries, no load at a time in the fleet, tags are sets, and a load that is under way in one process while another
     * invalidates the key may write the old value.
     */
    PLAIN
}
