package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.engine.execution.Argument;
import dev.holdfast.engine.execution.CommandSpec;
import java.util.HashMap;
import java.util.HashSet;
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
