package dev.holdfast.conformance.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Notation;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.random.CommandGenerator.Unit;
import dev.holdfast.conformance.random.Duel.Difference;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random commands on a Holdfast and on a real server, answer by answer.
 *
 * <p>{@code -Dholdfast.seed=N} repeats the round of a failure, {@code -Dholdfast.rounds=N} runs more rounds, and {@code
 * -Dholdfast.first=N} starts with another seed than 1.
 */
class RandomCommandsTest {
    private static final int ROUNDS = 400;
    private static final int LENGTH = 500;
    private static final int LEAST_COMPARED = 250;
    private static final int MOST_FAILURES = 8;

    /** Limits so low that values take on their large forms. */
    private static final Map<String, String> SMALL = Map.ofEntries(
            Map.entry("hash-max-listpack-entries", "3"),
            Map.entry("hash-max-listpack-value", "16"),
            Map.entry("set-max-intset-entries", "4"),
            Map.entry("set-max-listpack-entries", "4"),
            Map.entry("set-max-listpack-value", "16"),
            Map.entry("zset-max-listpack-entries", "3"),
            Map.entry("zset-max-listpack-value", "16"),
            Map.entry("list-max-listpack-size", "3"),
            Map.entry("stream-node-max-entries", "3"),
            Map.entry("hll-sparse-max-bytes", "60"));

    @Test
    void answersAreThoseOfARealServer() {
        try (OurServer ours = new OurServer();
                RealServer real = RealServer.start()) {
            String seed = System.getProperty("holdfast.seed", "");
            if (!seed.isEmpty()) {
                List<String> failures = new ArrayList<>();
                round(ours, real, Long.parseLong(seed), new TreeMap<>(), failures);
                assertEquals(List.of(), failures);
                return;
            }
            int rounds = Integer.getInteger("holdfast.rounds", ROUNDS);
            long first = Long.getLong("holdfast.first", 1);
            long compared = 0;
            Map<String, Integer> answered = new TreeMap<>();
            List<String> failures = new ArrayList<>();
            for (int i = 0; i < rounds && failures.size() < MOST_FAILURES; i++) {
                compared += round(ours, real, first + i, answered, failures);
            }
            if (!failures.isEmpty()) {
                fail(String.join("\n\n", failures));
            }
            System.out.println("Compared " + compared + " answers and " + answered.get("events") + " events with "
                    + real + ", " + (answered.size() - 1) + " commands");
            assertTrue(compared >= (long) rounds * LEAST_COMPARED, "only " + compared + " answers were compared");
            everyCommandHasAnswered(ours, real, answered);
        }
    }

    private static void everyCommandHasAnswered(OurServer ours, RealServer real, Map<String, Integer> answered) {
        Set<String> missing = new TreeSet<>();
        try (Duel duel = new Duel(ours, real, Form.RESP2)) {
            Vocabulary vocabulary = new Vocabulary(duel.real());
            for (CommandSpec spec : CommandGenerator.declared()) {
                String name = Comparison.name(List.of(spec.fullName().split("\\|")));
                // OBJECT FREQ answers nothing but an error unless keys are evicted by frequency.
                if (vocabulary.knows(spec)
                        && KnownDifferences.areAlike(spec, real.version())
                        && !answered.containsKey(name)
                        && !name.equals("FREQ")) {
                    missing.add(spec.fullName());
                }
            }
        }
        assertEquals(Set.of(), missing, "commands that have never done anything");
    }

    /** One sequence; returns how many answers were compared. */
    private static long round(
            OurServer ours, RealServer real, long seed, Map<String, Integer> answered, List<String> failures) {
        Random random = new Random(seed);
        try (Duel duel = new Duel(ours, real, random.nextBoolean() ? Form.RESP3 : Form.RESP2)) {
            configure(duel, random.nextBoolean());
            CommandGenerator generator = new CommandGenerator(random, new Vocabulary(duel.real()), real.version());
            List<Unit> sequence = generator.sequence(LENGTH);
            Difference difference = duel.run(sequence);
            if (difference != null) {
                failures.add(report(duel, real, seed, difference, duel.shrink(sequence)));
            }
            duel.answered().forEach((name, count) -> answered.merge(name, count, Integer::sum));
            answered.merge("events", (int) duel.events(), Integer::sum);
            return duel.compared();
        }
    }

    private static void configure(Duel duel, boolean small) {
        SMALL.forEach((parameter, value) -> duel.configure(parameter, small ? value : defaultOf(parameter)));
    }

    private static String defaultOf(String parameter) {
        return switch (parameter) {
            case "hash-max-listpack-entries", "set-max-intset-entries" -> "512";
            case "list-max-listpack-size" -> "-2";
            case "stream-node-max-entries" -> "100";
            case "hll-sparse-max-bytes" -> "3000";
            default -> parameter.endsWith("value") ? "64" : "128";
        };
    }

    /** The commands that are needed for a difference; the first one seen where it does not come back. */
    private static String report(Duel duel, RealServer real, long seed, Difference first, List<Unit> needed) {
        Difference again = duel.run(needed);
        Difference difference = again == null ? first : again;
        List<String> lines = new ArrayList<>();
        lines.add("seed " + seed + ", repeat with -Dholdfast.seed=" + seed);
        if (again == null) {
            lines.add("  a difference that does not come back");
        } else {
            needed.forEach(unit -> unit.commands().forEach(command -> lines.add("  " + Notation.command(command))));
        }
        lines.add("  at " + Notation.command(difference.command()));
        lines.add("  ours " + difference.ours());
        lines.add("  " + real + " " + difference.real());
        return String.join("\n", lines);
    }
}
