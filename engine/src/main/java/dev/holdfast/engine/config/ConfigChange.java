package dev.holdfast.engine.config;

import java.util.ArrayList;
import java.util.List;

/**
 * A change of several parameters at run time, all or none: first every value is read, then everything that must act is told.
 * Where one of them refuses, all parameters go back to what they were. The messages are those of {@code CONFIG SET}.
 */
final class ConfigChange {
    private final Config config;
    private final boolean protectedAllowed;
    private final List<Parameter> parameters = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<String> values = new ArrayList<>();
    private final List<String> oldValues = new ArrayList<>();

    ConfigChange(Config config, boolean protectedAllowed) {
        this.config = config;
        this.protectedAllowed = protectedAllowed;
    }

    /** Adds a parameter. */
    void add(String name, String value) throws ConfigException {
        Parameter parameter = config.find(name);
        if (parameter == null) {
            throw new ConfigException("Unknown option or number of arguments for CONFIG SET - '" + name + "'");
        }
        if (parameter.isImmutable()) {
            throw failure(name, "can't set immutable config");
        }
        if (parameter.isProtected() && !protectedAllowed) {
            throw failure(name, "can't set protected config");
        }
        if (parameters.contains(parameter)) {
            throw failure(name, "duplicate parameter");
        }
        parameters.add(parameter);
        names.add(name);
        values.add(value);
    }

    /** Makes the change. */
    void perform() throws ConfigException {
        for (Parameter parameter : parameters) {
            oldValues.add(parameter.text());
        }
        List<Parameter> changed = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            try {
                parameter.parse(values.get(i));
            } catch (ConfigException e) {
                restore(i, List.of());
                throw failure(names.get(i), e.getMessage());
            }
            if (!parameter.text().equals(oldValues.get(i))) {
                changed.add(parameter);
            }
        }
        for (int i = 0; i < changed.size(); i++) {
            try {
                changed.get(i).apply();
            } catch (ConfigException e) {
                restore(parameters.size(), changed.subList(0, i + 1));
                throw failure(changed.get(i).name(), e.getMessage());
            }
        }
    }

    /** Sets the first {@code count} parameters back and lets those that have acted act again. */
    private void restore(int count, List<Parameter> acted) {
        for (int i = 0; i < count; i++) {
            try {
                parameters.get(i).parse(oldValues.get(i));
            } catch (ConfigException e) {
                throw new IllegalStateException("an old value is no longer one: " + e.getMessage());
            }
        }
        for (Parameter parameter : acted) {
            parameter.changed();
        }
    }

    private static ConfigException failure(String name, String message) {
        return new ConfigException("CONFIG SET failed (possibly related to argument '" + name + "') - " + message);
    }
}
