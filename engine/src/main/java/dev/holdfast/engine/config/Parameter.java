package dev.holdfast.engine.config;

import java.util.ArrayList;
import java.util.List;

/**
 * One configuration parameter: its name, its present value as text, and how a text becomes a value. Reading the typed value
 * is a plain field access in the subclasses.
 */
public abstract class Parameter {
    private final String name;
    private final List<String> aliases = new ArrayList<>();
    private boolean immutable;
    private boolean secret;
    private boolean hidden;
    private Runnable listener = () -> {};

    protected Parameter(String name) {
        this.name = name;
    }

    public final String name() {
        return name;
    }

    public final List<String> aliases() {
        return aliases;
    }

    /** Whether the value is fixed when the server starts. */
    public final boolean isImmutable() {
        return immutable;
    }

    /** Whether the value must not appear in logs. */
    public final boolean isSecret() {
        return secret;
    }

    /** Whether patterns do not find it; it must be named in full. */
    public final boolean isHidden() {
        return hidden;
    }

    final void addAlias(String alias) {
        aliases.add(alias);
    }

    final void setImmutable() {
        immutable = true;
    }

    final void setSecret() {
        secret = true;
    }

    final void setHidden() {
        hidden = true;
    }

    /** Calls {@code listener} after each change. There is one listener; a second takes the place of the first. */
    public final void onChange(Runnable listener) {
        this.listener = listener;
    }

    final void changed() {
        listener.run();
    }

    /** The value as {@code CONFIG GET} shows it. */
    public abstract String text();

    /** The value that the parameter has when nobody sets it. */
    public abstract String defaultText();

    /**
     * Sets the value.
     *
     * @throws ConfigException if the text is not a value of this parameter
     */
    public abstract void parse(String text) throws ConfigException;
}
