package dev.holdfast.app;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.toolkit.store.Comparison;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Which keys of two servers differ. */
final class KeyComparison {
    /** More keys that differ are counted and not looked at again: these servers do not hold the same. */
    private static final int MOST = 100_000;

    private static final int BATCH = 200;
    private static final int LOOKS = 10;
    private static final long PAUSE_MILLIS = 300;

    private record Found(int database, Slice key, String what) {
        @Override
        public String toString() {
            return "database " + database + ", key " + key.shown() + ": " + what;
        }
    }

    private final StoreServer one;
    private final StoreServer other;
    private List<Found> found = new ArrayList<>();
    private long compared;
    private long beyond;

    KeyComparison(StoreServer one, StoreServer other) {
        this.one = one;
        this.other = other;
    }

    /** Compares all keys of all databases, and the functions. */
    void run(PrintStream out) {
        SortedSet<Integer> databases = new TreeSet<>(one.usedDatabases());
        databases.addAll(other.usedDatabases());
        for (int database : databases) {
            long here = Comparison.compare(one.database(database), other.database(database), (key, what) -> {
                if (found.size() < MOST) {
                    found.add(new Found(database, new Slice(key), what));
                } else {
                    beyond++;
                }
            });
            compared += here;
            out.printf("database %d: %d keys compared%n", database, here);
        }
    }

    /** Whether the functions of both are the same. */
    private boolean haveSameFunctions() {
        return functions(one).equals(functions(other));
    }

    private static List<String> functions(StoreServer server) {
        return server.tryCall("FUNCTION", "LIST", "WITHCODE")
                .map(libraries -> libraries.list().stream()
                        .map(library -> library.field("library_code").text())
                        .sorted()
                        .toList())
                .orElse(List.of());
    }

    /** Looks at the keys that differ until none does, or for some seconds. */
    void lookAgain() throws InterruptedException {
        for (int i = 0; i < LOOKS && !found.isEmpty(); i++) {
            Thread.sleep(PAUSE_MILLIS);
            look();
        }
    }

    /** Looks at the keys that differ once more. */
    void look() {
        List<Found> still = new ArrayList<>();
        for (int from = 0; from < found.size(); ) {
            int database = found.get(from).database;
            List<byte[]> keys = new ArrayList<>();
            while (from < found.size() && keys.size() < BATCH && found.get(from).database == database) {
                keys.add(found.get(from).key.toBytes());
                from++;
            }
            Comparison.compare(
                    one.database(database),
                    other.database(database),
                    keys,
                    (key, what) -> still.add(new Found(database, new Slice(key), what)));
        }
        found = still;
    }

    boolean hasDifferences() {
        return !found.isEmpty() || beyond > 0;
    }

    /**
     * Says what was found.
     *
     * @return whether all is the same
     */
    boolean report(PrintStream out, int show) {
        boolean functions = haveSameFunctions();
        found.stream().limit(show).forEach(out::println);
        long different = found.size() + beyond;
        if (different > show) {
            out.printf("and %d more%n", different - show);
        }
        out.printf(
                "%d keys compared, %d differ%s%n", compared, different, functions ? "" : ", and so do the functions");
        return functions && different == 0;
    }
}
