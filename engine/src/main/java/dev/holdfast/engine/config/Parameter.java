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
    private boolean guarded;
    private boolean multiple;
    private boolean idle;
    private boolean chosen;
    private boolean reloading;
    private final List<Listener> listeners = new ArrayList<>();

    /** Acts on a change. It may refuse the new value with a message, and is then called again for the old one. */
    @FunctionalInterface
    public interface Listener {
        void changed() throws ConfigException;
    }

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

    /** Whether {@code CONFIG SET} needs {@code enable-protected-configs}. */
    public final boolean isProtected() {
        return guarded;
    }

    /** Whether a line of the configuration file may give more than one word. */
    public final boolean takesManyWords() {
        return multiple;
    }

    /** Whether the parameter is accepted but changes nothing. */
    public final boolean isIdle() {
        return idle;
    }

    /** Whether a line of the configuration or an option has set the value, be it to the default. */
    public final boolean isChosen() {
        return chosen;
    }

    /** Whether setting it to the value that it has is a change: what the value names may be another. */
    final boolean isReloading() {
        return reloading;
    }

    final void setChosen() {
        chosen = true;
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

    final void setProtected() {
        guarded = true;
    }

    final void setMultiple() {
        multiple = true;
    }

    final void setReloading() {
        reloading = true;
    }

    final void setIdle() {
        idle = true;
    }

    /** Calls {@code listener} after each change. */
    public final void onChange(Listener listener) {
        listeners.add(listener);
    }

    final List<Listener> listeners() {
        return listeners;
    }

    /** Tells the listeners of a change that {@link #parse} has made. */
    final void apply() throws ConfigException {
        for (Listener listener : listeners) {
            listener.changed();
        }
    }

    /** Tells the listeners of a change that none may refuse. */
    final void changed() {
        try {
            apply();
        } catch (ConfigException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage());
        }
    }

    /** Whether the value is the one that the parameter has unless it is set. */
    public final boolean isDefault() {
        return text().equals(defaultText());
    }

    /** The value as {@code CONFIG GET} shows it. */
    public abstract String text();

    /** The value that the parameter has unless it is set. */
    public abstract String defaultText();

    /**
     * Sets the value without telling the listeners.
     *
     * @throws ConfigException if the text is not a value of this parameter
     */
    public abstract void parse(String text) throws ConfigException;

    /** As {@link #parse}, for one of perhaps several lines of a configuration file that concern the parameter. */
    void parseLine(String text) throws ConfigException {
        parse(text);
    }

    /** The lines, without the name, that the configuration file needs to arrive at the present value. */
    List<String> lines() {
        // Valkey takes no directive of several words, such as replicaof, without any.
        return multiple && text().isEmpty() && isDefault() ? List.of() : List.of(ConfigWords.quote(text(), multiple));
    }
}
