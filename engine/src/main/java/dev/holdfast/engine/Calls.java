package dev.holdfast.engine;

import dev.holdfast.engine.protocol.Args;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Calls of commands: any command by its name, and what the typed calls of the subclasses are made of.
 *
 * <p>An error that a command answers is thrown as a {@link ErrorReplyException}. A command that waits parks the calling thread; if
 * that is interrupted, it stops waiting and throws a {@link CallInterruptedException}, and remains interrupted. After the store is closed, every call throws an {@link IllegalStateException}.
 */
public abstract sealed class Calls permits StringCalls {
    /** Commands that change or need the state of a connection. */
    private static final Set<String> OF_A_CONNECTION = Set.of(
            "select",
            "multi",
            "exec",
            "discard",
            "watch",
            "unwatch",
            "hello",
            "auth",
            "reset",
            "quit",
            "monitor",
            "subscribe",
            "psubscribe",
            "ssubscribe",
            "unsubscribe",
            "punsubscribe",
            "sunsubscribe");

    /** Subcommands of CLIENT that do. */
    private static final Set<String> OF_A_CLIENT = Set.of(
            "reply", "tracking", "caching", "setname", "setinfo", "no-evict", "no-touch", "capa", "import-source");

    /** Commands as they are usually written that need no closer look, because they never concern a connection. */
    private static final Set<String> OF_NO_CONNECTION = Words.names().stream()
            .filter(name ->
                    !OF_A_CONNECTION.contains(name.toLowerCase(Locale.ROOT)) && !name.equalsIgnoreCase("client"))
            .collect(Collectors.toUnmodifiableSet());

    Calls() {}

    /** Something that runs a command, for this thread alone until it is given back. */
    abstract Caller borrow();

    abstract void giveBack(Caller caller);

    /**
     * Runs any command.
     *
     * @param command its name, in any case
     * @param arguments byte arrays, strings (taken as UTF-8) and numbers
     * @return bulk strings as {@code byte[]}, simple strings as {@code String}, integers as {@code Long}, real numbers as
     *     {@code Double}, truth values as {@code Boolean}, no value as null, and {@code List} and {@code Map} of these; the
     *     keys of a map are strings
     * @throws ErrorReplyException if the command answers an error
     * @throws IllegalArgumentException if an argument is of another type, or if the command belongs to a connection and this is
     *     not a {@link Connection}
     */
    public @Nullable Object call(String command, Object... arguments) {
        Caller caller = borrow();
        try {
            refuseState(caller, command, arguments);
            caller.command(Words.name(command));
            for (Object argument : arguments) {
                caller.word(Words.of(argument));
            }
            return caller.run().toObject();
        } finally {
            caller.forgetLongWords();
            giveBack(caller);
        }
    }

    /**
     * As {@link #call}, with text for bytes: bulk strings are read as UTF-8, wherever they stand in the answer.
     *
     * @return {@code String}, {@code Long}, {@code Double}, {@code Boolean}, null, and {@code List} and {@code Map} of these
     */
    public @Nullable Object callText(String command, Object... arguments) {
        return Words.readable(call(command, arguments));
    }

    /**
     * Runs commands that need not see each other's answers: faster than one by one, because what several of them will read is
     * fetched from memory together. They are not one step, other threads' commands may come between; see {@link Holdfast#transaction}.
     *
     * @param commands adds the commands; if it throws, some of those added may have run
     * @return their answers in order, each as {@link #call} gives it, but a {@link ErrorReplyException} for each that failed
     */
    public List<@Nullable Object> pipeline(Consumer<Pipeline> commands) {
        Caller caller = borrow();
        Pipeline pipeline = new Pipeline(caller);
        try {
            commands.accept(pipeline);
            return pipeline.answers();
        } finally {
            pipeline.end();
            giveBack(caller);
        }
    }

    /** Fails where a command belongs to a connection and the caller is none. */
    static void refuseState(Caller caller, String command, Object[] arguments) {
        if (!caller.hasState() && !OF_NO_CONNECTION.contains(command)) {
            refuseState(command, arguments);
        }
    }

    private static void refuseState(String command, Object[] arguments) {
        String name = command.toLowerCase(Locale.ROOT);
        if (OF_A_CONNECTION.contains(name)
                || name.equals("client")
                        && arguments.length > 0
                        && arguments[0] instanceof String subcommand
                        && OF_A_CLIENT.contains(subcommand.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(
                    command + " concerns a connection: use Holdfast.connect, a transaction or a subscriber");
        }
    }

    // ---- what the typed calls are made of ----

    final byte @Nullable [] bytes(Verb verb, byte[] word) {
        Caller caller = borrow();
        try {
            return caller.command(verb.word).word(word).run(verb).toBytes();
        } finally {
            giveBack(caller);
        }
    }

    final byte @Nullable [] bytes(Verb verb, byte[] one, byte[] other) {
        Caller caller = borrow();
        try {
            return caller.command(verb.word).word(one).word(other).run(verb).toBytes();
        } finally {
            giveBack(caller);
        }
    }

    /** The answers to a command for each of several words, of which each is a command of its own. */
    final List<byte @Nullable []> bytesOfEach(Verb verb, byte[][] words) {
        List<byte @Nullable []> answers = new ArrayList<>(words.length);
        Caller caller = borrow();
        try {
            for (byte[] word : words) {
                caller.add(verb.word).add(word);
                if (caller.isBatchFull()) {
                    takeBytes(caller, verb, answers);
                }
            }
            takeBytes(caller, verb, answers);
        } finally {
            caller.endBatch();
            giveBack(caller);
        }
        return answers;
    }

    private static void takeBytes(Caller caller, Verb verb, List<byte @Nullable []> answers) {
        int count = caller.fetch();
        for (int i = 0; i < count; i++) {
            answers.add(caller.run(verb, i).toBytes());
        }
        caller.endBatch();
    }

    /** Runs a command for each of several pairs of words, of which each is a command of its own. */
    final void runForEach(Verb verb, byte[][] words) {
        Caller caller = borrow();
        try {
            for (int i = 0; i < words.length; i += 2) {
                Args args = caller.add(verb.word);
                args.add(words[i]);
                args.add(words[i + 1]);
                if (caller.isBatchFull()) {
                    runBatch(caller, verb);
                }
            }
            runBatch(caller, verb);
        } finally {
            caller.endBatch();
            giveBack(caller);
        }
    }

    private static void runBatch(Caller caller, Verb verb) {
        int count = caller.fetch();
        for (int i = 0; i < count; i++) {
            caller.run(verb, i).isPresent();
        }
        caller.endBatch();
    }

    final long integer(Verb verb, byte[]... words) {
        Caller caller = borrow();
        try {
            return run(caller, verb, words).toLong();
        } finally {
            caller.forgetLongWords();
            giveBack(caller);
        }
    }

    /** Runs a command and says whether it has answered anything but null. */
    final boolean present(Verb verb, byte[]... words) {
        Caller caller = borrow();
        try {
            return run(caller, verb, words).isPresent();
        } finally {
            caller.forgetLongWords();
            giveBack(caller);
        }
    }

    private static Answer run(Caller caller, Verb verb, byte[][] words) {
        caller.command(verb.word);
        for (byte[] word : words) {
            caller.word(word);
        }
        return caller.run(verb);
    }

    private IllegalStateException unexpected(@Nullable Object answer) {
        return new IllegalStateException("the command has answered something else: " + answer);
    }

    final long integer(String command, Object... words) {
        if (call(command, words) instanceof Long number) {
            return number;
        }
        throw unexpected(null);
    }

    final byte @Nullable [] bytes(String command, Object... words) {
        Object answer = call(command, words);
        if (answer == null || answer instanceof byte[]) {
            return (byte[]) answer;
        }
        throw unexpected(answer);
    }

    final @Nullable String text(String command, Object... words) {
        return Words.textOrNull(bytes(command, words));
    }

    final @Nullable Double real(String command, Object... words) {
        Object answer = call(command, words);
        return answer == null ? null : toDouble(answer);
    }

    /** A number that is never missing. */
    final double someReal(String command, Object... words) {
        Object answer = call(command, words);
        if (answer == null) {
            throw unexpected(null);
        }
        return toDouble(answer);
    }

    final List<String> texts(String command, Object... words) {
        List<String> texts = new ArrayList<>();
        for (byte @Nullable [] element : byteStrings(command, words)) {
            if (element != null) {
                texts.add(Words.text(element));
            }
        }
        return texts;
    }

    /** As {@link #texts}, with null for what is not there. */
    final List<@Nullable String> textsOrNulls(String command, Object... words) {
        List<@Nullable String> texts = new ArrayList<>();
        byteStrings(command, words).forEach(element -> texts.add(Words.textOrNull(element)));
        return texts;
    }

    final List<byte @Nullable []> byteStrings(String command, Object... words) {
        List<byte @Nullable []> elements = new ArrayList<>();
        if (call(command, words) instanceof List<?> list) {
            for (Object element : list) {
                elements.add((byte[]) element);
            }
        }
        return elements;
    }

    final Map<String, String> textMap(String command, Object... words) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (call(command, words) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> texts.put((String) key, Words.text((byte[]) value)));
        }
        return texts;
    }

    static double toDouble(Object answer) {
        return switch (answer) {
            case Double number -> number;
            case byte[] digits -> dev.holdfast.engine.base.Doubles.parse(digits, 0, digits.length);
            default -> throw new IllegalStateException("not a number: " + answer);
        };
    }

    /** An array of {@code first} and what follows. */
    static Object[] words(Object first, Object... rest) {
        Object[] words = new Object[rest.length + 1];
        words[0] = first;
        System.arraycopy(rest, 0, words, 1, rest.length);
        return words;
    }

    static byte[][] words(byte[] first, byte[]... rest) {
        byte[][] words = new byte[rest.length + 1][];
        words[0] = first;
        System.arraycopy(rest, 0, words, 1, rest.length);
        return words;
    }

    static byte[][] utf8(String first, String... rest) {
        byte[][] words = new byte[rest.length + 1][];
        words[0] = Words.utf8(first);
        for (int i = 0; i < rest.length; i++) {
            words[i + 1] = Words.utf8(rest[i]);
        }
        return words;
    }

    static byte[][] eachUtf8(String[] texts) {
        byte[][] words = new byte[texts.length][];
        Arrays.setAll(words, i -> Words.utf8(texts[i]));
        return words;
    }
}
