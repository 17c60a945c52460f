package dev.holdfast.toolkit.cache;

/** How a cache knows which entries a tag is on. */
public enum TagStyle {
    /**
     * By versions. An entry notes the version of each of its tags; invalidating a tag gives it another one, in one step however many
     * entries there are, and these are found out of date when they are read. The memory they take is freed when they expire.
     */
    VERSIONS,
    /**
     * By sets of keys, {@code cache:tags:<tag>}, which every language can read and add to. Invalidating a tag removes the entries at
     * once, in time proportional to their number.
     */
    SETS
}
