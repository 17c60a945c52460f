package dev.holdfast.engine;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.commands.AllCommands;
import java.nio.charset.StandardCharsets;
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
    static byte[] of(Object word) {
        return switch (word) {
            case byte[] bytes -> bytes;
            case String text -> utf8(text);
            case Long number -> Numbers.toBytes(number);
            case Integer number -> Numbers.toBytes(number);
            case Short number -> Numbers.toBytes(number);
            case Byte number -> Numbers.toBytes(number);
            case Double number -> Doubles.toBytes(number);
            case Float number -> Doubles.toBytes(number);
            default ->
                throw new IllegalArgumentException("a word of a command is a byte array, a string or a number, not a "
                        + word.getClass().getName());
        };
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

    static byte[] utf8(String text) {
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
