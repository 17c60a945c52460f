package dev.holdfast.engine.persistence;

/**
 * The numbers of the RDB format.
 *
 * <pre>
 *  file    magic and version, 9 bytes of text: REDIS0011, VALKEY080
 *          opcodes and items, in any order
 *          EOF, and in versions from 5 on the {@link Crc64} of all before it, little endian; 0 for none
 *
 *  item    [EXPIRETIME_MS, 8 bytes]  [IDLE, length | FREQ, 1 byte]  type, key as a string, value by its type
 *
 *  length  00xxxxxx                       6 bits
 *          01xxxxxx xxxxxxxx              14 bits
 *          10000000, 4 bytes big endian
 *          10000001, 8 bytes big endian
 *          11xxxxxx                       no length: a string in a special encoding follows
 *
 *  string  length, bytes
 *          11000000  an integer of 1 byte; 11000001 of 2 bytes, 11000010 of 4 bytes, little endian
 *          11000011  length when compressed, length, bytes as {@link Lzf} compresses them
 * </pre>
 */
final class RdbFormat {
    /** The version that is written: Redis and Valkey 7.2 and all later ones read it. */
    static final int VERSION = 11;

    /** The version that is written where fields of a hash expire: Valkey 9.0 and later. */
    static final int VERSION_WITH_FIELD_EXPIRY = 80;

    /** The last version of Redis that is read. */
    static final int LATEST_OF_REDIS = 12;

    /** Up to here versions are Redis's; beyond, they are Valkey's and begin with its name. */
    static final int LAST_FOREIGN_VERSION = 79;

    static final int STRING = 0;
    static final int LIST = 1;
    static final int SET = 2;
    static final int ZSET = 3;
    static final int HASH = 4;
    static final int ZSET_2 = 5;
    static final int MODULE_PRE_GA = 6;
    static final int MODULE_2 = 7;
    static final int HASH_ZIPMAP = 9;
    static final int LIST_ZIPLIST = 10;
    static final int SET_INTSET = 11;
    static final int ZSET_ZIPLIST = 12;
    static final int HASH_ZIPLIST = 13;
    static final int LIST_QUICKLIST = 14;
    static final int STREAM_LISTPACKS = 15;
    static final int HASH_LISTPACK = 16;
    static final int ZSET_LISTPACK = 17;
    static final int LIST_QUICKLIST_2 = 18;
    static final int STREAM_LISTPACKS_2 = 19;
    static final int SET_LISTPACK = 20;
    static final int STREAM_LISTPACKS_3 = 21;

    /** Valkey's hash with expiring fields. In Redis's versions the number means something else. */
    static final int HASH_2 = 22;

    /** Redis's hashes with expiring fields, in release candidates and finally, as pairs and as a listpack. */
    static final int REDIS_HASH_METADATA_PRE_GA = 22;

    static final int REDIS_HASH_LISTPACK_EX_PRE_GA = 23;
    static final int REDIS_HASH_METADATA = 24;
    static final int REDIS_HASH_LISTPACK_EX = 25;

    static final int SLOT_IMPORT = 243;
    static final int SLOT_INFO = 244;
    static final int FUNCTION2 = 245;
    static final int FUNCTION_PRE_GA = 246;
    static final int MODULE_AUX = 247;
    static final int IDLE = 248;
    static final int FREQ = 249;
    static final int AUX = 250;
    static final int RESIZEDB = 251;
    static final int EXPIRETIME_MS = 252;
    static final int EXPIRETIME = 253;
    static final int SELECTDB = 254;
    static final int EOF = 255;

    static final int ENCODED = 0xC0;
    static final int INT8 = 0;
    static final int INT16 = 1;
    static final int INT32 = 2;
    static final int LZF = 3;

    /** The containers of a quicklist's nodes. */
    static final int PLAIN = 1;

    static final int PACKED = 2;

    /** An entry of a stream's listpack: deleted; with the fields of the first. */
    static final int STREAM_DELETED = 1;

    static final int STREAM_SAME_FIELDS = 2;

    private RdbFormat() {}
}
