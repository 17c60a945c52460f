package dev.holdfast.toolkit.cpe;

/** What a dictionary keeps in the store. */
public enum CpeLayout {
    /**
     * The keys of cpe-guesser, which can read and go on writing them:
     *
     * <pre>
     * w:word                 set of the products in whose vendor or product name the word is
     * s:word                 sorted set of the same by how often it is there, over all names
     * rank:cpe               sorted set of all products by the number of their words, over all names
     * rank:vendor_product    the same
     * </pre>
     *
     * A product is {@code cpe:2.3:a:vendor:product}, a word what stands between underscores.
     */
    CPE_GUESSER,

    /** Only {@code rank:cpe}, which is all that this toolkit reads, in a seventh of the memory. */
    RANK_ONLY
}
