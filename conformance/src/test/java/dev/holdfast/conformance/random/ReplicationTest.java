package dev.holdfast.conformance.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.access.Store;
import dev.holdfast.conformance.random.CommandGenerator.Unit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Random writers on a primary, replicas whose links are cut at random bytes: when all is quiet, everybody has the same data at the same
 * offset. Each test has a primary, a replica of it and a replica of that one; where there is a real Valkey, it takes each of the places.
 * A snapshot comes by the link or by one of its own, and is loaded in each of the ways.
 *
 * <p>{@code -Dholdfast.seed=N} repeats a failure as far as threads allow, {@code -Dholdfast.rounds=N} runs more rounds.
 */
class ReplicationTest {
    private static final int ROUNDS = 3;
    private static final int WRITERS = 3;
    private static final int LENGTH = 150;
    private static final int DATABASES = 16;
    private static final Pattern OFFSET = Pattern.compile("master_repl_offset:(\\d+)");

    private final List<AutoCloseable> opened = new ArrayList<>();

    private static String[] parameters() {
        return new String[] {
            "enable-debug-command",
            "yes",
            "repl-diskless-sync-delay",
            "0",
            "repl-backlog-size",
            "200000",
            "io-threads",
            "2"
        };
    }

    @Test
    void oursFollowsOurs() throws Exception {
        test(open(new OurServer(parameters())), open(new OurServer(parameters())), open(new OurServer(parameters())));
    }

    @Test
    void realOnesFollowOurs() throws Exception {
        RealServer real = open(RealServer.start());
        if (canFollow(real)) {
            test(open(new OurServer(parameters())), real, open(new OurServer(parameters())));
        }
        closeAll();
    }

    @Test
    void oursFollowsARealOne() throws Exception {
        RealServer real = open(RealServer.start());
        RealServer other = open(RealServer.start());
        if (canFollow(real)) {
            test(real, open(new OurServer(parameters())), other);
        }
        closeAll();
    }

    /** Whether the server knows all that ours may send. */
    private static boolean canFollow(RealServer real) {
        return real.isValkey() && real.version() >= KnownDifferences.NEWEST;
    }

    private <T extends AutoCloseable> T open(T server) {
        opened.addFirst(server);
        return server;
    }

    private void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        opened.clear();
    }

    private static int port(Store store) {
        return store instanceof OurServer ours ? ours.port() : ((RealServer) store).port();
    }

    private void test(Store primary, Store replica, Store last) throws Exception {
        Long only = Long.getLong("holdfast.seed");
        int rounds = only != null ? 1 : Integer.getInteger("holdfast.rounds", ROUNDS);
        long first = only != null ? only : 1;
        CutLink upper = open(new CutLink(port(primary), first));
        CutLink lower = open(new CutLink(port(replica), first + 1));
        try (Session one = primary.connect(Form.RESP2);
                Session two = replica.connect(Form.RESP2);
                Session three = last.connect(Form.RESP2)) {
            for (Session each : List.of(one, two, three)) {
                each.run("CONFIG", "SET", "repl-diskless-sync-delay", "0");
                each.run("CONFIG", "SET", "dual-channel-replication-enabled", "yes");
            }
            Vocabulary vocabulary = new Vocabulary(one);
            assertEquals(
                    "OK", two.run("REPLICAOF", "127.0.0.1", "" + upper.port()).text());
            assertEquals(
                    "OK", three.run("REPLICAOF", "127.0.0.1", "" + lower.port()).text());
            for (long seed = first; seed < first + rounds; seed++) {
                choose(two, seed);
                choose(three, seed + 1);
                upper.cutAtRandom();
                lower.cutAtRandom();
                write(primary, vocabulary, seed);
                upper.cutNoMore();
                lower.cutNoMore();
                expectTheSame(one, two, three, seed);
            }
        } finally {
            closeAll();
        }
    }

    /** How the next snapshot is received and loaded: every way has its turn. */
    private static void choose(Session replica, long seed) {
        String[] loads = {"disabled", "swapdb", "flush-before-load"};
        replica.run("CONFIG", "SET", "repl-diskless-load", loads[(int) (seed % loads.length)]);
        replica.run("CONFIG", "SET", "dual-channel-replication-enabled", seed % 2 == 0 ? "yes" : "no");
    }

    private static void write(Store primary, Vocabulary vocabulary, long seed) throws InterruptedException {
        List<Thread> writers = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            Random random = new Random(seed * WRITERS + i);
            String database = "" + random.nextInt(3);
            List<Unit> units = new CommandGenerator(random, vocabulary, KnownDifferences.NEWEST).sequence(LENGTH);
            Thread writer = new Thread(() -> {
                try (Session session = primary.connect(Form.RESP2)) {
                    session.run("SELECT", database);
                    for (Unit unit : units) {
                        unit.commands().stream()
                                .filter(words -> !(primary instanceof RealServer) || isRepeatable(words))
                                .forEach(session::run);
                    }
                }
            });
            writer.setUncaughtExceptionHandler((thread, failure) -> {
                synchronized (failures) {
                    failures.add(failure);
                }
            });
            writers.add(writer);
            writer.start();
        }
        for (Thread writer : writers) {
            writer.join();
        }
        synchronized (failures) {
            failures.forEach(failure -> fail("a writer of seed " + seed, failure));
        }
    }

    /** A Valkey lets its replicas compute the distances that a search stores, and the sines of another library differ in the last digit. */
    private static boolean isRepeatable(List<String> words) {
        return words.stream().noneMatch("STOREDIST"::equalsIgnoreCase);
    }

    private static void expectTheSame(Session primary, Session replica, Session last, long seed) {
        Awaitility.await("seed " + seed + ", repeat with -Dholdfast.seed=" + seed)
                .atMost(Duration.ofSeconds(Integer.getInteger("holdfast.patience", 60)))
                .pollInterval(20, TimeUnit.MILLISECONDS)
                .untilAsserted(() -> {
                    long offset = offset(primary);
                    assertEquals(offset, offset(replica));
                    assertEquals(offset, offset(last));
                    String digest = digest(primary);
                    assertEquals(digest, digest(replica), () -> differences(primary, replica));
                    assertEquals(digest, digest(last), () -> differences(replica, last));
                });
    }

    private static long offset(Session session) {
        Matcher matcher = OFFSET.matcher(session.run("INFO", "replication").text());
        return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
    }

    /** The keys that are not the same at both. */
    private static String differences(Session one, Session other) {
        StringBuilder report = new StringBuilder();
        for (int database = 0; database < DATABASES; database++) {
            one.run("SELECT", "" + database);
            other.run("SELECT", "" + database);
            Set<String> keys = new TreeSet<>();
            one.run("KEYS", "*").parts().forEach(key -> keys.add(key.text()));
            other.run("KEYS", "*").parts().forEach(key -> keys.add(key.text()));
            for (String key : keys) {
                String here = show(one, key);
                String there = show(other, key);
                if (!here.equals(there)) {
                    report.append("\n").append(database).append(' ').append(key);
                    report.append("\n  ").append(here).append("\n  ").append(there);
                }
            }
        }
        return report.toString();
    }

    private static String show(Session session, String key) {
        return session.run("TYPE", key) + " expires " + session.run("PEXPIRETIME", key) + " is "
                + session.run("DEBUG", "DIGEST-VALUE", key) + session.run("ZRANGE", key, "0", "-1", "WITHSCORES");
    }

    private static String digest(Session session) {
        return session.run("DEBUG", "DIGEST").text();
    }
}
