package dev.holdfast.engine.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A change of several parameters at run time, all or none: first every value is read, then everything that must act is called.
 * A listener to several is called once. Where one of them refuses, all parameters go back to what they were. The messages are those of {@code CONFIG SET}.
 */
final class ConfigChange {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigChange.class);

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
        Map<Parameter.Listener, Parameter> affected = new LinkedHashMap<>();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            try {
                parameter.parse(values.get(i));
            } catch (ConfigException e) {
                restore(i, List.of());
                throw failure(names.get(i), e.getMessage());
            }
            if (parameter.isReloading() || !parameter.text().equals(oldValues.get(i))) {
                parameter.listeners().forEach(listener -> affected.putIfAbsent(listener, parameter));
            }
        }
        List<Parameter.Listener> acted = new ArrayList<>();
        for (Map.Entry<Parameter.Listener, Parameter> each : affected.entrySet()) {
            acted.add(each.getKey());
            try {
                each.getKey().changed();
            } catch (ConfigException e) {
                restore(parameters.size(), acted);
                throw failure(each.getValue().name(), e.getMessage());
            }
        }
    }

    /** Sets the first {@code count} parameters back and lets those that have acted act again. */
    private void restore(int count, List<Parameter.Listener> acted) {
        for (int i = 0; i < count; i++) {
            try {
                parameters.get(i).parse(oldValues.get(i));
            } catch (ConfigException e) {
                throw new IllegalStateException("an old value is no longer one: " + e.getMessage());
            }
        }
        for (Parameter.Listener listener : acted) {
            try {
                listener.changed();
            } catch (ConfigException e) {
                LOG.warn("Failed applying a restored value after a failed CONFIG SET: {}", e.getMessage());
            }
        }
    }

    private static ConfigException failure(String name, String message) {
        return new ConfigException("CONFIG SET failed (possibly related to argument '" + name + "') - " + message);
    }
}
