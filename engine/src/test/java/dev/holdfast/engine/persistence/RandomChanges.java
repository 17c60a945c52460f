package dev.holdfast.engine.persistence;

import dev.holdfast.engine.TestStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random commands that change values of every type, small and large, and whole keys and databases. */
final class RandomChanges {
    private static final int DATABASES = 3;
    private static final String[] TYPES = {"string", "list", "set", "hash", "zset", "stream"};

    private final Random random;
    private int ids;

    RandomChanges(long seed) {
        this.random = new Random(seed);
    }

    /** Commands that fill an empty store. */
    List<String[]> filling(int mostMembers) {
        List<String[]> commands = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            commands.add(words("SELECT", random.nextInt(DATABASES)));
            String type = TYPES[random.nextInt(TYPES.length)];
            int members = random.nextInt(4) == 0 ? random.nextInt(mostMembers) : random.nextInt(20);
            fill(commands, type, key(type), members);
        }
        return commands;
    }

    private void fill(List<String[]> commands, String type, String key, int members) {
        for (int i = 0; i < members; i++) {
            commands.add(
                    switch (type) {
                        case "string" -> words("APPEND", key, value());
                        case "list" -> words("RPUSH", key, value());
                        case "set" -> words("SADD", key, "member:" + i);
                        case "hash" -> words("HSET", key, "field:" + i, value());
                        case "zset" -> words("ZADD", key, random.nextInt(1000), "member:" + i);
                        default -> words("XADD", key, ++ids + "-1", "field", value());
                    });
        }
        if (type.equals("stream")) {
            commands.add(words("XGROUP", "CREATE", key, "group", "0", "MKSTREAM"));
            commands.add(words("XREADGROUP", "GROUP", "group", "one", "COUNT", 5, "STREAMS", key, ">"));
        }
    }

    /** The next command. */
    String[] next() {
        return switch (random.nextInt(24)) {
            case 0 -> words("SELECT", random.nextInt(DATABASES));
            case 1, 2 -> ofKeys();
            case 3 -> rare();
            case 4, 5, 6, 7 -> ofString(key("string"));
            case 8, 9, 10, 11 -> ofList(key("list"));
            case 12, 13, 14 -> ofSet(key("set"));
            case 15, 16, 17 -> ofHash(key("hash"));
            case 18, 19, 20 -> ofSortedSet(key("zset"));
            default -> ofStream(key("stream"));
        };
    }

    private String[] rare() {
        return switch (random.nextInt(12)) {
            case 0 -> words("FLUSHDB");
            case 1 -> random.nextInt(3) == 0 ? words("FLUSHALL") : words("DBSIZE");
            case 2, 3, 4 -> words("SWAPDB", random.nextInt(DATABASES), random.nextInt(DATABASES));
            default -> words("MOVE", anyKey(), random.nextInt(DATABASES));
        };
    }

    private String[] ofKeys() {
        return switch (random.nextInt(9)) {
            case 0 -> words("DEL", anyKey());
            case 1 -> words("UNLINK", anyKey(), anyKey());
            case 2, 3 -> words("RENAME", anyKey(), anyKey());
            case 4 -> words("COPY", anyKey(), anyKey(), "DB", random.nextInt(DATABASES), "REPLACE");
            case 5 -> words("EXPIRE", anyKey(), 1 + random.nextInt(1000));
            case 6 -> words("PERSIST", anyKey());
            case 7 -> words("PEXPIRE", anyKey(), 1 + random.nextInt(20));
            default -> words("EXPIREAT", anyKey(), 1);
        };
    }

    private String[] ofString(String key) {
        return switch (random.nextInt(14)) {
            case 0, 1 -> words("SET", key, value());
            case 2 -> words("APPEND", key, value());
            case 3 -> words("SETRANGE", key, random.nextInt(400), value());
            case 4 -> words("SET", key, random.nextInt(100));
            case 5 -> words("INCR", key);
            case 6 -> words("GETDEL", key);
            case 7 -> words("SET", key, value(), "EX", 100);
            case 8 -> words("SETBIT", key, random.nextInt(5000), random.nextInt(2));
            case 9 -> words("PFADD", key("sketch"), value(), value());
            case 10 -> words("PFMERGE", key("sketch"), key("sketch"));
            case 11 -> words("BITFIELD", key, "INCRBY", "u8", random.nextInt(3000), 7, "SET", "i16", 8, 77);
            case 12 -> words("BITOP", "XOR", key, key("string"), key("string"));
            default -> words("GETEX", key, "PERSIST");
        };
    }

    private String[] ofList(String key) {
        return switch (random.nextInt(13)) {
            case 0 -> words("LPUSH", key, value());
            case 1 -> words("RPUSH", key, value(), value());
            case 2 -> words("LPOP", key, 1 + random.nextInt(8));
            case 3 -> words("RPOP", key);
            case 4, 5 -> words("LSET", key, random.nextInt(60) - 30, value());
            case 6 -> words("LINSERT", key, "BEFORE", "value:" + random.nextInt(20), value());
            case 7 -> words("LREM", key, random.nextInt(5) - 2, "value:" + random.nextInt(20));
            case 8 -> words("LTRIM", key, random.nextInt(5), -1 - random.nextInt(5));
            case 9 -> words("LMOVE", key, key("list"), "LEFT", "RIGHT");
            case 10 -> words("RPUSH", key, "x".repeat(random.nextInt(6000)));
            case 11 -> words("SORT", key, "ALPHA", "STORE", key("list"));
            default -> words("LINSERT", key, "AFTER", "value:" + random.nextInt(20), value());
        };
    }

    private String[] ofSet(String key) {
        return switch (random.nextInt(6)) {
            case 0, 1 -> words("SADD", key, "member:" + random.nextInt(3000), random.nextInt(100));
            case 2 -> words("SREM", key, "member:" + random.nextInt(100));
            case 3 -> words("SPOP", key, random.nextInt(4));
            case 4 -> words("SMOVE", key, key("set"), "member:" + random.nextInt(100));
            default -> words("SUNIONSTORE", key, key("set"), key("set"));
        };
    }

    private String[] ofHash(String key) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> words("HSET", key, field(), value());
            case 3 -> words("HDEL", key, field());
            case 4 -> words("HINCRBY", key, "number:" + random.nextInt(3), 1);
            case 5 -> words("HPEXPIRE", key, 1 + random.nextInt(200), "FIELDS", 3, field(), field(), field());
            case 6 -> words("HPERSIST", key, "FIELDS", 1, field());
            default -> words("HSETEX", key, "EX", 100, "FIELDS", 1, field(), value());
        };
    }

    private String[] ofSortedSet(String key) {
        return switch (random.nextInt(10)) {
            case 0, 1 -> words("ZADD", key, random.nextInt(1000), "member:" + random.nextInt(3000));
            case 2 -> words("ZINCRBY", key, random.nextInt(9) - 4, "member:" + random.nextInt(100));
            case 3 -> words("ZREM", key, "member:" + random.nextInt(100));
            case 4 -> words("ZPOPMIN", key, random.nextInt(4));
            case 5 -> words("ZREMRANGEBYSCORE", key, random.nextInt(1000), random.nextInt(1000));
            case 6 -> words("ZREMRANGEBYRANK", key, random.nextInt(50), random.nextInt(100));
            case 7 -> words("GEOADD", key, random.nextInt(180), random.nextInt(80), "member:" + random.nextInt(100));
            case 8 -> words("ZDIFFSTORE", key, 2, key("zset"), key("zset"));
            default -> words("ZUNIONSTORE", key, 2, key("zset"), key("set"));
        };
    }

    private String[] ofStream(String key) {
        return switch (random.nextInt(13)) {
            case 0, 1, 2 -> words("XADD", key, ++ids + "-1", "field", value());
            case 3 -> words("XADD", key, ++ids + "-1", "a", value(), "b", value());
            case 4 -> words("XDEL", key, random.nextInt(ids + 1) + "-1", random.nextInt(ids + 1) + "-1");
            case 5 -> words("XTRIM", key, "MAXLEN", random.nextInt(50));
            case 6 -> words("XREADGROUP", "GROUP", "group", "two", "COUNT", 3, "STREAMS", key, ">");
            case 7 -> words("XACK", key, "group", random.nextInt(ids + 1) + "-1", random.nextInt(ids + 1) + "-1");
            case 8 -> words("XAUTOCLAIM", key, "group", "three", 0, 0, "COUNT", 3);
            case 9 -> words("XGROUP", "CREATECONSUMER", key, "group", "c" + random.nextInt(3));
            case 10 -> words("XREADGROUP", "GROUP", "group", "one", "STREAMS", key, 0);
            case 11 -> words("XCLAIM", key, "group", "four", 0, random.nextInt(ids + 1) + "-1");
            default -> words("XSETID", key, ids + "-1");
        };
    }

    private String key(String type) {
        return type + random.nextInt(6);
    }

    private String anyKey() {
        return key(TYPES[random.nextInt(TYPES.length)]);
    }

    private String field() {
        return "field:" + random.nextInt(40);
    }

    private String value() {
        int number = random.nextInt(20);
        return switch (random.nextInt(5)) {
            case 0 -> Integer.toString(number);
            case 1 -> "value:" + number + "-" + "y".repeat(random.nextInt(200));
            default -> "value:" + number;
        };
    }

    private static String[] words(Object... words) {
        String[] strings = new String[words.length];
        for (int i = 0; i < words.length; i++) {
            strings[i] = words[i].toString();
        }
        return strings;
    }

    /** A store whose values take on their large forms early, and whose structures have many small blocks. */
    static TestStore store() {
        return new TestStore(
                "hash-max-listpack-entries", "8",
                "set-max-listpack-entries", "8",
                "set-max-intset-entries", "8",
                "zset-max-listpack-entries", "8",
                "list-max-listpack-size", "8",
                "stream-node-max-entries", "8");
    }
}
