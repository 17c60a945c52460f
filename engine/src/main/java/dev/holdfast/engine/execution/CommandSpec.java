package dev.holdfast.engine.execution;

import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The declaration of a command: everything that is known of it, once. Arity errors, locking, ACL categories, {@code COMMAND}'s
 * answers and the documentation follow from it.
 *
 * <p>Declared in the family files in the manner of
 *
 * <pre>
 * command("GETRANGE", "key start end", StringCommands::getRange)
 *         .in(STRING).since("2.4.0").arity(4).flags(READONLY)
 *         .keys(KeySpec.at(1, RO, ACCESS))
 *         .complexity("O(N) with the length of the answer")
 *         .summary("Part of a string, by byte positions")
 * </pre>
 */
public final class CommandSpec {
    /** What a command does. Its words, its client and its reply are the call's. */
    @FunctionalInterface
    public interface Handler {
        void run(Call call);
    }

    /**
     * A way to run a command that reads one short string that does not expire, without its shard's lock.
     *
     * <p>Others may change the record meanwhile. The engine notices, takes back what was written, and runs the command anew; so
     * the glance may fail in any way but must do nothing else than write its reply.
     */
    @FunctionalInterface
    public interface Glance {
        void run(byte[] record, Reply reply);
    }

    /** The ACL categories in the order in which they are listed. */
    public static final List<String> ACL_CATEGORIES = List.of(
            "keyspace",
            "read",
            "write",
            "set",
            "sortedset",
            "list",
            "hash",
            "string",
            "bitmap",
            "hyperloglog",
            "geo",
            "stream",
            "pubsub",
            "admin",
            "fast",
            "slow",
            "blocking",
            "dangerous",
            "connection",
            "transaction",
            "scripting");

    private final String name;
    private final String syntax;
    private final Handler handler;
    private final Map<String, CommandSpec> subcommands = new LinkedHashMap<>();
    private final EnumSet<CommandFlag> flags = EnumSet.noneOf(CommandFlag.class);
    private final EnumSet<CommandRole> roles = EnumSet.noneOf(CommandRole.class);
    private final Set<String> extraCategories = new TreeSet<>();
    private boolean groupHasCategory = true;

    private @Nullable CommandSpec parent;
    private CommandGroup group = CommandGroup.SERVER;
    private String since = "";
    private int arity;
    private List<KeySpec> keys = List.of();
    private String complexity = "";
    private boolean constantTime;
    private String summary = "";
    private List<String> tips = List.of();
    private int onlyKey;
    private @Nullable Glance glance;
    private @Nullable BiPredicate<Engine, Args> readsOnly;
    private @Nullable BiPredicate<Engine, Args> confined;
    private int id = -1;
    private @Nullable Set<String> aclCategories;

    private CommandSpec(String name, String syntax, Handler handler) {
        this.name = name;
        this.syntax = syntax;
        this.handler = handler;
    }

    /**
     * Begins a declaration.
     *
     * @param name in capitals
     * @param syntax the words after the name as the manual writes them: {@code key [NX | XX] [count]}; a lower-case word is an
     *     argument, a capital one stands for itself, brackets enclose what may be left out, angle brackets alternatives
     */
    public static CommandSpec command(String name, String syntax, Handler handler) {
        return new CommandSpec(name, syntax, handler);
    }

    /** Begins the declaration of a command that does nothing without a subcommand. */
    public static CommandSpec container(String name) {
        return new CommandSpec(name, "", call -> {
            throw CommandException.arity(name.toLowerCase(Locale.ROOT));
        });
    }

    public CommandSpec in(CommandGroup group) {
        this.group = group;
        return this;
    }

    public CommandSpec since(String version) {
        this.since = version;
        return this;
    }

    /** The number of words with the name, or the least number as a negative. */
    public CommandSpec arity(int arity) {
        this.arity = arity;
        return this;
    }

    public CommandSpec flags(CommandFlag... flags) {
        this.flags.addAll(Arrays.asList(flags));
        return this;
    }

    /** What the engine treats in a way of its own. */
    public CommandSpec roles(CommandRole... roles) {
        this.roles.addAll(Arrays.asList(roles));
        return this;
    }

    /** ACL categories beyond those that follow from the group and the flags. */
    public CommandSpec acl(String... categories) {
        extraCategories.addAll(Arrays.asList(categories));
        return this;
    }

    /** These ACL categories in the place of the one that follows from the group. */
    public CommandSpec aclInsteadOfGroup(String... categories) {
        groupHasCategory = false;
        return acl(categories);
    }

    public CommandSpec keys(KeySpec... keys) {
        this.keys = List.of(keys);
        this.onlyKey = keys.length == 1 ? keys[0].onlyKey() : 0;
        for (KeySpec key : keys) {
            if (key.isKeyword()
                    || key.isCounted()
                    || key.isUnknown()
                    || key.flags().contains(KeySpec.Flag.INCOMPLETE)) {
                flags.add(CommandFlag.MOVABLE_KEYS);
            }
        }
        return this;
    }

    /** A quicker way for the most common case. */
    public CommandSpec glance(Glance glance) {
        this.glance = glance;
        return this;
    }

    /** Of a command that may write: how to tell whether with certain words it does not. */
    public CommandSpec readsOnlyIf(BiPredicate<Engine, Args> readsOnly) {
        this.readsOnly = readsOnly;
        return this;
    }

    /** Of a command that needs all shards: how to tell whether with certain words those of its keys are enough. */
    public CommandSpec confinedIf(BiPredicate<Engine, Args> confined) {
        this.confined = confined;
        return this;
    }

    /** Whether the command, with these words, needs all shards. */
    boolean needsAllShards(Engine engine, Args args) {
        return is(CommandFlag.ALL_SHARDS) && (confined == null || !confined.test(engine, args));
    }

    /** Whether the command, with these words, may write or do something else that replicas are told of. */
    boolean mayWrite(Engine engine, Args args) {
        return is(CommandFlag.WRITE)
                || is(CommandFlag.MAY_REPLICATE) && (readsOnly == null || !readsOnly.test(engine, args));
    }

    public CommandSpec complexity(String complexity) {
        this.complexity = complexity;
        this.constantTime = complexity.startsWith("O(1)");
        return this;
    }

    public CommandSpec summary(String summary) {
        this.summary = summary;
        return this;
    }

    /** Hints for clients and proxies, such as {@code nondeterministic_output}. */
    public CommandSpec tips(String... tips) {
        this.tips = List.of(tips);
        return this;
    }

    public CommandSpec subcommands(List<CommandSpec> subcommands) {
        for (CommandSpec subcommand : subcommands) {
            subcommand.parent = this;
            this.subcommands.put(subcommand.name, subcommand);
        }
        return this;
    }

    /** The name in lower case, without the container's. */
    public String name() {
        return name.toLowerCase(Locale.ROOT);
    }

    /** The name in lower case; a subcommand's follows its container's and a bar. */
    public String fullName() {
        return parent == null ? name() : parent.name() + "|" + name();
    }

    /** The name in capitals, as declared. */
    String key() {
        return name;
    }

    public String syntax() {
        return syntax;
    }

    /** The syntax as a tree. */
    public List<Argument> arguments() {
        return Argument.parse(syntax);
    }

    public CommandGroup group() {
        return group;
    }

    public String since() {
        return since;
    }

    public int arity() {
        return arity;
    }

    public boolean acceptsCount(int words) {
        return arity >= 0 ? words == arity : words >= -arity;
    }

    public Set<CommandFlag> flags() {
        return flags;
    }

    public boolean is(CommandFlag flag) {
        return flags.contains(flag);
    }

    public boolean has(CommandRole role) {
        return roles.contains(role);
    }

    public List<KeySpec> keySpecs() {
        return keys;
    }

    /** Whether a call takes about the same short time whatever its data, so that its time need not be measured by itself. */
    boolean isConstantTime() {
        return constantTime;
    }

    public String complexity() {
        return complexity;
    }

    public String summary() {
        return summary;
    }

    public List<String> tips() {
        return tips;
    }

    public Map<String, CommandSpec> subcommands() {
        return subcommands;
    }

    public boolean isContainer() {
        return !subcommands.isEmpty();
    }

    public @Nullable CommandSpec parent() {
        return parent;
    }

    Handler handler() {
        return handler;
    }

    @Nullable
    Glance glance() {
        return glance;
    }

    /** The number of the command in the table, for statistics. */
    public int id() {
        return id;
    }

    void setId(int id) {
        this.id = id;
    }

    /** The index of the command's only key where that is the same for all its calls, else 0. */
    public int onlyKey() {
        return onlyKey;
    }

    /** The indices of the keys among the words of a call. */
    public List<Integer> keysOf(Args args) {
        return KeySpec.keys(keys, args);
    }

    /** Prefetches the keys of a command that has several. */
    int prefetch(Args args, Keyspace keyspace, int database) {
        int seen = 0;
        for (int i = 0; i < keys.size(); i++) {
            KeySpec key = keys.get(i);
            seen += key.isNotKey() ? 0 : key.prefetch(args, keyspace, database);
        }
        return seen;
    }

    /** The shards of the keys of a call. */
    long maskOf(Args args, Keyspace keyspace) {
        long mask = 0;
        for (int i = 0; i < keys.size(); i++) {
            KeySpec key = keys.get(i);
            mask |= key.isNotKey() ? 0 : key.maskOf(args, keyspace);
        }
        return mask;
    }

    /** The ACL categories, without the at sign, in alphabetical order. */
    public Set<String> aclCategories() {
        Set<String> known = aclCategories;
        if (known == null) {
            known = Collections.unmodifiableSet(findAclCategories());
            aclCategories = known;
        }
        return known;
    }

    private Set<String> findAclCategories() {
        Set<String> categories = new TreeSet<>(extraCategories);
        if (groupHasCategory && !group.aclCategory().isEmpty() && !isContainer()) {
            categories.add(group.aclCategory());
        }
        boolean scripting = categories.contains("scripting");
        if (is(CommandFlag.WRITE) && !scripting) {
            categories.add("write");
        }
        if (is(CommandFlag.READONLY) && !scripting && group != CommandGroup.SERVER) {
            categories.add("read");
        }
        if (is(CommandFlag.ADMIN)) {
            categories.add("admin");
            categories.add("dangerous");
        }
        if (is(CommandFlag.PUBSUB)) {
            categories.add("pubsub");
        }
        categories.add(is(CommandFlag.FAST) ? "fast" : "slow");
        if (is(CommandFlag.BLOCKING)) {
            categories.add("blocking");
        }
        return categories;
    }
}
