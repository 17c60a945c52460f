package dev.holdfast.toolkit.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command with its words: byte arrays, strings (as UTF-8), ints, longs and doubles; or a script with keys and arguments. */
public final class Command {
    private static final byte[][] DIGITS = new byte[10][];

    static {
        for (int i = 0; i < DIGITS.length; i++) {
            DIGITS[i] = Words.of(i);
        }
    }

    private final String name;
    private final Object[] words;
    private final @Nullable Script script;
    private final int keys;

    private Command(String name, Object[] words, @Nullable Script script, int keys) {
        this.name = name;
        this.words = words;
        this.script = script;
        this.keys = keys;
    }

    /** A word as the bytes that are sent, for one that is sent often. */
    public static byte[] word(Object word) {
        return word instanceof Integer number && number >= 0 && number < DIGITS.length
                ? DIGITS[number]
                : Words.of(word);
    }

    /** A command; {@code name} is that of the command alone, and a subcommand is the first of the words. */
    public static Command of(String name, Object... words) {
        return new Command(name, words, null, 0);
    }

    /** The run of a script. All keys that it touches are among {@code keys}, and lie in one slot. */
    public static Command of(Script script, List<?> keys, Object... arguments) {
        Object[] words = new Object[keys.size() + arguments.length + 2];
        words[0] = script.sha1Word();
        words[1] = word(keys.size());
        for (int i = 0; i < keys.size(); i++) {
            words[2 + i] = keys.get(i);
        }
        System.arraycopy(arguments, 0, words, 2 + keys.size(), arguments.length);
        return new Command("EVALSHA", words, script, keys.size());
    }

    public String name() {
        return name;
    }

    /** What follows the name. The array is the command's own. */
    Object[] words() {
        return words;
    }

    /** The script that the command runs, or null. */
    @Nullable
    Script script() {
        return script;
    }

    /** How many keys of a script there are; they begin at the third word. */
    int scriptKeys() {
        return keys;
    }

    /** The same run of a script, with its source in place of the digest. */
    Command withSource() {
        if (script == null) {
            throw new IllegalStateException(name + " runs no script");
        }
        Object[] changed = words.clone();
        changed[0] = script.source();
        return new Command("EVAL", changed, script, keys);
    }

    @Override
    public String toString() {
        return script == null ? name : "script " + script.name();
    }
}
