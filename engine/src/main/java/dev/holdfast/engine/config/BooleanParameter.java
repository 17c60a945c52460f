package dev.holdfast.engine.config;

/** A switch: {@code yes} or {@code no}. */
public final class BooleanParameter extends Parameter {
    private final boolean defaultValue;
    private volatile boolean value;

    BooleanParameter(String name, boolean defaultValue) {
        super(name);
        this.defaultValue = defaultValue;
        this.value = defaultValue;
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
            set(true);
        } else if (text.equalsIgnoreCase("no")) {
            set(false);
        } else {
            throw new ConfigException("argument must be 'yes' or 'no'");
        }
    }
}
