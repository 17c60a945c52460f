package dev.holdfast.benchmarks;

import java.io.IOException;

/**
 * A shape of data whose memory per item is measured. Keys have 16 bytes; a collection's items all lie under one key,
 * except that a hash is an item by itself.
 */
enum DataSet {
    STRINGS("string", "key of 16 bytes, value of 64 bytes", "SET") {
        @Override
        void load(RespConnection server, int item) throws IOException {
            server.load("SET", "key:" + padded(item, 12), VALUE);
        }
    },
    HASHES("hash of 5 small fields", "key of 16 bytes, fields `f1` to `f5` with values of 3 bytes", "HSET") {
        @Override
        void load(RespConnection server, int item) throws IOException {
            String value = padded(item % 100, 2);
            server.load(
                    "HSET",
                    "key:" + padded(item, 12),
                    "f1",
                    "a" + value,
                    "f2",
                    "b" + value,
                    "f3",
                    "c" + value,
                    "f4",
                    "d" + value,
                    "f5",
                    "e" + value);
        }
    },
    SORTED_SET("sorted-set member", "one sorted set, members of 16 bytes, scores 0, 1, 2, … in random order", "ZADD") {
        @Override
        void load(RespConnection server, int item) throws IOException {
            // An odd factor permutes the numbers below a power of two: each score once, and no order.
            int score = (int) ((item * 0x9E3779B1L) & 0xFFFFF);
            server.load("ZADD", "sorted-set", Integer.toString(score), "member:" + padded(item, 9));
        }
    },
    STREAM("stream entry", "one stream, generated ids, field `field` with a value of 8 bytes", "XADD") {
        @Override
        void load(RespConnection server, int item) throws IOException {
            server.load("XADD", "stream", "*", "field", padded(item, 8));
        }
    },
    LIST("list item", "one list, items of 14 bytes", "RPUSH") {
        @Override
        void load(RespConnection server, int item) throws IOException {
            server.load("RPUSH", "list", "item:" + padded(item, 9));
        }
    },
    SET("set member", "one set, members of 16 bytes", "SADD") {
        @Override
        void load(RespConnection server, int item) throws IOException {
            server.load("SADD", "set", "member:" + padded(item, 9));
        }
    };

    private static final String VALUE = "x".repeat(64);

    final String title;
    final String shape;
    private final String command;

    DataSet(String title, String shape, String command) {
        this.title = title;
        this.shape = shape;
        this.command = command;
    }

    /** Sends the command that adds an item. */
    abstract void load(RespConnection server, int item) throws IOException;

    boolean isKnownTo(ServerProcess server) throws IOException {
        return server.knows(command);
    }

    void loadInto(ServerProcess server, int items) throws IOException {
        try (RespConnection connection = server.connect()) {
            for (int item = 0; item < items; item++) {
                load(connection, item);
            }
            connection.finish();
        }
    }

    static String padded(int number, int width) {
        String digits = Integer.toString(number);
        return "0".repeat(Math.max(0, width - digits.length())) + digits;
    }
}
