package dev.holdfast.engine.config;

import dev.holdfast.engine.config.NumberParameter.Unit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All configuration parameters of a store, each declared once with its default and its bounds. Names, defaults, units and
 * messages are those of {@code valkey.conf}.
 */
public final class Config {
    private static final String[] PERMISSION = {"no", "yes", "local"};

    private final Map<String, Parameter> byName = new LinkedHashMap<>();
    private final List<List<String>> users = new ArrayList<>();
    private final List<List<String>> renames = new ArrayList<>();

    // The keyspace
    public final NumberParameter databases = immutable(number("databases", 16, 1, Integer.MAX_VALUE));
    public final NumberParameter hz = number("hz", 10, 0, Integer.MAX_VALUE).clampedTo(1, 500);
    public final NumberParameter activeExpireEffort = number("active-expire-effort", 1, 1, 10);
    public final BooleanParameter lazyfreeLazyEviction = flag("lazyfree-lazy-eviction", true);
    public final BooleanParameter lazyfreeLazyExpire = flag("lazyfree-lazy-expire", true);
    public final BooleanParameter lazyfreeLazyServerDel = flag("lazyfree-lazy-server-del", true);
    public final NumberParameter busyReplyThreshold =
            number("busy-reply-threshold", 5000, 0, Long.MAX_VALUE, "lua-time-limit");
    public final BooleanParameter luaEnableInsecureApi =
            hidden(flag("lua-enable-insecure-api", false, "lua-enable-deprecated-api"));
    public final BooleanParameter importMode = flag("import-mode", false);

    public final TextParameter notifyKeyspaceEvents = text("notify-keyspace-events", "", NotificationFlags::normalize);

    public final ReplicationParameters replication = new ReplicationParameters(this);

    // Encodings
    public final NumberParameter hashMaxListpackEntries =
            number("hash-max-listpack-entries", 512, 0, Long.MAX_VALUE, "hash-max-ziplist-entries");
    public final NumberParameter hashMaxListpackValue =
            bytes("hash-max-listpack-value", 64, 0, Long.MAX_VALUE, "hash-max-ziplist-value");
    public final NumberParameter setMaxIntsetEntries = number("set-max-intset-entries", 512, 0, Long.MAX_VALUE);
    public final NumberParameter setMaxListpackEntries = number("set-max-listpack-entries", 128, 0, Long.MAX_VALUE);
    public final NumberParameter setMaxListpackValue = number("set-max-listpack-value", 64, 0, Long.MAX_VALUE);
    public final NumberParameter zsetMaxListpackEntries =
            number("zset-max-listpack-entries", 128, 0, Long.MAX_VALUE, "zset-max-ziplist-entries");
    public final NumberParameter zsetMaxListpackValue =
            bytes("zset-max-listpack-value", 64, 0, Long.MAX_VALUE, "zset-max-ziplist-value");
    public final NumberParameter hllSparseMaxBytes = bytes("hll-sparse-max-bytes", 3000, 0, Long.MAX_VALUE);
    public final NumberParameter streamNodeMaxBytes = bytes("stream-node-max-bytes", 4096, 0, Long.MAX_VALUE);
    public final NumberParameter streamNodeMaxEntries = number("stream-node-max-entries", 100, 0, Long.MAX_VALUE);
    public final NumberParameter listMaxListpackSize =
            number("list-max-listpack-size", -2, Integer.MIN_VALUE, Integer.MAX_VALUE, "list-max-ziplist-size");

    private static final long LONGEST_STRING = Integer.MAX_VALUE - (1L << 20);

    // Connections and limits
    public final TextParameter requirepass = secret(text("requirepass", "", text -> text));
    public final NumberParameter protoMaxBulkLen = bytes("proto-max-bulk-len", 512L << 20, 1L << 20, Long.MAX_VALUE);
    /** Whether new users may use all channels. */
    public final TextParameter aclPubsubDefault =
            choice("acl-pubsub-default", "resetchannels", "allchannels", "resetchannels");

    public final NetworkParameters network = new NetworkParameters(this);

    public final TlsParameters tls = new TlsParameters(this);

    // What may be done at run time
    public final TextParameter enableDebugCommand = immutable(choice("enable-debug-command", "no", PERMISSION));
    public final TextParameter enableModuleCommand = immutable(choice("enable-module-command", "no", PERMISSION));
    public final TextParameter enableProtectedConfigs = immutable(choice("enable-protected-configs", "no", PERMISSION));

    // The program
    public final ProgramParameters program = new ProgramParameters(this);
    public final HttpParameters http = new HttpParameters(this);
    public final ClusterParameters cluster = new ClusterParameters(this);
    public final MemoryParameters memory = new MemoryParameters(this);
    public final PersistenceParameters persistence = new PersistenceParameters(this);
    public final AofParameters aof = new AofParameters(this);
    public final MonitoringParameters monitoring = new MonitoringParameters(this);

    public Config() {
        IdleParameters.declare(this);
    }

    NumberParameter number(String name, long value, long min, long max, String... aliases) {
        return add(new NumberParameter(name, value, min, max, Unit.NONE), aliases);
    }

    /** How long a string may be: {@code proto-max-bulk-len}, but no longer than an array can be. */
    public long maxStringBytes() {
        return Math.min(protoMaxBulkLen.get(), LONGEST_STRING);
    }

    NumberParameter signedBytes(String name, long value, long min, long max) {
        return add(new NumberParameter(name, value, min, max, Unit.SIGNED_BYTES));
    }

    NumberParameter bytes(String name, long value, long min, long max, String... aliases) {
        return add(new NumberParameter(name, value, min, max, Unit.BYTES), aliases);
    }

    BooleanParameter flag(String name, boolean value, String... aliases) {
        return add(new BooleanParameter(name, value), aliases);
    }

    TextParameter text(String name, String value, TextParameter.Check check, String... aliases) {
        return add(new TextParameter(name, value, check), aliases);
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

    <P extends Parameter> P protect(P parameter) {
        parameter.setProtected();
        return parameter;
    }

    <P extends Parameter> P manyWords(P parameter) {
        parameter.setMultiple();
        return parameter;
    }

    <P extends Parameter> P reloading(P parameter) {
        parameter.setReloading();
        return parameter;
    }

    <P extends Parameter> P idle(P parameter) {
        parameter.setIdle();
        return parameter;
    }

    <P extends Parameter> P add(P parameter, String... aliases) {
        register(parameter.name(), parameter);
        for (String alias : aliases) {
            parameter.addAlias(alias);
            register(alias, parameter);
        }
        return parameter;
    }

    private void register(String name, Parameter parameter) {
        if (byName.put(name, parameter) != null) {
            throw new IllegalStateException("declared twice: " + name);
        }
    }

    /** The parameter of this name or alias, in any case, or null. */
    public @Nullable Parameter find(String name) {
        return byName.get(name.toLowerCase(Locale.ROOT));
    }

    /** Names and aliases, in the order of their declaration. */
    public Collection<String> names() {
        return byName.keySet();
    }

    /** All parameters, in the order of their declaration. */
    public Collection<Parameter> parameters() {
        return new LinkedHashSet<>(byName.values());
    }

    /**
     * Declares a user before the store opens, as a line {@code user} of the configuration file does.
     *
     * @param words the name and the rules
     * @throws ConfigException if the user has been declared before
     */
    public void addUser(List<String> words) {
        for (List<String> user : users) {
            if (user.getFirst().equals(words.getFirst())) {
                throw new ConfigException("Error in user declaration '" + words.getFirst()
                        + "': Duplicate user found. A user can only be defined once in config files");
            }
        }
        users.add(List.copyOf(words));
    }

    /**
     * Gives a command another name before the store opens, as a line {@code rename-command} does.
     *
     * @param newName empty if the command is to be out of reach
     */
    public void renameCommand(String name, String newName) {
        renames.add(List.of(name, newName));
    }

    /** The commands that have other names: the old and the new name of each. */
    public List<List<String>> renames() {
        return renames;
    }

    /** The declared users: the name and the rules of each. */
    public List<List<String>> users() {
        return users;
    }

    /**
     * Sets a parameter before the store opens, as a line of the configuration file does.
     *
     * @param words what follows the name
     * @throws ConfigException if there is no such parameter or the value is not one of its values
     */
    public void load(String name, List<String> words) {
        Parameter parameter = find(name);
        if (parameter == null) {
            throw new ConfigException("Bad directive or wrong number of arguments");
        }
        if (!parameter.takesManyWords() && words.size() != 1) {
            throw new ConfigException("wrong number of arguments");
        }
        parameter.parseLine(String.join(" ", words));
        parameter.setChosen();
    }

    /**
     * Sets a parameter, immutable or not. Before the store opens it takes effect with it, afterwards at once where that is
     * possible at all. Returns this configuration.
     *
     * @throws ConfigException if there is no such parameter or the value is not one of its values
     */
    public Config set(String name, String value) {
        Parameter parameter = find(name);
        if (parameter == null) {
            throw new ConfigException("Bad directive or wrong number of arguments");
        }
        parameter.parse(value);
        parameter.setChosen();
        parameter.apply();
        return this;
    }

    /**
     * Sets several parameters of an open store, all or none of them, as {@code CONFIG SET} does.
     *
     * @param namesAndValues a name, its value, a name, its value, and so on
     * @param protectedAllowed whether parameters that touch the file system may be set
     * @throws ConfigException if one cannot be set; the message is the error's without its code
     */
    public synchronized void change(List<String> namesAndValues, boolean protectedAllowed) {
        ConfigChange change = new ConfigChange(this, protectedAllowed);
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            change.add(namesAndValues.get(i), namesAndValues.get(i + 1));
        }
        change.perform();
    }
}
