package dev.holdfast.engine.config;

import java.util.List;

/** A text, free or one of a few words. */
public final class TextParameter extends Parameter {
    /** Turns a text into the form in which it is kept, or refuses it. */
    @FunctionalInterface
    public interface Check {
        String normalize(String text) throws ConfigException;
    }

    private final String defaultValue;
    private final Check check;
    private volatile String value;

    TextParameter(String name, String defaultValue, Check check) {
        super(name);
        this.defaultValue = defaultValue;
        this.check = check;
        this.value = defaultValue;
    }

    /** A check that accepts these words in any case and keeps them as they are written here. */
    static Check oneOf(List<String> words) {
        return text -> {
            for (String word : words) {
                if (word.equalsIgnoreCase(text)) {
                    return word;
                }
            }
            throw new ConfigException("argument(s) must be one of the following: " + String.join(", ", words));
        };
    }

    public String get() {
        return value;
    }

    public void set(String value) {
        this.value = value;
        changed();
    }

    @Override
    public String text() {
        return value;
    }

    @Override
    public String defaultText() {
        return defaultValue;
    }

    @Override
    public void parse(String text) throws ConfigException {
        value = check.normalize(text);
    }
}
