package dev.holdfast.engine.scripting;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The first line of a script or library, {@code #!engine name=value ...}, which says what it is. */
record Shebang(String engine, List<String> options, int length) {

    /** The first line, or null if the code does not begin with such a line; its words may be missing all the same. */
    static @Nullable Shebang parse(byte[] code, String invalid, String withoutEngine) {
        if (code.length < 2 || code[0] != '#' || code[1] != '!') {
            return null;
        }
        int end = 2;
        while (end < code.length && code[end] != '\n') {
            end++;
        }
        if (end == code.length) {
            throw new CommandException(invalid);
        }
        Args line = new Args();
        boolean closed = InlineWords.split(Arrays.copyOf(code, end), line);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < line.count(); i++) {
            words.add(line.get(i).toString());
        }
        if (!closed || words.isEmpty() || words.getFirst().length() < 2) {
            throw new CommandException(withoutEngine);
        }
        return new Shebang(words.getFirst().substring(2), words.subList(1, words.size()), end);
    }

    /** The flags of a script of EVAL, which are its only option. */
    Set<ScriptFlag> scriptFlags() {
        Set<ScriptFlag> flags = EnumSet.noneOf(ScriptFlag.class);
        for (String option : options) {
            if (!option.startsWith("flags=")) {
                throw new CommandException("ERR Unknown lua shebang option: " + option);
            }
            String list = option.substring("flags=".length());
            for (String name : list.isEmpty() ? new String[0] : list.split(",", -1)) {
                ScriptFlag flag = ScriptFlag.named(name);
                if (flag == null) {
                    throw new CommandException("ERR Unexpected flag in script shebang: " + name);
                }
                flags.add(flag);
            }
        }
        return flags;
    }

    /** The name of a library, which is its only option. */
    String libraryName() {
        String name = null;
        for (String option : options) {
            if (!option.toLowerCase(Locale.ROOT).startsWith("name=")) {
                throw new CommandException("ERR Invalid metadata value given: " + option);
            }
            if (name != null) {
                throw new CommandException("ERR Invalid metadata value, name argument was given multiple times");
            }
            name = option.substring("name=".length());
        }
        if (name == null) {
            throw new CommandException("ERR Library name was not given");
        }
        return name;
    }
}
