package dev.holdfast.engine.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.commands.AllCommands;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ArgumentTest {
    /** The tree in a notation of its own: what is optional ends in ?, what can be repeated in +, with its keyword in ++. */
    private static String shape(List<Argument> arguments, String separator) {
        return arguments.stream().map(ArgumentTest::shape).collect(Collectors.joining(separator));
    }

    private static String shape(Argument argument) {
        String token = argument.token().isEmpty() ? "" : argument.token() + ":";
        String text = switch (argument.kind()) {
            case VALUE -> token + argument.name();
            case TOKEN -> argument.token();
            case BLOCK -> token + "{" + shape(argument.parts(), " ") + "}";
            case ONE_OF -> token + "(" + shape(argument.parts(), "|") + ")";
        };
        return text
                + (argument.multipleToken() ? "++" : argument.multiple() ? "+" : "")
                + (argument.optional() ? "?" : "");
    }

    private static String parse(String syntax) {
        return shape(Argument.parse(syntax), " ");
    }

    @Test
    void readsSyntaxes() {
        assertEquals("", parse(""));
        assertEquals("key value", parse("key value"));
        assertEquals("key+ timeout", parse("key [key ...] timeout"));
        assertEquals("key {score member}+", parse("key score member [score member ...]"));
        assertEquals("key count?", parse("key [count]"));
        assertEquals("key {count WITHVALUES?}?", parse("key [count [WITHVALUES]]"));
        assertEquals("source (LEFT|RIGHT) timeout", parse("source <LEFT | RIGHT> timeout"));
        assertEquals("min LIMIT:{offset count}? REV?", parse("min [LIMIT offset count] [REV]"));
        assertEquals("AGGREGATE:(SUM|MIN)?", parse("[AGGREGATE <SUM | MIN>]"));
        assertEquals(
                "WEIGHTS:weight+? GET:pattern++?",
                parse("[WEIGHTS weight [weight ...]] [GET pattern [GET pattern ...]]"));
        assertEquals("(EX:seconds|PX:milliseconds|PERSIST)?", parse("[EX seconds | PX milliseconds | PERSIST]"));
        assertEquals("(EX:seconds|PERSIST)?", parse("[<EX seconds | PERSIST>]"));
        assertEquals("key FIELDS:{numfields field+}", parse("key FIELDS numfields field [field ...]"));
        assertEquals("(NX|XX|IFEQ:comparison-value)?", parse("[NX | XX | IFEQ comparison-value]"));
    }

    @Test
    void readsEveryCommand() {
        for (CommandSpec spec : AllCommands.list()) {
            assertEquals(spec.syntax().isBlank(), spec.arguments().isEmpty(), spec.fullName());
            spec.subcommands().values().forEach(CommandSpec::arguments);
        }
    }
}
