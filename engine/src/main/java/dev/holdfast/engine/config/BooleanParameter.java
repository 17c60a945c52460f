package dev.holdfast.engine.config;

import org.jspecify.annotations.Nullable;

/** A switch: {@code yes} or {@code no}. */
public final class BooleanParameter extends Parameter {
    private @Nullable String refusal;
    private final boolean defaultValue;
    private volatile boolean value;

    BooleanParameter(String name, boolean defaultValue) {
        super(name);
        this.defaultValue = defaultValue;
        this.value = defaultValue;
    }

    /** Refuses {@code yes} with this message. */
    BooleanParameter refusing(String message) {
        refusal = message;
        return this;
    }

    public boolean get() {
        return value;
    }

    public void set(boolean value) {
        this.value = value;
        changed();
    }

    @Override
    public String text() {
        return value ? "yes" : "no";
    }

    @Override
    public String defaultText() {
        return defaultValue ? "yes" : "no";
    }

    @Override
    public void parse(String text) throws ConfigException {
        if (text.equalsIgnoreCase("yes")) {
            if (refusal != null) {
                throw new ConfigException(refusal);
            }
            value = true;
        } else if (text.equalsIgnoreCase("no")) {
            value = false;
        } else {
            throw new ConfigException("argument must be 'yes' or 'no'");
        }
    }
}
