package dev.holdfast.engine.persistence;

import java.io.IOException;

/** Passes over values without decoding them: only lengths are read. So one thread can find the items that others decode. */
final class RdbSkimmer {
    private RdbSkimmer() {}

    /** Passes over a value. Returns false for a type whose values cannot be skimmed. */
    static boolean skip(int type, boolean foreign, RdbInput in) throws IOException {
        if (foreign && type >= RdbFormat.REDIS_HASH_METADATA_PRE_GA) {
            return false;
        }
        switch (type) {
            case RdbFormat.STRING,
                    RdbFormat.LIST_ZIPLIST,
                    RdbFormat.SET_INTSET,
                    RdbFormat.SET_LISTPACK,
                    RdbFormat.ZSET_ZIPLIST,
                    RdbFormat.ZSET_LISTPACK,
                    RdbFormat.HASH_ZIPMAP,
                    RdbFormat.HASH_ZIPLIST,
                    RdbFormat.HASH_LISTPACK -> in.skipString();
            case RdbFormat.LIST, RdbFormat.SET, RdbFormat.LIST_QUICKLIST -> strings(in, in.readCount(1));
            case RdbFormat.HASH -> strings(in, 2 * in.readCount(2));
            case RdbFormat.LIST_QUICKLIST_2 -> {
                for (long left = in.readCount(2); left > 0; left--) {
                    in.readLength();
                    in.skipString();
                }
            }
            case RdbFormat.ZSET_2 -> {
                for (long left = in.readCount(9); left > 0; left--) {
                    in.skipString();
                    in.skip(Double.BYTES);
                }
            }
            case RdbFormat.HASH_2 -> {
                for (long left = in.readCount(10); left > 0; left--) {
                    strings(in, 2);
                    in.skip(Long.BYTES);
                }
            }
            case RdbFormat.STREAM_LISTPACKS, RdbFormat.STREAM_LISTPACKS_2, RdbFormat.STREAM_LISTPACKS_3 ->
                stream(type, in);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void strings(RdbInput in, long count) throws IOException {
        for (long left = count; left > 0; left--) {
            in.skipString();
        }
    }

    private static void lengths(RdbInput in, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            in.readLength();
        }
    }

    private static void stream(int type, RdbInput in) throws IOException {
        boolean first = type == RdbFormat.STREAM_LISTPACKS;
        strings(in, 2 * in.readCount(2));
        lengths(in, first ? 3 : 8);
        for (long groups = in.readCount(5); groups > 0; groups--) {
            in.skipString();
            lengths(in, first ? 2 : 3);
            for (long pending = in.readCount(25); pending > 0; pending--) {
                in.skip(24);
                in.readLength();
            }
            for (long consumers = in.readCount(10); consumers > 0; consumers--) {
                in.skipString();
                in.skip(type == RdbFormat.STREAM_LISTPACKS_3 ? 16 : 8);
                in.skip(16 * in.readCount(16));
            }
        }
    }
}
