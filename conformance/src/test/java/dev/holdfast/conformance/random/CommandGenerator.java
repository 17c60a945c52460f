package dev.holdfast.conformance.random;

import dev.holdfast.engine.catalog.Argument;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandGroup;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.commands.AllCommands;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** Makes commands at random from their declarations, so that a command that is declared is also compared. */
final class CommandGenerator {
    static final Set<CommandGroup> GROUPS = EnumSet.of(
            CommandGroup.STRING,
            CommandGroup.LIST,
            CommandGroup.HASH,
            CommandGroup.SET,
            CommandGroup.SORTED_SET,
            CommandGroup.STREAM,
            CommandGroup.BITMAP,
            CommandGroup.HYPERLOGLOG,
            CommandGroup.GEO,
            CommandGroup.GENERIC);

    /** Commands of these groups that are not compared, and why. */
    static final Map<String, String> LEFT_OUT = Map.ofEntries(
            Map.entry("object|help", "its sentences are our own"),
            Map.entry("xgroup|help", "its sentences are our own"),
            Map.entry("xinfo|help", "its sentences are our own"),
            Map.entry("pfselftest", "it takes a while, and has no arguments"),
            Map.entry("dump", "what is in a payload shows only when it is restored"),
            Map.entry("restore", "no words made at random are a payload"),
            Map.entry("migrate", "it calls other servers"),
            Map.entry("wait", "there are no replicas"),
            Map.entry("waitaof", "there are no replicas"));

    /** Commands whose effect on the keyspace is random. Their keys are deleted, so that both sides hold the same again. */
    private static final Set<String> RANDOM_WRITES = Set.of("spop");

    private static final int MOST_REPETITIONS = 4;

    private final Random random;
    private final Values values;
    private final Vocabulary vocabulary;
    private final List<CommandSpec> commands;

    /** Whether there are commands with a word too many; old servers refuse some of these earlier. */
    private final boolean mistakes;

    /** Whether some commands are run by scripts. */
    private final boolean scripts;

    CommandGenerator(Random random, Vocabulary vocabulary, int version) {
        this.random = random;
        this.values = new Values(random, version);
        this.vocabulary = vocabulary;
        this.mistakes = version >= KnownDifferences.INDICES;
        this.scripts = version >= KnownDifferences.NEWEST;
        this.commands = declared().stream()
                .filter(vocabulary::knows)
                .filter(spec -> KnownDifferences.areAlike(spec, version))
                .toList();
    }

    /** All commands that are made, whether or not a real server knows them. */
    static List<CommandSpec> declared() {
        return AllCommands.list().stream()
                .flatMap(spec -> spec.isContainer() ? spec.subcommands().values().stream() : Stream.of(spec))
                .filter(spec -> GROUPS.contains(spec.group()) && !LEFT_OUT.containsKey(spec.fullName()))
                .toList();
    }

    /** Commands that belong together and are only left out together. */
    record Unit(List<List<String>> commands) {}

    /** So many units, most of them for one type of value. */
    List<Unit> sequence(int length) {
        List<CommandGroup> groups = new ArrayList<>(GROUPS);
        groups.remove(CommandGroup.GENERIC);
        CommandGroup main = values.oneOf(groups);
        List<Unit> sequence = new ArrayList<>();
        while (sequence.size() < length) {
            int choice = random.nextInt(20);
            CommandGroup group = choice < 14 ? main : choice < 17 ? CommandGroup.GENERIC : values.oneOf(groups);
            List<CommandSpec> candidates =
                    commands.stream().filter(spec -> spec.group() == group).toList();
            if (!candidates.isEmpty()) {
                sequence.add(unit(values.oneOf(candidates), candidates));
            }
        }
        return sequence;
    }

    private Unit unit(CommandSpec spec, List<CommandSpec> others) {
        List<List<String>> unit = new ArrayList<>();
        List<List<String>> after = new ArrayList<>();
        boolean transaction = spec.is(CommandFlag.BLOCKING) || values.oneIn(40);
        if (transaction) {
            unit.add(List.of("MULTI"));
        }
        add(spec, unit, after);
        if (transaction) {
            for (int i = random.nextInt(3); i > 0; i--) {
                CommandSpec other = values.oneOf(others);
                // What one has removed at random must not be seen by the next.
                if (after.isEmpty() && !RANDOM_WRITES.contains(other.fullName())) {
                    add(other, unit, after);
                }
            }
            unit.add(List.of("EXEC"));
        }
        unit.addAll(after);
        return new Unit(unit);
    }

    private void add(CommandSpec spec, List<List<String>> unit, List<List<String>> after) {
        List<String> words = words(spec);
        if (isLexical(words)) {
            // Where scores differ, a range of words is whatever the search runs into: Valkey's skiplist is random
            // there.
            int key = words.getFirst().equals("ZRANGESTORE") ? 2 : 1;
            if (words.size() > key) {
                unit.add(List.of("ZUNIONSTORE", "lex", "1", words.get(key), "WEIGHTS", "0"));
                words.set(key, "lex");
            }
        }
        // A script's strings are never integers, in Valkey.
        boolean encodes = spec.group() == CommandGroup.STRING && spec.is(CommandFlag.WRITE);
        boolean script = scripts && values.oneIn(25) && !spec.is(CommandFlag.NOSCRIPT) && !encodes;
        unit.add(script ? inScript(words) : words);
        if (RANDOM_WRITES.contains(spec.fullName()) && words.size() > 1) {
            after.add(List.of("DEL", words.get(1)));
        }
    }

    /** The same command, run by a script. */
    private static List<String> inScript(List<String> words) {
        List<String> script = new ArrayList<>(List.of("EVAL", Comparison.SCRIPT, "0"));
        script.addAll(words);
        return script;
    }

    private static boolean isLexical(List<String> words) {
        return words.getFirst().contains("LEX") || words.stream().anyMatch("BYLEX"::equalsIgnoreCase);
    }

    /** A command; now and then one with a word too many, too few or in the wrong place. */
    private List<String> words(CommandSpec spec) {
        List<String> words = new ArrayList<>();
        for (String name : spec.fullName().split("\\|")) {
            words.add(name.toUpperCase(Locale.ROOT));
        }
        int first = words.size();
        new Filling(spec, words).add(spec.arguments());
        if (spec.name().startsWith("sort")) {
            leaveOrderOpen(words);
        }
        if (mistakes && values.oneIn(40) && words.size() > first) {
            int at = first + random.nextInt(words.size() - first);
            switch (random.nextInt(3)) {
                case 0 -> words.remove(at);
                case 1 -> words.add(at, words.get(at));
                default -> words.add("nonsense");
            }
        }
        return words;
    }

    /**
     * Where SORT leaves open which of two elements comes first, all must be seen and none stored: a set has no order, nor have
     * elements whose words are equal.
     */
    private static void leaveOrderOpen(List<String> words) {
        if (Comparison.isOrderOpen(words)) {
            int limit = words.indexOf("LIMIT");
            if (limit >= 0) {
                words.subList(limit, Math.min(words.size(), limit + 3)).clear();
            }
            int store = words.indexOf("STORE");
            if (store >= 0) {
                words.subList(store, Math.min(words.size(), store + 2)).clear();
            }
        }
    }

    /** Puts words in the place of arguments. */
    private final class Filling {
        private final CommandSpec spec;
        private final List<String> words;

        /** Where a number is to say how often the next argument is repeated; -1 where none waits. */
        private int counter = -1;

        private int repetitions = 1;

        Filling(CommandSpec spec, List<String> words) {
            this.spec = spec;
            this.words = words;
        }

        void add(List<Argument> arguments) {
            for (Argument argument : arguments) {
                if (vocabulary.knows(spec, argument) && !(argument.optional() && random.nextInt(3) > 0)) {
                    add(argument);
                }
            }
        }

        private void add(Argument argument) {
            if (!argument.multiple()) {
                token(argument);
                once(argument);
                return;
            }
            // As many weights, or ids to read from, as keys.
            boolean perKey = argument.name().equals("weight") || spec.fullName().startsWith("xread");
            boolean alike = perKey && !argument.name().equals("key") && !values.oneIn(10);
            repetitions = alike ? repetitions : 1 + random.nextInt(MOST_REPETITIONS);
            if (counter >= 0) {
                words.set(counter, values.oneIn(15) ? values.oneOf(List.of("0", "-1", "9", "x")) : "" + repetitions);
                counter = -1;
            }
            for (int i = 0; i < repetitions; i++) {
                if (i == 0 || argument.multipleToken()) {
                    token(argument);
                }
                once(argument);
            }
        }

        private void token(Argument argument) {
            if (!argument.token().isEmpty() && argument.kind() != Argument.Kind.TOKEN) {
                words.add(argument.token());
            }
        }

        private void once(Argument argument) {
            switch (argument.kind()) {
                case TOKEN -> words.add(values.oneIn(4) ? argument.token().toLowerCase(Locale.ROOT) : argument.token());
                case BLOCK -> add(argument.parts());
                case ONE_OF ->
                    add(values.oneOf(argument.parts().stream()
                            .filter(part -> vocabulary.knows(spec, part))
                            .toList()));
                case VALUE -> {
                    if (argument.name().equals("numkeys") || argument.name().equals("numfields")) {
                        counter = words.size();
                        words.add("1");
                    } else {
                        words.add(values.word(spec.fullName(), spec.group(), argument.name()));
                    }
                }
            }
        }
    }
}
