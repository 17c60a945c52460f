package dev.holdfast.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.random.GeneratedCommands;
import dev.holdfast.conformance.script.ScriptedCommands;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.commands.AllCommands;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every command that is declared is run by a script or made at random. */
class CoverageTest {
    /** Commands that neither can run, with the reason. */
    private static final Map<String, String> EXEMPT = Map.of(
            "shutdown", "it ends the server",
            "save", "a store in memory has nothing to save; FilePersistenceTest",
            "bgsave", "as SAVE",
            "lastsave", "its answer is a time");

    private static List<CommandSpec> declared() {
        return AllCommands.list().stream()
                .flatMap(spec -> spec.isContainer() ? spec.subcommands().values().stream() : Stream.of(spec))
                .toList();
    }

    @Test
    void everyCommandIsReached() {
        Set<String> generated = GeneratedCommands.names();
        Set<String> scripted = ScriptedCommands.names();
        Set<String> missed = new TreeSet<>();
        for (CommandSpec spec : declared()) {
            String name = spec.fullName();
            if (!generated.contains(name) && !scripted.contains(name) && !EXEMPT.containsKey(name)) {
                missed.add(name);
            }
        }
        assertEquals(Set.of(), missed, "commands in no script of src/test/resources/scripts");
        assertTrue(generated.size() > 100, "only " + generated.size() + " commands are made at random");
    }

    @Test
    void exemptionsAreNeeded() {
        Set<String> names = new TreeSet<>();
        declared().forEach(spec -> names.add(spec.fullName()));
        assertTrue(names.containsAll(EXEMPT.keySet()));
        assertTrue(EXEMPT.keySet().stream().noneMatch(ScriptedCommands.names()::contains));
    }
}
