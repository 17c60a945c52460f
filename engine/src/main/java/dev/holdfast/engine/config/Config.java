package dev.holdfast.engine.config;

import dev.holdfast.engine.config.NumberParameter.Unit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All configuration parameters of a store, each declared once with its default and its bounds. Names, defaults, units and
 * messages are those of {@code valkey.conf}.
 */
public final class Config {
    private final Map<String, Parameter> byName = new LinkedHashMap<>();

    // The keyspace
    public final NumberParameter databases = immutable(number("databases", 16, 1, Integer.MAX_VALUE));
    public final NumberParameter hz = number("hz", 10, 1, 500);
    public final NumberParameter activeExpireEffort = number("active-expire-effort", 1, 1, 10);
    public final BooleanParameter importMode = flag("import-mode", false);
    public final TextParameter notifyKeyspaceEvents = text("notify-keyspace-events", "", NotificationFlags::normalize);

    // Encodings
    public final NumberParameter hashMaxListpackEntries =
            number("hash-max-listpack-entries", 512, 0, Long.MAX_VALUE, "hash-max-ziplist-entries");
    public final NumberParameter hashMaxListpackValue =
            number("hash-max-listpack-value", 64, 0, Long.MAX_VALUE, "hash-max-ziplist-value");
    public final NumberParameter setMaxIntsetEntries = number("set-max-intset-entries", 512, 0, Long.MAX_VALUE);
    public final NumberParameter setMaxListpackEntries = number("set-max-listpack-entries", 128, 0, Long.MAX_VALUE);
    public final NumberParameter setMaxListpackValue = number("set-max-listpack-value", 64, 0, Long.MAX_VALUE);
    public final NumberParameter zsetMaxListpackEntries =
            number("zset-max-listpack-entries", 128, 0, Long.MAX_VALUE, "zset-max-ziplist-entries");
    public final NumberParameter zsetMaxListpackValue =
            number("zset-max-listpack-value", 64, 0, Long.MAX_VALUE, "zset-max-ziplist-value");
    public final NumberParameter listMaxListpackSize =
            number("list-max-listpack-size", -2, Integer.MIN_VALUE, Integer.MAX_VALUE, "list-max-ziplist-size");

    // Connections and limits
    public final TextParameter requirepass = secret(text("requirepass", "", text -> text));
    public final NumberParameter protoMaxBulkLen =
            bytes("proto-max-bulk-len", 512L << 20, 1L << 20, Integer.MAX_VALUE - (1L << 20));
    public final NetworkParameters network = new NetworkParameters(this);

    NumberParameter number(String name, long value, long min, long max, String... aliases) {
        return add(new NumberParameter(name, value, min, max, Unit.NONE), aliases);
    }

    NumberParameter bytes(String name, long value, long min, long max, String... aliases) {
        return add(new NumberParameter(name, value, min, max, Unit.BYTES), aliases);
    }

    BooleanParameter flag(String name, boolean value, String... aliases) {
        return add(new BooleanParameter(name, value), aliases);
    }

    TextParameter text(String name, String value, TextParameter.Check check) {
        return add(new TextParameter(name, value, check));
    }

    TextParameter choice(String name, String value, String... words) {
        return add(new TextParameter(name, value, TextParameter.oneOf(List.of(words))));
    }

    <P extends Parameter> P immutable(P parameter) {
        parameter.setImmutable();
        return parameter;
    }

    <P extends Parameter> P secret(P parameter) {
        parameter.setSecret();
        return parameter;
    }

    <P extends Parameter> P hidden(P parameter) {
        parameter.setHidden();
        return parameter;
    }

    <P extends Parameter> P add(P parameter, String... aliases) {
        byName.put(parameter.name(), parameter);
        for (String alias : aliases) {
            parameter.addAlias(alias);
            byName.put(alias, parameter);
        }
        return parameter;
    }

    /** The parameter of this name or alias, in any case, or null. */
    public @Nullable Parameter find(String name) {
        return byName.get(name.toLowerCase(Locale.ROOT));
    }

    /** Names and aliases, in the order of their declaration. */
    public Collection<String> names() {
        return byName.keySet();
    }

    /**
     * Sets a parameter from text, as a line of the configuration file does.
     *
     * @throws ConfigException if there is no such parameter or the value is not one of its values
     */
    public void set(String name, String value) throws ConfigException {
        Parameter parameter = find(name);
        if (parameter == null) {
            throw new ConfigException("Bad directive or wrong number of arguments");
        }
        parameter.parse(value);
    }
}
