package dev.holdfast.toolkit.store;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Knows from the engine's declarations which word of a command is its first key. */
final class KeyPositions {
    private static final Map<String, CommandSpec> SPECS = new HashMap<>();

    static {
        AllCommands.list().forEach(spec -> SPECS.put(spec.name(), spec));
    }

    private KeyPositions() {}

    /** The index among the words after the name of the first key, or -1. A command that is not known has its key first. */
    static int first(String name, byte[][] words) {
        CommandSpec spec = SPECS.get(name.toLowerCase(Locale.ROOT));
        if (spec == null) {
            return words.length == 0 ? -1 : 0;
        }
        if (spec.isContainer() && words.length > 0) {
            spec = spec.subcommands()
                    .getOrDefault(new String(words[0], StandardCharsets.UTF_8).toLowerCase(Locale.ROOT), spec);
        }
        byte[][] all = new byte[words.length + 1][];
        all[0] = Words.of(name);
        System.arraycopy(words, 0, all, 1, words.length);
        List<Integer> keys = spec.keysOf(Args.of(all));
        return keys.isEmpty() ? -1 : keys.getFirst() - 1;
    }
}
