package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.ValueReply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link Step} sees of its call, and the commands that it runs. Keys and arguments are counted from 0. */
public final class StepCall {
    private static final class Answer extends ValueReply {
        @Nullable
        String error() {
            return errorMessage();
        }

        @Nullable
        Object result() {
            return value();
        }
    }

    /** Where the keys begin among the words of EVALSHA. */
    private static final int FIRST_KEY = 3;

    private static final int MAX_KEPT_WORDS = 1024;

    private final Steps steps;
    private final Answer answer = new Answer();
    private Args words = new Args();
    private @Nullable Call outer;
    private @Nullable ScriptRun run;
    private Args outerWords = words;
    private int keys;
    /** The last error of a command, which is counted already. */
    private @Nullable CommandException counted;

    StepCall(Steps steps) {
        this.steps = steps;
    }

    void begin(Call call, ScriptRun scriptRun, int keyCount) {
        outer = call;
        run = scriptRun;
        outerWords = call.args();
        keys = keyCount;
    }

    void end() {
        outer = null;
        run = null;
        counted = null;
        answer.clear();
        if (words.count() > MAX_KEPT_WORDS) {
            words = new Args();
        }
        outerWords = words;
    }

    private Call outer() {
        Call present = outer;
        if (present == null) {
            throw new IllegalStateException("the step has ended");
        }
        return present;
    }

    private ScriptRun running() {
        ScriptRun present = run;
        if (present == null) {
            throw new IllegalStateException("the step has ended");
        }
        return present;
    }

    // ---- the call ----

    public int keyCount() {
        return keys;
    }

    public Slice key(int index) {
        return outerWords.get(FIRST_KEY + index);
    }

    public int argumentCount() {
        return outerWords.count() - FIRST_KEY - keys;
    }

    public Slice argument(int index) {
        return outerWords.get(FIRST_KEY + keys + index);
    }

    /** An argument as text, of one character for each byte. */
    public String text(int index) {
        Slice argument = argument(index);
        return new String(argument.array(), argument.offset(), argument.length(), StandardCharsets.ISO_8859_1);
    }

    /** Whether an argument is a word of capitals, in any case. */
    public boolean is(int index, String word) {
        return argument(index).isWord(word);
    }

    /** An argument that is a whole number. */
    public long number(int index) {
        Slice digits = argument(index);
        return Numbers.isLong(digits) ? Numbers.toLong(digits) : Long.parseLong(text(index));
    }

    /** Text as a number, as scripts read it, or null if it is none. */
    public static @Nullable Double toNumber(byte @Nullable [] text) {
        return text == null ? null : LuaNumbers.parse(text);
    }

    /** The time, which stands still during a step: microseconds since 1970. */
    public long micros() {
        return outer().nowMicros();
    }

    /** The time in milliseconds since 1970. */
    public long millis() {
        return outer().nowMicros() / 1000;
    }

    // ---- commands ----

    /**
     * Runs a command.
     *
     * @param name in capitals
     * @param more slices, byte arrays, strings (taken as UTF-8), and numbers
     * @return {@code Long}, {@code byte[]}, {@code String} for simple strings, {@code Double}, {@code Boolean}, {@code List} and
     *     {@code Map} of these, or null
     * @throws CommandException if it answers an error
     */
    public @Nullable Object call(String name, Object... more) {
        Steps.Known command = steps.command(name);
        words.clear();
        words.add(command.name().array());
        for (Object word : more) {
            if (word instanceof Slice slice) {
                words.add(slice);
            } else {
                words.add(bytes(word));
            }
        }
        answer.clear();
        if (!command.spec().acceptsCount(words.count())) {
            throw new IllegalArgumentException("not so many words for " + name + ": " + words.count());
        }
        try {
            running().execute(command.spec(), words, answer);
        } catch (CommandException e) {
            counted = e;
            throw e;
        }
        String error = answer.error();
        if (error != null) {
            counted = new CommandException(error);
            throw counted;
        }
        return answer.result();
    }

    /** Whether an error of the step is one of its commands', and so counted. */
    boolean isCounted(CommandException e) {
        return e == counted;
    }

    /** Text as a word of a command, for words that are sent often. */
    public static byte[] word(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(Object word) {
        return switch (word) {
            case byte[] bytes -> bytes;
            case String text -> text.getBytes(StandardCharsets.UTF_8);
            case Long number -> Numbers.toBytes(number);
            case Integer number -> Numbers.toBytes(number);
            case Double number -> Doubles.toBytes(number);
            default ->
                throw new IllegalArgumentException(
                        "not a word of a command: " + word.getClass().getName());
        };
    }

    /** A command that answers a number. */
    public long callForNumber(String name, Object... more) {
        if (call(name, more) instanceof Long number) {
            return number;
        }
        throw new IllegalStateException(name + " has not answered a number");
    }

    /** A command that answers a string or nothing. */
    public byte @Nullable [] callForBytes(String name, Object... more) {
        return (byte[]) call(name, more);
    }

    // ---- the end ----

    /** Writes what the step returned, as a script's return value is written. */
    static void write(Reply reply, @Nullable Object value) {
        switch (value) {
            case null -> reply.nil();
            case Long number -> reply.integer(number);
            case Integer number -> reply.integer(number);
            case Boolean flag when flag -> reply.integer(1);
            case Boolean flag -> reply.nil();
            case byte[] bytes -> reply.bulk(bytes, 0, bytes.length);
            case String text -> {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                reply.bulk(bytes, 0, bytes.length);
            }
            case List<?> list -> {
                reply.array(list.size());
                list.forEach(element -> write(reply, element));
            }
            default ->
                throw new IllegalStateException(
                        "a step has returned a " + value.getClass().getName());
        }
    }
}
