package dev.holdfast.conformance.random;

import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.random.CommandGenerator.Unit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random commands on one store, what its log of changes says on another, a hundred years later: both must hold the same.
 *
 * <p>{@code -Dholdfast.seed=N} repeats a failure, {@code -Dholdfast.rounds=N} runs more rounds.
 */
class PropagationTest {
    private static final int ROUNDS = 200;
    private static final int LENGTH = 300;

    @Test
    void theLogOfChangesRepeatsTheStore() {
        try (OurServer server = new OurServer();
                Session session = server.connect(Form.RESP2)) {
            Vocabulary vocabulary = new Vocabulary(session);
            Long only = Long.getLong("holdfast.seed");
            int rounds = only != null ? 1 : Integer.getInteger("holdfast.rounds", ROUNDS);
            for (int i = 0; i < rounds; i++) {
                long seed = only != null ? only : i + 1;
                round(vocabulary, seed);
            }
        }
    }

    private static void round(Vocabulary vocabulary, long seed) {
        Random random = new Random(seed);
        try (LoggedStore store = new LoggedStore(random.nextBoolean(), seed)) {
            CommandGenerator generator = new CommandGenerator(random, vocabulary, KnownDifferences.NEWEST);
            for (Unit unit : generator.sequence(LENGTH)) {
                for (List<String> command : unit.commands()) {
                    // HSETEX and its like take a key of this name for the word, here as in Valkey, so rewritten ones
                    // would not do the same.
                    if (command.size() < 2 || !command.get(1).equalsIgnoreCase("FIELDS")) {
                        store.run(command);
                    }
                }
                store.letTimePass(random);
            }
            Map<String, String> contents = store.contents();
            Map<String, String> repeated = store.repeated();
            if (!contents.equals(repeated)) {
                Set<String> keys = new TreeSet<>(contents.keySet());
                keys.addAll(repeated.keySet());
                keys.removeIf(key -> Objects.equals(contents.get(key), repeated.get(key)));
                StringBuilder report = new StringBuilder("seed " + seed + ", repeat with -Dholdfast.seed=" + seed);
                report.append('\n').append(store.history());
                for (String key : keys) {
                    report.append("\n").append(key).append("\n  is       ").append(contents.get(key));
                    report.append("\n  repeated ").append(repeated.get(key));
                }
                fail(report.toString());
            }
        }
    }
}
