package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.engine.catalog.Argument;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which of our commands, and which of their keywords, a real server knows; it is asked with COMMAND INFO and COMMAND DOCS. */
final class Vocabulary {
    private final Session real;
    private final Map<String, Set<String>> words = new HashMap<>();
    private final Map<String, Boolean> commands = new HashMap<>();

    Vocabulary(Session real) {
        this.real = real;
    }

    boolean knows(CommandSpec command) {
        return commands.computeIfAbsent(command.fullName(), name -> {
            Answer info = real.run("COMMAND", "INFO", name);
            return info.parts().size() == 1 && info.parts().getFirst().kind() == Kind.ARRAY;
        });
    }

    /** Whether all keywords of an argument are known. Of a choice, one that is known suffices. */
    boolean knows(CommandSpec command, Argument argument) {
        if (!argument.token().isEmpty() && !words(command).contains(argument.token())) {
            return false;
        }
        return argument.kind() == Argument.Kind.ONE_OF
                ? argument.parts().stream().anyMatch(part -> knows(command, part))
                : argument.parts().stream().allMatch(part -> part.optional() || knows(command, part));
    }

    /** Whether all words of a call that are keywords of its command are known as such. */
    boolean knows(CommandSpec command, List<String> call) {
        return call.stream()
                .noneMatch(word -> isKeyword(command.arguments(), word)
                        && !words(command).contains(word.toUpperCase(Locale.ROOT)));
    }

    private static boolean isKeyword(List<Argument> arguments, String word) {
        return arguments.stream()
                .anyMatch(argument -> argument.token().equalsIgnoreCase(word) || isKeyword(argument.parts(), word));
    }

    private Set<String> words(CommandSpec command) {
        return words.computeIfAbsent(command.fullName(), name -> {
            Set<String> found = new HashSet<>();
            collect(real.run("COMMAND", "DOCS", name), found);
            return found;
        });
    }

    private static void collect(Answer answer, Set<String> into) {
        into.add(answer.text());
        answer.parts().forEach(part -> collect(part, into));
    }
}
