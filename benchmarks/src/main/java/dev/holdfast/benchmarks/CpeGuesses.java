package dev.holdfast.benchmarks;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.cpe.CpeImportResult;
import dev.holdfast.toolkit.cpe.CpeProgress;
import dev.holdfast.toolkit.cpe.Guess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Guesses names whose products are known, and says how many guesses were right.
 *
 * <p>The names are a tab-separated table: name, vendor, product, origin, with a line of titles. Several lines of one name and origin are
 * alternatives; {@code -} stands for nothing. They are divided by a seed into two halves: one to work with, one to look at last.
 */
@Command(
        name = "cpe",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "How well names of software are guessed, and how long import and guesses take.")
public final class CpeGuesses implements Callable<Integer> {
    private static final int LISTED = 5;
    private static final int WARM_UP = 5;
    private static final int ROUNDS = 5;

    @Parameters(
            index = "0",
            paramLabel = "DICTIONARY",
            description = "A file of CPE names; see ./holdfast cpe import --help.")
    private Path dictionary = Path.of(".");

    @Parameters(index = "1", paramLabel = "NAMES", description = "The names: name, vendor, product, origin.")
    private Path names = Path.of(".");

    @Option(names = "--uri", description = "The store to fill; ${DEFAULT-VALUE} by default. It must be empty.")
    private String uri = "embedded:?db=8";

    @Option(names = "--seed", description = "What divides the names into halves; ${DEFAULT-VALUE} by default.")
    private long seed = 0;

    @Option(
            names = "--together",
            split = ",",
            description = "Origins that are reported as one; ${DEFAULT-VALUE} by default.")
    private List<String> together = List.of("fleet", "recog");

    @Option(names = "--misses", description = "Show what was guessed wrong in the first half.")
    private boolean misses;

    /** A name, where it is from, and what it may mean. */
    private record Case(String name, String origin, Set<String> products) {}

    /** Right ones among the names of a group. */
    private static final class Tally {
        private int names;
        private int first;
        private int listed;
        private int silent;
    }

    public static void main(String[] arguments) {
        Tool.run(new CpeGuesses(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        List<Case> cases = read();
        try (Toolkit toolkit = Toolkit.open(uri)) {
            CpeDictionary guesser = toolkit.cpeDictionary().build();
            long begin = System.nanoTime();
            CpeImportResult result = guesser.importFile(dictionary, CpeProgress.NONE);
            System.out.printf(
                    Locale.ROOT,
                    "%d names of %d products imported in %.2f s%n",
                    result.names(),
                    result.products(),
                    (System.nanoTime() - begin) / 1e9);
            begin = System.nanoTime();
            guesser.refresh();
            System.out.printf(Locale.ROOT, "index built in %.2f s%n", (System.nanoTime() - begin) / 1e9);
            evaluate(cases, guesser);
            time(cases, guesser);
        }
        return 0;
    }

    private List<Case> read() throws IOException {
        Map<String, Case> cases = new LinkedHashMap<>();
        List<String> lines = Files.readAllLines(names);
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            Case one = cases.computeIfAbsent(
                    fields[0] + "\t" + fields[3], key -> new Case(fields[0], fields[3], new HashSet<>()));
            if (!fields[1].equals("-")) {
                one.products.add(fields[1] + ":" + fields[2]);
            }
        }
        return new ArrayList<>(cases.values());
    }

    private void evaluate(List<Case> cases, CpeDictionary guesser) {
        Map<String, Tally> tallies = new TreeMap<>();
        for (Case one : cases) {
            boolean firstHalf = isInFirstHalf(one.name);
            String origin = one.origin.substring(0, Math.max(0, one.origin.indexOf(':')));
            origin = together.contains(origin) ? String.join("+", together) : origin;
            List<Guess> guesses = guesser.guess(one.name, LISTED);
            int right = -1;
            for (int i = guesses.size() - 1; i >= 0; i--) {
                if (one.products.contains(plain(guesses.get(i)))) {
                    right = i;
                }
            }
            if (one.products.isEmpty() && guesses.isEmpty()) {
                right = 0;
            }
            for (String group : List.of(origin + (firstHalf ? " 1" : " 2"), origin + " all")) {
                Tally tally = tallies.computeIfAbsent(group, key -> new Tally());
                tally.names++;
                tally.first += right == 0 ? 1 : 0;
                tally.listed += right >= 0 ? 1 : 0;
                tally.silent += guesses.isEmpty() ? 1 : 0;
            }
            if (misses && firstHalf && right != 0) {
                System.out.printf("%s: %s, not %s%n", one.name, one.products, guesses);
            }
        }
        System.out.println("origin, half            names   top-1   top-5   no guess");
        tallies.forEach((group, tally) -> System.out.printf(
                Locale.ROOT,
                "%-22s  %5d   %.3f   %.3f   %5d%n",
                group,
                tally.names,
                (double) tally.first / tally.names,
                (double) tally.listed / tally.names,
                tally.silent));
    }

    /** Hangs on the name and the seed alone, whatever else is in the file. */
    private boolean isInFirstHalf(String name) {
        long hash = 1125899906842597L + seed;
        for (int i = 0; i < name.length(); i++) {
            hash = 31 * hash + name.charAt(i);
        }
        hash ^= hash >>> 33;
        hash *= 0xFF51AFD7ED558CCDL;
        hash ^= hash >>> 33;
        return (hash >>> 7 & 1) == 0;
    }

    /** {@code vendor:product} without backslashes. */
    private static String plain(Guess guess) {
        return guess.cpe().substring("cpe:2.3:a:".length()).replace("\\", "");
    }

    private static void time(List<Case> cases, CpeDictionary guesser) {
        long[] nanos = new long[cases.size() * ROUNDS];
        int count = 0;
        for (int round = 0; round < WARM_UP + ROUNDS; round++) {
            for (Case one : cases) {
                long begin = System.nanoTime();
                List<Guess> guesses = guesser.guess(one.name, LISTED);
                long took = System.nanoTime() - begin;
                if (round >= WARM_UP && guesses.size() <= LISTED) {
                    nanos[count++] = took;
                }
            }
        }
        Arrays.sort(nanos, 0, count);
        System.out.printf(
                Locale.ROOT,
                "a guess: p50 %.0f us, p99 %.0f us, longest %.0f us%n",
                nanos[count / 2] / 1e3,
                nanos[count * 99 / 100] / 1e3,
                nanos[count - 1] / 1e3);
    }
}
