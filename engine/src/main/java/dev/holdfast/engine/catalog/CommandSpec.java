package dev.holdfast.engine.catalog;

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
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The declaration of a command: everything that is known of it, once. Arity errors, locking, ACL categories, {@code COMMAND}'s
 * answers and the documentation follow from it. A declaration never changes: what looks like a setter returns a copy.
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
    /** What a command does. Only the {@code Engine} knows how to run it. */
    public interface Action {}

    /**
     * A way to run a command that reads one short string, without its shard's lock.
     *
     * <p>Others may change the record meanwhile. The engine notices, takes back what was written, and runs the command anew; so
     * the read may fail in any way but must do nothing else than write its reply.
     */
    @FunctionalInterface
    public interface OptimisticRead {
        void run(byte[] record, Reply reply);
    }

    /** A way to make what a command stores under its only key without a look at what is there. */
    @FunctionalInterface
    public interface BlindWrite {
        /** A new item for the key, or null where the command, with these words, has to run. */
        @Nullable
        Object item(Args args);
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
    private final String lowerName;
    private final String syntax;
    private final Action action;
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
    private int listedKey;
    private @Nullable OptimisticRead optimisticRead;
    private @Nullable BlindWrite blindWrite;
    private int id = -1;
    private @Nullable Set<String> aclCategories;

    private CommandSpec(String name, String syntax, Action action) {
        this.name = name;
        this.lowerName = name.toLowerCase(Locale.ROOT);
        this.syntax = syntax;
        this.action = action;
    }

    /** A copy, with copies of the subcommands. */
    private CommandSpec(CommandSpec other) {
        this(other.name, other.syntax, other.action);
        flags.addAll(other.flags);
        roles.addAll(other.roles);
        extraCategories.addAll(other.extraCategories);
        groupHasCategory = other.groupHasCategory;
        parent = other.parent;
        group = other.group;
        since = other.since;
        arity = other.arity;
        keys = other.keys;
        complexity = other.complexity;
        constantTime = other.constantTime;
        summary = other.summary;
        tips = other.tips;
        onlyKey = other.onlyKey;
        listedKey = other.listedKey;
        optimisticRead = other.optimisticRead;
        blindWrite = other.blindWrite;
        id = other.id;
        other.subcommands.values().forEach(this::adopt);
    }

    private void adopt(CommandSpec subcommand) {
        CommandSpec copy = new CommandSpec(subcommand);
        copy.parent = this;
        subcommands.put(copy.name, copy);
    }

    /** A copy with a change. */
    private CommandSpec with(Consumer<CommandSpec> change) {
        CommandSpec copy = new CommandSpec(this);
        change.accept(copy);
        return copy;
    }

    /** Begins a declaration; see {@code Handler.command}. */
    public static CommandSpec of(String name, String syntax, Action action) {
        return new CommandSpec(name, syntax, action);
    }

    /** The declaration as it stands in a table, where it and its subcommands have numbers. */
    CommandSpec numbered(IntSupplier ids) {
        return with(copy -> {
            copy.id = ids.getAsInt();
            copy.subcommands.values().forEach(subcommand -> subcommand.id = ids.getAsInt());
        });
    }

    public CommandSpec in(CommandGroup home) {
        return with(copy -> copy.group = home);
    }

    public CommandSpec since(String version) {
        return with(copy -> copy.since = version);
    }

    /** The number of words with the name, or the least number as a negative. */
    public CommandSpec arity(int words) {
        return with(copy -> copy.arity = words);
    }

    public CommandSpec flags(CommandFlag... more) {
        return with(copy -> copy.flags.addAll(Arrays.asList(more)));
    }

    /** What the engine treats in a way of its own. */
    public CommandSpec roles(CommandRole... more) {
        return with(copy -> copy.roles.addAll(Arrays.asList(more)));
    }

    /** ACL categories beyond those that follow from the group and the flags. */
    public CommandSpec acl(String... categories) {
        return with(copy -> copy.extraCategories.addAll(Arrays.asList(categories)));
    }

    /** These ACL categories in the place of the one that follows from the group. */
    public CommandSpec aclInsteadOfGroup(String... categories) {
        return acl(categories).with(copy -> copy.groupHasCategory = false);
    }

    public CommandSpec keys(KeySpec... specs) {
        return with(copy -> {
            copy.keys = List.of(specs);
            copy.onlyKey = specs.length == 1 ? specs[0].onlyKey() : 0;
            copy.listedKey = specs.length == 1 ? specs[0].listedKey() : 0;
            for (KeySpec key : specs) {
                if (key.isKeyword()
                        || key.isCounted()
                        || key.isUnknown()
                        || key.flags().contains(KeySpec.Flag.INCOMPLETE)) {
                    copy.flags.add(CommandFlag.MOVABLE_KEYS);
                }
            }
        });
    }

    /** A quicker way for the most common case. */
    public CommandSpec optimisticRead(OptimisticRead quick) {
        return with(copy -> copy.optimisticRead = quick);
    }

    /** What a log that is loaded may do in place of running the command. */
    public CommandSpec blindWrite(BlindWrite write) {
        return with(copy -> copy.blindWrite = write);
    }

    public CommandSpec complexity(String text) {
        return with(copy -> {
            copy.complexity = text;
            copy.constantTime = text.startsWith("O(1)");
        });
    }

    public CommandSpec summary(String text) {
        return with(copy -> copy.summary = text);
    }

    /** Hints for clients and proxies, such as {@code nondeterministic_output}. */
    public CommandSpec tips(String... hints) {
        return with(copy -> copy.tips = List.of(hints));
    }

    public CommandSpec subcommands(List<CommandSpec> specs) {
        return with(copy -> specs.forEach(copy::adopt));
    }

    /** The name in lower case, without the container's. */
    public String name() {
        return lowerName;
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
        return Collections.unmodifiableSet(flags);
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
    public boolean isConstantTime() {
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
        return Collections.unmodifiableMap(subcommands);
    }

    public boolean isContainer() {
        return !subcommands.isEmpty();
    }

    public @Nullable CommandSpec parent() {
        return parent;
    }

    public Action action() {
        return action;
    }

    @Nullable
    public OptimisticRead optimisticRead() {
        return optimisticRead;
    }

    @Nullable
    public BlindWrite blindWrite() {
        return blindWrite;
    }

    /** The number of the command in its table; -1 outside one. */
    public int id() {
        return id;
    }

    /** The index of the command's only key where that is the same for all its calls, else 0. */
    public int onlyKey() {
        return onlyKey;
    }

    /** The index of the only key of a call, else 0; of one that has more words than keys may be listed, 0 too. */
    public int onlyKey(Args args) {
        if (onlyKey != 0) {
            return onlyKey < args.count() ? onlyKey : 0;
        }
        return listedKey == args.count() - 1 ? listedKey : 0;
    }

    /** The indices of the keys among the words of a call. */
    public List<Integer> keysOf(Args args) {
        return KeySpec.keys(keys, args);
    }

    /** Prefetches the keys of a command that has several. */
    public int prefetch(Args args, Keyspace keyspace, int database) {
        int seen = 0;
        for (int i = 0; i < keys.size(); i++) {
            KeySpec key = keys.get(i);
            seen += key.isNotKey() ? 0 : key.prefetch(args, keyspace, database);
        }
        return seen;
    }

    /** The shards of the keys of a call. */
    public long maskOf(Args args, Keyspace keyspace) {
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
