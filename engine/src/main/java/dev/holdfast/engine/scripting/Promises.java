package dev.holdfast.engine.scripting;

import dev.holdfast.engine.catalog.CommandException;
import java.nio.charset.StandardCharsets;

/**
 * What a script promises to this store alone, in a comment, since other servers refuse flags that they do not know: the line {@code
 * --!holdfast flags=declared-keys} at its beginning, or behind its {@code #!} line.
 *
 * @param declaredKeys it uses no keys but those of its call and others with the same hash tags
 */
record Promises(boolean declaredKeys) {
    private static final String MARK = "--!holdfast";
    private static final String FLAGS = "flags=";

    /** The promises of a script whose own code begins at a place. */
    static Promises of(byte[] code, int from) {
        int begin = from < code.length && code[from] == '\n' ? from + 1 : from;
        int end = begin;
        while (end < code.length && code[end] != '\n') {
            end++;
        }
        if (!startsWith(code, begin, end)) {
            return new Promises(false);
        }
        boolean declaredKeys = false;
        String options = new String(code, begin + MARK.length(), end - begin - MARK.length(), StandardCharsets.UTF_8);
        for (String option : options.strip().split("\\s+")) {
            if (!option.startsWith(FLAGS)) {
                throw new CommandException("ERR Unknown option in the line " + MARK + " of a script: " + option);
            }
            for (String flag : option.substring(FLAGS.length()).split(",", -1)) {
                if (!flag.equals("declared-keys")) {
                    throw new CommandException("ERR Unknown flag in the line " + MARK + " of a script: " + flag);
                }
                declaredKeys = true;
            }
        }
        return new Promises(declaredKeys);
    }

    private static boolean startsWith(byte[] code, int begin, int end) {
        if (end - begin < MARK.length()) {
            return false;
        }
        for (int i = 0; i < MARK.length(); i++) {
            if (code[begin + i] != MARK.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
