package dev.holdfast.engine.config;

/** A text that is not a value of its parameter. The message says why, in Valkey's words. */
public final class ConfigException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public ConfigException(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
