package dev.holdfast.conformance.random;

import dev.holdfast.engine.catalog.Argument;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/** Makes calls of a command that are wrong in some way: too few words or too many, other types, numbers beyond all bounds. */
final class HostileWords {
    private static final List<String> WORDS = List.of(
            "",
            "\0",
            "\r\n",
            "x",
            "-1",
            "0",
            "1",
            "007",
            "+1",
            " 1",
            "0x10",
            "1.5",
            "9223372036854775807",
            "-9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "4294967295",
            "4294967296",
            "2147483648",
            "-2147483649",
            "536870911",
            "nan",
            "inf",
            "-inf",
            "1e400",
            "*",
            "$",
            "-",
            "+",
            ">",
            "~",
            "#",
            "(1",
            "[a",
            "0-0",
            "18446744073709551615-18446744073709551615",
            "COUNT",
            "LIMIT",
            "STORE",
            "KEYS",
            "long".repeat(5_000));

    /** Numbers with which a command would take half a gigabyte, or answer for ever. */
    private static final Set<String> HUGE = Set.of(
            "536870911",
            "4294967295",
            "4294967296",
            "2147483648",
            "-2147483649",
            "9223372036854775807",
            "-9223372036854775807",
            "-9223372036854775808");

    private static final Set<String> TAKE_ALL_THEY_ARE_ASKED_FOR =
            Set.of("setrange", "setbit", "bitfield", "srandmember", "hrandfield", "zrandmember");

    private final Random random;
    private final Values values;

    HostileWords(Random random) {
        this.random = random;
        this.values = new Values(random, KnownDifferences.NEWEST);
    }

    /** Whether a call of the command might take much of a real server's memory or time. */
    static boolean isHeavy(List<String> call) {
        return TAKE_ALL_THEY_ARE_ASKED_FOR.contains(call.getFirst().toLowerCase(Locale.ROOT))
                && call.stream().anyMatch(HUGE::contains);
    }

    List<String> call(CommandSpec spec) {
        List<String> words = new ArrayList<>();
        for (String name : spec.fullName().split("\\|")) {
            words.add(name.toUpperCase(Locale.ROOT));
        }
        int first = words.size();
        fill(spec, spec.arguments(), words);
        for (int i = random.nextInt(4); i > 0; i--) {
            disturb(words, first);
        }
        return words;
    }

    private void disturb(List<String> words, int first) {
        int at = first + random.nextInt(words.size() - first + 1);
        switch (random.nextInt(6)) {
            case 0 -> words.add(at, values.oneOf(WORDS));
            case 1 -> words.subList(at, words.size()).clear();
            case 2 -> words.add(values.oneOf(List.of("none", "str1", "list1", "hash1", "set1", "zset1", "stream1")));
            case 3, 4 -> {
                if (at < words.size()) {
                    words.set(at, values.oneOf(WORDS));
                }
            }
            default -> {
                if (at < words.size()) {
                    words.remove(at);
                }
            }
        }
    }

    private void fill(CommandSpec spec, List<Argument> arguments, List<String> words) {
        for (Argument argument : arguments) {
            if (argument.optional() && random.nextBoolean()) {
                continue;
            }
            int times = argument.multiple() ? 1 + random.nextInt(3) : 1;
            for (int i = 0; i < times; i++) {
                if (!argument.token().isEmpty() && (i == 0 || argument.multipleToken())) {
                    words.add(argument.token());
                }
                switch (argument.kind()) {
                    case TOKEN -> {}
                    case BLOCK -> fill(spec, argument.parts(), words);
                    case ONE_OF -> fill(spec, List.of(values.oneOf(argument.parts())), words);
                    case VALUE ->
                        words.add(random.nextInt(4) == 0 ? values.oneOf(WORDS) : plausible(spec, argument.name()));
                }
            }
        }
    }

    private String plausible(CommandSpec spec, String name) {
        if (name.startsWith("num") && !name.equals("num-vertices")) {
            return Integer.toString(1 + random.nextInt(3));
        }
        try {
            return values.word(spec.fullName(), spec.group(), name);
        } catch (IllegalStateException e) {
            return values.oneOf(List.of("1", "a", "0", "yes"));
        }
    }
}
