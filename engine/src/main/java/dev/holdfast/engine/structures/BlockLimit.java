package dev.holdfast.engine.structures;

/**
 * How much one block of a {@link Quicklist} may hold, as {@code list-max-listpack-size} sets it.
 *
 * <p>The limit counts bytes as Valkey's listpack would use them, not ours, so that lists divide into the same blocks as
 * there and OBJECT ENCODING changes at the same element.
 *
 * @param maxBytes the most a block of several elements may take
 * @param maxEntries the most elements in a block
 * @param largeAbove an element longer than this lives in a block of its own
 */
public record BlockLimit(int maxBytes, int maxEntries, int largeAbove) {
    /** No limit: everything stays in one block. It is what a list has that calls itself a listpack. */
    public static final BlockLimit NONE = new BlockLimit(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** The size that a block limited by a number of elements still must not exceed. */
    private static final int SAFE_BYTES = 8192;

    /** What one more element is taken to add beside its bytes; a little too much rather than too little. */
    private static final int ESTIMATED_OVERHEAD = 8;

    private static final BlockLimit[] BY_SIZE = new BlockLimit[5];

    static {
        for (int i = 0; i < BY_SIZE.length; i++) {
            BY_SIZE[i] = new BlockLimit(4096 << i, Integer.MAX_VALUE, 4096 << i);
        }
    }

    /** The limit for a value of {@code list-max-listpack-size}: −1 to −5 are 4 to 64 KB, others a number of elements. */
    public static BlockLimit of(int setting) {
        if (setting >= 0) {
            return new BlockLimit(SAFE_BYTES, Math.max(setting, 1), SAFE_BYTES);
        }
        return BY_SIZE[Math.min(-(setting + 1), BY_SIZE.length - 1)];
    }

    /** This limit, with elements of {@code bytes} and more taken for large ones; 0 leaves it as it is. */
    public BlockLimit withPackedThreshold(int bytes) {
        return bytes == 0 ? this : new BlockLimit(maxBytes, maxEntries, bytes - 1);
    }

    /** Whether a listpack of this many bytes and entries is beyond the limit. */
    public boolean exceeds(long bytes, long entries) {
        return bytes > maxBytes || entries > maxEntries;
    }

    /**
     * Whether a list that has shrunk to one block may call itself a listpack again. It has to fall to half of the limit,
     * so that it does not change back and forth; and a limit on the number of elements then is the only one, whatever their size.
     */
    public boolean allowsShrinkingTo(long bytes, long entries) {
        return maxEntries == Integer.MAX_VALUE ? bytes <= maxBytes / 2 : entries <= maxEntries / 2;
    }

    /** Whether a list built up at once may call itself a listpack. */
    public boolean allowsListpack(long bytes, long entries) {
        return maxEntries == Integer.MAX_VALUE ? bytes <= maxBytes : entries <= maxEntries;
    }

    boolean isLarge(int length) {
        return length > largeAbove;
    }

    boolean allowsInsert(Block block, int length) {
        return !block.plain
                && !isLarge(length)
                && !exceeds((long) block.valkeyBytes + length + ESTIMATED_OVERHEAD, block.count + 1L);
    }

    boolean allowsMerge(Block a, Block b) {
        return !a.plain
                && !b.plain
                && !exceeds(
                        (long) a.valkeyBytes + b.valkeyBytes - Listpack.VALKEY_EMPTY_BYTES, (long) a.count + b.count);
    }
}
