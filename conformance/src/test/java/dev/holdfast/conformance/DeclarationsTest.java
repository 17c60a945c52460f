package dev.holdfast.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What COMMAND says of each command is what a real server says: clients route by it. */
class DeclarationsTest {
    private static final int LEAST_COMPARED = 150;

    /** The parts of what COMMAND INFO says, in order. */
    private static final List<String> PARTS =
            List.of("name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "keys");

    /**
     * Of arguments we declare neither since when they exist nor their history, and only one name, which is the one that is
     * displayed.
     */
    private static final Set<String> UNDECLARED = Set.of("notes", "since", "summary", "deprecated_since", "name");

    /** Commands whose arguments are described otherwise, and why. */
    private static final Map<String, String> DESCRIBED_OTHERWISE = Map.ofEntries(
            Map.entry("hexpireat", "a time since 1970 is a unix-time, as it is for EXPIREAT"),
            Map.entry("hpexpireat", "a time since 1970 is a unix-time, as it is for PEXPIREAT"),
            Map.entry("client|kill", "old and new words for the same kind of client are not all listed"),
            Map.entry("client|list", "old and new words for the same kind of client are not all listed"),
            Map.entry("geosearch", "a keyword belongs to all that follows it, not to the first of that"),
            Map.entry("geosearchstore", "a keyword belongs to all that follows it, not to the first of that"),
            Map.entry("georadius", "a keyword belongs to all that follows it, not to the first of that"),
            Map.entry("georadius_ro", "a keyword belongs to all that follows it, not to the first of that"),
            Map.entry("georadiusbymember", "a keyword belongs to all that follows it, not to the first of that"),
            Map.entry("georadiusbymember_ro", "a keyword belongs to all that follows it, not to the first of that"),
            Map.entry("migrate", "the empty string in place of a key is written as a sign"),
            Map.entry("geoadd", "CH is displayed as it is written"),
            Map.entry("sort", "ALPHA is displayed as it is written"),
            Map.entry("sort_ro", "ALPHA is displayed as it is written"),
            Map.entry("cluster|migrateslots", "the first group is written apart from those that may follow"),
            Map.entry("zadd", "CH and INCR are displayed as they are written"),
            Map.entry("xadd", "signs such as ~ and $ stand for themselves, and have no names"),
            Map.entry("xtrim", "signs such as ~ and $ stand for themselves, and have no names"),
            Map.entry("xgroup|create", "signs such as ~ and $ stand for themselves, and have no names"),
            Map.entry("xgroup|setid", "signs such as ~ and $ stand for themselves, and have no names"),
            Map.entry("xread", "STREAMS is the keyword of the keys, not of the keys and ids"),
            Map.entry("xreadgroup", "STREAMS is the keyword of the keys, not of the keys and ids"));

    /** From which version on a part is as it is now. Older servers know less of keys and have other flags. */
    private static final Map<String, Integer> SINCE =
            Map.of("arity", 901, "flags", 901, "categories", 901, "tips", 901, "keys", 901);

    @Test
    void commandsAreDeclaredAsInARealServer() {
        try (OurServer ours = new OurServer();
                RealServer real = RealServer.start();
                Session one = ours.connect(Form.RESP3);
                Session other = real.connect(Form.RESP3)) {
            Map<String, Answer> theirs = byName(other.run("COMMAND"));
            List<String> differences = new ArrayList<>();
            int compared = 0;
            for (Map.Entry<String, Answer> command : byName(one.run("COMMAND")).entrySet()) {
                Answer counterpart = theirs.get(command.getKey());
                if (counterpart != null) {
                    compared++;
                    compare(command.getKey(), command.getValue(), counterpart, real.version(), differences);
                }
            }
            System.out.println("Compared " + compared + " declarations with " + real);
            assertTrue(compared >= LEAST_COMPARED, "only " + compared + " declarations were compared");
            assertEquals("", String.join("\n", differences), "ours, then those of " + real);
        }
    }

    /** Commands and subcommands by their full names. */
    private static Map<String, Answer> byName(Answer commands) {
        Map<String, Answer> byName = new LinkedHashMap<>();
        for (Answer command : commands.parts()) {
            byName.put(command.parts().getFirst().text(), command);
            byName.putAll(byName(command.parts().getLast()));
        }
        return byName;
    }

    private static void compare(String name, Answer ours, Answer real, int version, List<String> differences) {
        for (int i = 0; i < PARTS.size(); i++) {
            Answer one = sorted(ours.parts().get(i));
            Answer other = sorted(real.parts().get(i));
            if (version >= SINCE.getOrDefault(PARTS.get(i), 0)
                    && !one.toString().equals(other.toString())) {
                differences.add(name + " " + PARTS.get(i) + ": " + one + " " + other);
            }
        }
    }

    /** What COMMAND DOCS says of the arguments, which tools complete commands from. */
    @Test
    void argumentsAreDescribedAsInARealServer() {
        try (OurServer ours = new OurServer();
                RealServer real = RealServer.start();
                Session one = ours.connect(Form.RESP3);
                Session other = real.connect(Form.RESP3)) {
            Map<String, Answer> theirs = arguments(other.run("COMMAND", "DOCS"));
            Map<String, Answer> mine = arguments(one.run("COMMAND", "DOCS"));
            mine.keySet().retainAll(theirs.keySet());
            List<String> differences = new ArrayList<>();
            theirs.forEach((name, described) -> {
                Answer counterpart = mine.get(name);
                if (counterpart != null && real.version() >= 901 && !DESCRIBED_OTHERWISE.containsKey(name)) {
                    String ourText = sorted(counterpart).toString();
                    String realText = sorted(described).toString();
                    if (!ourText.equals(realText)) {
                        differences.add(name + "\n  " + ourText + "\n  " + realText);
                    }
                }
            });
            assertTrue(mine.size() >= LEAST_COMPARED, "only " + mine.size() + " commands are described");
            assertEquals("", String.join("\n", differences), "ours, then those of " + real);
        }
    }

    /** The arguments of commands and subcommands by their full names. */
    private static Map<String, Answer> arguments(Answer docs) {
        Map<String, Answer> arguments = new LinkedHashMap<>();
        for (int i = 0; i < docs.parts().size(); i += 2) {
            Answer command = docs.parts().get(i + 1);
            for (int j = 0; j < command.parts().size(); j += 2) {
                Answer value = command.parts().get(j + 1);
                switch (command.parts().get(j).text()) {
                    case "arguments" -> arguments.put(docs.parts().get(i).text(), value);
                    case "subcommands" -> arguments.putAll(arguments(value));
                    default -> {}
                }
            }
        }
        return arguments;
    }

    /** The same with all sets and maps in order, and without what our declarations do not have. */
    private static Answer sorted(Answer answer) {
        List<Answer> parts = new ArrayList<>();
        boolean key = answer.parts().contains(Answer.bulk("key"));
        for (int i = 0; i < answer.parts().size(); i++) {
            String part = answer.kind() == Kind.MAP && i % 2 == 0
                    ? answer.parts().get(i).text()
                    : "";
            // A number of fields is no key, although some of Valkey's have the index of one.
            if (UNDECLARED.contains(part) || part.equals("key_spec_index") && !key) {
                i++;
            } else {
                parts.add(sorted(answer.parts().get(i)));
            }
        }
        Answer inside = new Answer(answer.kind(), answer.text(), parts, false);
        return answer.kind() == Kind.SET ? inside.sorted(1) : answer.kind() == Kind.MAP ? inside.sorted(2) : inside;
    }
}
