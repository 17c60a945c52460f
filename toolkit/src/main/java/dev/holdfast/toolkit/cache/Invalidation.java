package dev.holdfast.toolkit.cache;

/** What a message of another program says has changed. */
public sealed interface Invalidation {
    /** One entry. */
    record Key(String key) implements Invalidation {}

    /** All entries whose keys match a glob pattern. */
    record Pattern(String pattern) implements Invalidation {}

    /** All entries with a tag. */
    record Tag(String tag) implements Invalidation {}

    /** Every entry of the cache. */
    record All() implements Invalidation {}

    static Invalidation key(String key) {
        return new Key(key);
    }

    static Invalidation pattern(String pattern) {
        return new Pattern(pattern);
    }

    static Invalidation tag(String tag) {
        return new Tag(tag);
    }

    static Invalidation all() {
        return new All();
    }
}
