package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.protocol.Args;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The short way to a call's only key. */
class OnlyKeyTest {
    private static final int MOST_WORDS = 6;

    private static Stream<CommandSpec> all() {
        return AllCommands.list().stream()
                .flatMap(spec -> Stream.concat(Stream.of(spec), spec.subcommands().values().stream()));
    }

    private static Args words(int count) {
        String[] words = new String[count];
        Arrays.setAll(words, i -> "word" + i);
        return Args.of(words);
    }

    @Test
    void whereThereIsOneItIsTheOneThatTheDeclarationFinds() {
        all().forEach(spec -> {
            for (int count = 1; count <= MOST_WORDS; count++) {
                Args args = words(count);
                int key = spec.onlyKey(args);
                if (key != 0) {
                    assertEquals(List.of(key), spec.keysOf(args), spec.fullName() + " of " + count + " words");
                }
            }
        });
    }

    @Test
    void aListOfOneHasOne() {
        List<String> names = all().filter(spec -> spec.onlyKey() == 0 && spec.onlyKey(words(2)) == 1)
                .map(CommandSpec::fullName)
                .toList();
        assertTrue(names.containsAll(List.of("del", "exists", "unlink", "touch", "mget")), names.toString());
    }
}
