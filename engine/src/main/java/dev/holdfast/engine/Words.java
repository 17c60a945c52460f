package dev.holdfast.engine;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.commands.AllCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How the arguments of a Java call become the words of a command. */
final class Words {
    private static final Map<String, byte[]> NAMES = new HashMap<>();

    static {
        AllCommands.list().forEach(spec -> {
            String name = spec.name();
            NAMES.put(name, utf8(name));
            NAMES.put(name.toUpperCase(Locale.ROOT), utf8(name));
        });
    }

    /** What can be added to any time of today. */
    private static final Duration LONGEST_LIFE = Duration.ofDays(365L * 1_000_000);

    private Words() {}

    /** The bytes of a command's name. They are shared. */
    static byte[] name(String command) {
        byte[] name = NAMES.get(command);
        return name == null ? utf8(command) : name;
    }

    /** The names of all commands, in lower and in upper case. */
    static Set<String> names() {
        return NAMES.keySet();
    }

    /** Byte arrays as they are, text as UTF-8, numbers in decimal. */
    static byte[] of(@Nullable Object word) {
        return switch (word) {
            case byte[] bytes -> bytes;
            case String text -> utf8(text);
            case Long number -> Numbers.toBytes(number);
            case Integer number -> Numbers.toBytes(number);
            case Short number -> Numbers.toBytes(number);
            case Byte number -> Numbers.toBytes(number);
            case Double number -> Doubles.toBytes(number);
            case Float number -> Doubles.toBytes(number);
            case null -> throw nothing();
            default ->
                throw new IllegalArgumentException("a word of a command is a byte array, a string or a number, not a "
                        + word.getClass().getName());
        };
    }

    /** How long a key lives, in milliseconds. */
    static long millis(Duration time) {
        if (time.compareTo(LONGEST_LIFE) > 0) {
            throw new IllegalArgumentException("a key cannot expire as late as in " + time);
        }
        return time.toMillis();
    }

    /** How long a command waits, in milliseconds; a very long time counts as for ever, as 0 does. Less than one is one. */
    static long timeout(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("a command cannot wait for " + time);
        }
        if (time.isZero() || time.compareTo(LONGEST_LIFE) > 0) {
            return 0;
        }
        return Math.max(1, time.toMillis());
    }

    /** Words, and behind them fields with their values. */
    static Object[] withFields(Map<String, ?> fields, Object... first) {
        Object[] words = Arrays.copyOf(first, first.length + fields.size() * 2, Object[].class);
        int at = first.length;
        for (Map.Entry<String, ?> field : fields.entrySet()) {
            words[at++] = field.getKey();
            words[at++] = field.getValue();
        }
        return words;
    }

    private static NullPointerException nothing() {
        return new NullPointerException("a word of a command is null");
    }

    @SuppressWarnings("ConstantValue") // Callers may be without null checks.
    static byte[] utf8(String text) {
        if (text == null) {
            throw nothing();
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** An answer with text for bytes, inside lists and maps too. */
    static @Nullable Object readable(@Nullable Object answer) {
        return switch (answer) {
            case byte[] bytes -> text(bytes);
            case List<?> list -> {
                List<@Nullable Object> elements = new ArrayList<>(list.size());
                list.forEach(element -> elements.add(readable(element)));
                yield elements;
            }
            case Map<?, ?> map -> {
                Map<@Nullable Object, @Nullable Object> entries = new LinkedHashMap<>();
                map.forEach((key, value) -> entries.put(readable(key), readable(value)));
                yield entries;
            }
            case null, default -> answer;
        };
    }

    static @Nullable String textOrNull(byte @Nullable [] bytes) {
        return bytes == null ? null : text(bytes);
    }
}
