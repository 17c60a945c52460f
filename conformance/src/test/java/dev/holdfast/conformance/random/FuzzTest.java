package dev.holdfast.conformance.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Notation;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.RespSession;
import dev.holdfast.conformance.access.Store;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandGroup;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.commands.AllCommands;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every declared command with wrong words. Whatever they are, there is an answer, soon, and it is no internal error; and a
 * mistake is the one that a real server tells of.
 *
 * <p>{@code -Dholdfast.seed=N} takes other words.
 */
class FuzzTest {
    private static final int CALLS = 60;
    private static final int LEAST_COMPARED = 5000;
    private static final String MARK = "the answers so far";

    /** Commands that cannot be called with any words, and why. */
    private static final Map<String, String> LEFT_OUT = new TreeMap<>(Map.ofEntries(
            Map.entry("shutdown", "it ends the server"),
            Map.entry("quit", "it ends the connection"),
            Map.entry("monitor", "what others do would be taken for answers"),
            Map.entry("client|reply", "it silences the answers that are waited for"),
            Map.entry("client|kill", "it ends the connection"),
            Map.entry("client|pause", "it makes everybody wait"),
            Map.entry("migrate", "it calls other servers"),
            Map.entry("replicaof", "it calls other servers"),
            Map.entry("slaveof", "it calls other servers"),
            Map.entry("failover", "it calls other servers"),
            Map.entry("sync", "what follows is no answer"),
            Map.entry("psync", "what follows is no answer"),
            Map.entry("save", "it writes a file"),
            Map.entry("bgsave", "it writes a file"),
            Map.entry("bgrewriteaof", "it writes a file"),
            Map.entry("config|rewrite", "it writes a file"),
            Map.entry("script|kill", "there is nothing to kill"),
            Map.entry("function|kill", "there is nothing to kill")));

    /** Groups whose errors are compared with a real server's. */
    private static final List<CommandGroup> COMPARED = List.of(
            CommandGroup.STRING,
            CommandGroup.LIST,
            CommandGroup.HASH,
            CommandGroup.SET,
            CommandGroup.SORTED_SET,
            CommandGroup.STREAM,
            CommandGroup.BITMAP,
            CommandGroup.HYPERLOGLOG,
            CommandGroup.GEO,
            CommandGroup.GENERIC,
            CommandGroup.TRANSACTIONS);

    /** Commands of these whose errors are not compared, and why. */
    private static final Map<String, String> OTHERWISE = Map.of(
            "pfselftest", "a real server takes seconds for each",
            "object|freq", "whether there is a frequency depends on the policy",
            "restore", "which of a payload's mistakes is seen first depends on the reader",
            "wait", "there are no replicas",
            "waitaof", "there are no replicas");

    /** A key of each type. */
    private static final List<List<String>> KEYS = List.of(
            List.of("FLUSHALL"),
            List.of("SET", "str1", "abc"),
            List.of("SET", "str2", "10"),
            List.of("RPUSH", "list1", "a", "b", "3"),
            List.of("HSET", "hash1", "f1", "1", "f2", "x"),
            List.of("SADD", "set1", "a", "b", "1"),
            List.of("ZADD", "zset1", "1", "a", "2", "b"),
            List.of("XADD", "stream1", "1-1", "f", "v"),
            List.of("XGROUP", "CREATE", "stream1", "g1", "0"),
            List.of("SETBIT", "bit1", "7", "1"),
            List.of("PFADD", "hll1", "a"),
            List.of("GEOADD", "geo1", "13.361389", "38.115556", "a"));

    private static long seed() {
        return Long.getLong("holdfast.seed", 1);
    }

    private static List<CommandSpec> commands() {
        return AllCommands.list().stream()
                .flatMap(spec -> spec.isContainer() ? spec.subcommands().values().stream() : Stream.of(spec))
                .filter(spec -> !LEFT_OUT.containsKey(spec.fullName()))
                .toList();
    }

    private static List<List<String>> calls(CommandSpec spec) {
        HostileWords words =
                new HostileWords(new Random(seed() * 31 + spec.fullName().hashCode()));
        List<List<String>> calls = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            calls.add(words.call(spec));
        }
        return calls;
    }

    /** Answers to calls, each of them a list, for a command may answer more than once or have its connection closed. */
    private static List<List<Answer>> answers(Store store, boolean transaction, List<List<String>> calls) {
        List<List<Answer>> answers = new ArrayList<>();
        while (answers.size() < calls.size()) {
            try (RespSession session = (RespSession) store.connect(Form.RESP3)) {
                if (answers.isEmpty()) {
                    KEYS.forEach(session::run);
                }
                List<List<String>> rest = calls.subList(answers.size(), calls.size());
                for (List<String> call : rest) {
                    if (transaction) {
                        session.write(List.of("MULTI"));
                    }
                    session.write(call);
                    session.write(List.of(transaction ? "EXEC" : "DISCARD"));
                    session.write(List.of("ECHO", MARK));
                }
                session.flush();
                for (int i = 0; i < rest.size(); i++) {
                    answers.add(upToMark(session));
                }
            } catch (UncheckedIOException e) {
                answers.add(List.of());
            }
        }
        return answers;
    }

    private static List<Answer> upToMark(RespSession session) {
        List<Answer> answers = new ArrayList<>();
        Answer answer = session.receive();
        while (!answer.equals(Answer.bulk(MARK))) {
            answers.add(answer);
            answer = session.receive();
        }
        return answers;
    }

    private static boolean mentionsInternalError(Answer answer) {
        return answer.isError() && answer.text().contains("internal error")
                || answer.parts().stream().anyMatch(FuzzTest::mentionsInternalError);
    }

    @Test
    void everythingIsAnswered() {
        try (OurServer ours = new OurServer()) {
            List<String> failures = new ArrayList<>();
            int refused = 0;
            for (CommandSpec spec : commands()) {
                List<List<String>> calls = calls(spec);
                List<List<Answer>> answers = answers(ours, spec.is(CommandFlag.BLOCKING), calls);
                for (int i = 0; i < calls.size(); i++) {
                    List<Answer> answer = answers.get(i);
                    boolean closed = answer.isEmpty() && !HostileWords.isHeavy(calls.get(i));
                    if (closed || answer.stream().anyMatch(FuzzTest::mentionsInternalError)) {
                        failures.add(show(calls.get(i)) + "\n  " + answer);
                    }
                    refused += answer.stream().anyMatch(Answer::isError) ? 1 : 0;
                }
            }
            assertEquals("", String.join("\n", failures), "seed " + seed());
            assertTrue(refused > commands().size() * CALLS / 4, "only " + refused + " calls were refused");
        }
    }

    @Test
    void mistakesAreThoseOfARealServer() {
        try (OurServer ours = new OurServer();
                RealServer real = RealServer.start();
                RespSession other = (RespSession) real.connect(Form.RESP3)) {
            Vocabulary vocabulary = new Vocabulary(other);
            List<String> differences = new ArrayList<>();
            int compared = 0;
            boolean sentences = real.version() >= KnownDifferences.NEWEST;
            for (CommandSpec spec : commands()) {
                if (!COMPARED.contains(spec.group())
                        || OTHERWISE.containsKey(spec.fullName())
                        || !vocabulary.knows(spec)
                        || !KnownDifferences.areAlike(spec, real.version())) {
                    continue;
                }
                List<List<String>> calls = calls(spec).stream()
                        .filter(call -> !HostileWords.isHeavy(call))
                        .filter(call -> sentences || vocabulary.knows(spec, call))
                        .filter(call -> KnownDifferences.refusesAlike(call, real.version()))
                        .toList();
                boolean transaction = spec.is(CommandFlag.BLOCKING);
                List<List<Answer>> mine = answers(ours, transaction, calls);
                List<List<Answer>> theirs = answers(real, transaction, calls);
                for (int i = 0; i < calls.size(); i++) {
                    compared++;
                    String one = errors(mine.get(i), sentences);
                    String another = errors(theirs.get(i), sentences);
                    if (!one.equals(another) && !isOverflow(calls.get(i))) {
                        differences.add(show(calls.get(i)) + "\n  ours " + one + "\n  real " + another);
                    }
                }
            }
            System.out.println("Compared " + (sentences ? "the mistakes of " : "which are refused of ") + compared
                    + " calls with " + real);
            assertTrue(compared >= LEAST_COMPARED, "only " + compared + " calls were compared");
            assertEquals("", String.join("\n", differences), "seed " + seed());
        }
    }

    /** Which mistakes answers tell of; by an older server's sentences only how many, for those have changed. */
    private static String errors(List<Answer> answers, boolean sentences) {
        StringBuilder errors = new StringBuilder();
        answers.forEach(answer -> collect(answer, sentences, errors));
        return errors.toString();
    }

    private static void collect(Answer answer, boolean sentences, StringBuilder errors) {
        if (answer.isError()) {
            errors.append('[').append(sentences ? answer.text() : "an error").append(']');
        }
        answer.parts().forEach(part -> collect(part, sentences, errors));
    }

    /** Valkey doubles the number of fields of HSETEX, and finds that twice this is two. */
    private static boolean isOverflow(List<String> call) {
        return call.getFirst().equals("HSETEX") && call.contains("-9223372036854775807");
    }

    private static String show(List<String> call) {
        return Notation.command(call.stream()
                .map(word -> word.length() > 40 ? word.substring(0, 40) + "…" : word)
                .toList());
    }
}
