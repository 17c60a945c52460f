package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A command as valkey-benchmark's test of that name sends it, and the data it is to find.
 *
 * <p>Commands on random keys or members find all of them there already: every run then measures the same steady state,
 * in which SET, SADD, HSET and ZADD overwrite. Lists start empty for LPUSH and full for RPOP, streams empty for XADD and
 * full for XREADGROUP, at every run.
 */
enum ComparedCommand {
    SET {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            loadStrings(server, workload);
        }
    },
    GET {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            loadStrings(server, workload);
        }
    },
    INCR {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            for (int i = 0; i < workload.keyspace(); i++) {
                server.load("SET", "counter:" + number(i), "0");
            }
        }
    },
    LPUSH,
    RPOP {
        @Override
        void prepareRun(RespConnection server, Workload workload, long requests) throws IOException {
            loadList(server, workload, requests);
        }
    },
    SADD {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            for (int i = 0; i < workload.keyspace(); i++) {
                server.load("SADD", "myset", "element:" + number(i));
            }
        }
    },
    HSET {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            for (int i = 0; i < workload.keyspace(); i++) {
                server.load("HSET", "myhash", "element:" + number(i), workload.data());
            }
        }
    },
    ZADD {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            for (int i = 0; i < workload.keyspace(); i++) {
                server.load("ZADD", "myzset", Integer.toString(i), "element:" + number(i));
            }
        }
    },
    MSET {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            loadStrings(server, workload);
        }
    },
    LRANGE_100 {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            loadList(server, workload, 1_000);
        }

        // Its own words: the test of that name fills a list first, within what would be measured.
        @Override
        List<String> clientArguments(long requests) {
            return List.of("--", "LRANGE", "mylist", "0", "99");
        }
    },
    /** Ten members of a sorted set from a random score on. */
    ZRANGE {
        @Override
        void prepare(RespConnection server, Workload workload) throws IOException {
            ZADD.prepare(server, workload);
        }

        @Override
        List<String> clientArguments(long requests) {
            return List.of("--", "ZRANGE", "myzset", "__rand_int__", "+inf", "BYSCORE", "LIMIT", "0", "10");
        }
    },
    XADD,
    /** A worker's loop: it reads an entry as one of a group, and acknowledges one that was read before. */
    XREADGROUP {
        @Override
        void prepareRun(RespConnection server, Workload workload, long requests) throws IOException {
            for (long i = 0; i < requests + ENTRIES_AHEAD; i++) {
                server.load("XADD", "mystream", i + "-1", "myfield", workload.data());
            }
            server.load("XGROUP", "CREATE", "mystream", "workers", "0");
            String ahead = Long.toString(ENTRIES_AHEAD);
            server.load("XREADGROUP", "GROUP", "workers", "worker", "COUNT", ahead, "STREAMS", "mystream", ">");
        }

        @Override
        List<String> clientArguments(long requests) {
            List<String> words = new ArrayList<>(List.of("--sequential", "-r", Long.toString(requests), "--"));
            words.addAll(List.of("XREADGROUP", "GROUP", "workers", "worker", "COUNT", "1", "STREAMS", "mystream", ">"));
            words.addAll(List.of(";", "XACK", "mystream", "workers", "__rand_int__-1"));
            return words;
        }
    };

    /** So many entries are always read and not acknowledged, so that no connection acknowledges what nobody has read yet. */
    private static final long ENTRIES_AHEAD = 5_000;

    private static final int ITEMS_PER_PUSH = 100;

    /** The data of the client's options: how many different keys, and how long each value. */
    record Workload(int keyspace, int valueBytes) {
        String data() {
            return "x".repeat(valueBytes);
        }
    }

    /** Fills an empty server before the first run. */
    void prepare(RespConnection server, Workload workload) throws IOException {}

    /** Makes the server ready for a run of so many requests. */
    void prepareRun(RespConnection server, Workload workload, long requests) throws IOException {}

    /** What tells valkey-benchmark to send this command. */
    List<String> clientArguments(long requests) {
        return List.of("-t", name().toLowerCase(Locale.ROOT));
    }

    /** Whether the server has this command. */
    final boolean isKnownTo(ServerProcess server) throws IOException {
        return server.knows(this == LRANGE_100 ? "LRANGE" : name());
    }

    final void prepareOn(ServerProcess server, Workload workload) throws IOException {
        server.flush();
        try (RespConnection connection = server.connect()) {
            prepare(connection, workload);
            connection.finish();
        }
    }

    final void prepareRunOn(ServerProcess server, Workload workload, long requests) throws IOException {
        if (this == LPUSH || this == RPOP || this == XADD || this == XREADGROUP) {
            server.flush();
        }
        try (RespConnection connection = server.connect()) {
            prepareRun(connection, workload, requests);
            connection.finish();
        }
    }

    private static void loadStrings(RespConnection server, Workload workload) throws IOException {
        for (int i = 0; i < workload.keyspace(); i++) {
            server.load("SET", "key:" + number(i), workload.data());
        }
    }

    private static void loadList(RespConnection server, Workload workload, long items) throws IOException {
        List<String> words = new ArrayList<>(List.of("RPUSH", "mylist"));
        for (int i = 0; i < ITEMS_PER_PUSH; i++) {
            words.add(workload.data());
        }
        String[] push = words.toArray(String[]::new);
        for (long pushed = 0; pushed < items; pushed += ITEMS_PER_PUSH) {
            server.load(push);
        }
    }

    /** A number as valkey-benchmark puts it into keys and members. */
    private static String number(int value) {
        String digits = Integer.toString(value);
        return "0".repeat(12 - digits.length()) + digits;
    }
}
