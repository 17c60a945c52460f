package dev.holdfast.engine.acl;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One set of permissions: which commands, on which keys, channels and databases. A user has a root selector and perhaps
 * further ones, and may do what any one of them allows by itself.
 *
 * <p>A selector is changed by {@link #apply} only until it is published in an {@link AclUser}; code that changes it later
 * changes a {@link #copy}. Names and patterns are bytes, carried one to a character; see {@link Acl#text}.
 *
 * <p>The rules about commands are kept beside the bits that follow from them, in the order in which they were given, because
 * that is how users are shown and saved. A later rule about the same name, or about a container of it, takes its place.
 */
final class AclSelector {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final String ALREADY_ALL = "Adding a pattern after the * pattern (or the '%s' flag) is not valid and"
            + " does not have any effect. Try '%s' to start with an empty list of %s";

    private final CommandTable table;
    private final BitSet commands = new BitSet();
    private final List<String> rules = new ArrayList<>();

    /** For commands that are allowed with certain first arguments only: their numbers and those arguments. */
    private final Map<Integer, Set<String>> firstArguments = new HashMap<>();

    /** Patterns of keys, with what may be done to those that match. */
    private final Map<String, Integer> keys = new LinkedHashMap<>();

    private final Set<String> channels = new LinkedHashSet<>();
    private final Set<Integer> databases = new TreeSet<>();

    /** Whether commands that do not exist yet would be allowed, because {@code +@all} came first. */
    private boolean futureCommands;

    private boolean allCommands;
    private boolean allKeys;
    private boolean allChannels;
    private boolean allDatabases = true;

    AclSelector(CommandTable table, boolean allChannels) {
        this.table = table;
        this.allChannels = allChannels;
    }

    AclSelector copy() {
        AclSelector copy = new AclSelector(table, allChannels);
        copy.commands.or(commands);
        copy.rules.addAll(rules);
        firstArguments.forEach((id, words) -> copy.firstArguments.put(id, new LinkedHashSet<>(words)));
        copy.keys.putAll(keys);
        copy.channels.addAll(channels);
        copy.databases.addAll(databases);
        copy.futureCommands = futureCommands;
        copy.allCommands = allCommands;
        copy.allKeys = allKeys;
        copy.allDatabases = allDatabases;
        return copy;
    }

    /** Whether nothing at all is denied. */
    boolean isUnrestricted() {
        return allCommands && allKeys && allChannels && allDatabases;
    }

    // ---- rules ----

    /** Applies a rule such as {@code +get}, {@code ~user:*} or {@code resetkeys}. */
    void apply(String rule) throws AclRuleException {
        switch (rule.toLowerCase(Locale.ROOT)) {
            case "allkeys", "~*" -> setAllKeys(true);
            case "resetkeys" -> setAllKeys(false);
            case "allchannels", "&*" -> setAllChannels(true);
            case "resetchannels" -> setAllChannels(false);
            case "alldbs" -> setAllDatabases(true);
            case "resetdbs" -> setAllDatabases(false);
            case "allcommands", "+@all" -> setAllCommands(true);
            case "nocommands", "-@all" -> setAllCommands(false);
            default -> applyPrefixed(rule);
        }
    }

    private void setAllKeys(boolean all) {
        allKeys = all;
        keys.clear();
    }

    private void setAllChannels(boolean all) {
        allChannels = all;
        channels.clear();
    }

    private void setAllDatabases(boolean all) {
        allDatabases = all;
        databases.clear();
    }

    private void setAllCommands(boolean all) {
        allCommands = all;
        futureCommands = all;
        commands.set(0, table.idCount(), all);
        rules.clear();
        firstArguments.clear();
    }

    private void applyPrefixed(String rule) throws AclRuleException {
        if (rule.regionMatches(true, 0, "db=", 0, 3)) {
            setDatabases(rule.substring(3));
            return;
        }
        String rest = rule.substring(1);
        switch (rule.charAt(0)) {
            case '~' -> addKeys(rest, READ | WRITE);
            case '%' -> addKeysWithPermission(rest);
            case '&' -> addChannels(rest);
            case '+', '-' -> {
                boolean allow = rule.charAt(0) == '+';
                if (rest.startsWith("@")) {
                    changeCategory(rest, allow);
                } else if (allow) {
                    allow(rest);
                } else {
                    deny(rest);
                }
            }
            default -> throw AclRuleException.syntax();
        }
    }

    private void setDatabases(String list) throws AclRuleException {
        allDatabases = false;
        Set<Integer> numbers = new TreeSet<>();
        for (String word : list.split(",", -1)) {
            if (!word.matches("[ \\t]*[+-]?\\d+")) {
                throw AclRuleException.syntax();
            }
            try {
                numbers.add(Integer.parseUnsignedInt(word.strip()));
            } catch (NumberFormatException e) {
                throw new AclRuleException("The provided database ID is out of range");
            }
            if (((TreeSet<Integer>) numbers).first() < 0) {
                throw new AclRuleException("The provided database ID is out of range");
            }
        }
        databases.clear();
        databases.addAll(numbers);
    }

    /** Letters, then a tilde and the pattern; without a tilde the pattern is empty. */
    private void addKeysWithPermission(String rest) throws AclRuleException {
        int tilde = rest.indexOf('~');
        String letters = tilde < 0 ? rest : rest.substring(0, tilde);
        int permissions = 0;
        for (char letter : letters.toUpperCase(Locale.ROOT).toCharArray()) {
            int permission = letter == 'R' ? READ : letter == 'W' ? WRITE : 0;
            if (permission == 0 || (permissions & permission) != 0) {
                throw AclRuleException.syntax();
            }
            permissions |= permission;
        }
        if (permissions == 0) {
            throw AclRuleException.syntax();
        }
        addKeys(tilde < 0 ? "" : rest.substring(tilde + 1), permissions);
    }

    private void addKeys(String pattern, int permissions) throws AclRuleException {
        if (allKeys) {
            throw new AclRuleException(String.format(ALREADY_ALL, "allkeys", "resetkeys", "patterns"));
        }
        if (Acl.hasSpaces(pattern)) {
            throw AclRuleException.syntax();
        }
        keys.merge(pattern, permissions, (old, more) -> old | more);
    }

    private void addChannels(String pattern) throws AclRuleException {
        if (allChannels) {
            throw new AclRuleException(String.format(ALREADY_ALL, "allchannels", "resetchannels", "channels"));
        }
        if (Acl.hasSpaces(pattern)) {
            throw AclRuleException.syntax();
        }
        channels.add(pattern);
    }

    private void changeCategory(String name, boolean allow) throws AclRuleException {
        String category = name.substring(1).toLowerCase(Locale.ROOT);
        if (!CommandSpec.ACL_CATEGORIES.contains(category)) {
            throw AclRuleException.unknownName();
        }
        note(name, allow);
        for (CommandSpec command : table.declared()) {
            if (command.aclCategories().contains(category)) {
                change(command, allow);
            }
            for (CommandSpec subcommand : command.subcommands().values()) {
                if (subcommand.aclCategories().contains(category)) {
                    change(subcommand, allow);
                }
            }
        }
    }

    private void allow(String name) throws AclRuleException {
        int bar = name.lastIndexOf('|');
        if (bar < 0) {
            CommandSpec command = find(name);
            change(command, true);
            note(command.fullName(), true);
            return;
        }
        CommandSpec command = find(name.substring(0, bar));
        String first = name.substring(bar + 1);
        if (command.parent() != null) {
            throw new AclRuleException("Allowing first-arg of a subcommand is not supported");
        }
        if (first.isEmpty()) {
            throw AclRuleException.syntax();
        }
        if (command.isContainer()) {
            change(find(name), true);
        } else {
            firstArguments
                    .computeIfAbsent(command.id(), id -> new LinkedHashSet<>())
                    .add(first.toLowerCase(Locale.ROOT));
        }
        note(name, true);
    }

    private void deny(String name) throws AclRuleException {
        CommandSpec command = find(name);
        change(command, false);
        note(command.fullName(), false);
    }

    private CommandSpec find(String name) throws AclRuleException {
        CommandSpec command = table.declared(name);
        if (command == null) {
            throw AclRuleException.unknownName();
        }
        return command;
    }

    private void change(CommandSpec command, boolean allow) {
        setBit(command, allow);
        firstArguments.remove(command.id());
        command.subcommands().values().forEach(subcommand -> setBit(subcommand, allow));
    }

    private void setBit(CommandSpec command, boolean allow) {
        commands.set(command.id(), allow);
        if (!allow) {
            allCommands = false;
        }
    }

    private void note(String name, boolean allow) {
        String rule = name.toLowerCase(Locale.ROOT);
        rules.removeIf(old -> old.substring(1).equals(rule) || old.startsWith(rule + "|", 1));
        rules.add((allow ? "+" : "-") + rule);
    }

    // ---- showing ----

    /** The rules from which the permission of commands follows. */
    String commandRules() {
        return (futureCommands ? "+@all" : "-@all")
                + rules.stream().map(rule -> " " + rule).collect(Collectors.joining());
    }

    String keyRules() {
        return allKeys
                ? "~*"
                : keys.entrySet().stream()
                        .map(key ->
                                (key.getValue() == READ ? "%R~" : key.getValue() == WRITE ? "%W~" : "~") + key.getKey())
                        .collect(Collectors.joining(" "));
    }

    String channelRules() {
        return allChannels
                ? "&*"
                : channels.stream().map(channel -> "&" + channel).collect(Collectors.joining(" "));
    }

    String databaseRules() {
        return allDatabases
                ? "alldbs"
                : databases.isEmpty()
                        ? ""
                        : "db=" + databases.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** All rules, in the form in which they can be applied again. */
    String describe() {
        StringBuilder text = new StringBuilder();
        String keyRules = keyRules();
        text.append(keyRules).append(keyRules.isEmpty() ? "" : " ");
        String channelRules = channelRules();
        text.append(allChannels ? "" : "resetchannels ").append(channelRules).append(channelRules.isEmpty() ? "" : " ");
        String databaseRules = databaseRules();
        text.append(databaseRules.isEmpty() ? "resetdbs" : databaseRules).append(' ');
        return text.append(commandRules()).toString();
    }

    // ---- checks ----

    /** Whether the selector by itself allows a command; if not, why. */
    @Nullable
    AclDenial check(CommandSpec spec, Args args, int database, int databases) {
        AclDenial denial = allDatabases ? null : checkDatabases(spec, args, database, databases);
        if (denial == null && !allCommands && !spec.is(CommandFlag.NO_AUTH)) {
            denial = checkCommand(spec, args);
        }
        if (denial == null && !allKeys) {
            denial = checkKeys(spec, args);
        }
        if (denial == null && !allChannels) {
            denial = checkChannels(spec, args);
        }
        return denial;
    }

    private @Nullable AclDenial checkDatabases(CommandSpec spec, Args args, int database, int count) {
        switch (spec.fullName()) {
            case "select" -> {
                return checkDatabaseWord(args, 1, count);
            }
            case "move" -> {
                return checkDatabaseWord(args, 2, count);
            }
            case "copy" -> {
                boolean named = args.count() >= 5 && args.get(3).isWord("DB");
                // Valkey reports no position for COPY's database.
                AclDenial denial = named ? checkDatabaseWord(args, 4, count) : null;
                return denial == null ? null : new AclDenial(denial.reason(), 0);
            }
            case "swapdb" -> {
                boolean valid = databaseAt(args, 1, count) >= 0 && databaseAt(args, 2, count) >= 0;
                AclDenial first = valid ? checkDatabaseWord(args, 1, count) : null;
                return first != null || !valid ? first : checkDatabaseWord(args, 2, count);
            }
            case "flushall", "cluster|cancelslotmigrations", "cluster|migrateslots" -> {
                for (int i = 0; i < count; i++) {
                    if (!databases.contains(i)) {
                        return new AclDenial(AclDenial.Reason.DATABASE, 0);
                    }
                }
                return null;
            }
            default -> {
                Set<String> categories = spec.aclCategories();
                boolean touchesData = !spec.keySpecs().isEmpty()
                        || categories.contains("keyspace")
                        || categories.contains("read")
                        || categories.contains("write");
                return touchesData && !databases.contains(database)
                        ? new AclDenial(AclDenial.Reason.DATABASE, 0)
                        : null;
            }
        }
    }

    private @Nullable AclDenial checkDatabaseWord(Args args, int position, int count) {
        int number = databaseAt(args, position, count);
        return number < 0 || databases.contains(number) ? null : new AclDenial(AclDenial.Reason.DATABASE, position);
    }

    /** The number of the database that a word names, or -1 where it names none. */
    private static int databaseAt(Args args, int position, int count) {
        return position < args.count() ? Acl.databaseNumber(args.get(position), count) : -1;
    }

    private @Nullable AclDenial checkCommand(CommandSpec spec, Args args) {
        if (commands.get(spec.id())) {
            return null;
        }
        Set<String> first = firstArguments.get(spec.id());
        boolean allowed = first != null
                && args.count() > 1
                && first.contains(Acl.text(args.get(1)).toLowerCase(Locale.ROOT));
        return allowed ? null : new AclDenial(AclDenial.Reason.COMMAND, 0);
    }

    private @Nullable AclDenial checkKeys(CommandSpec spec, Args args) {
        int[] denied = {-1};
        for (KeySpec keySpec : spec.keySpecs()) {
            if (keySpec.isNotKey()) {
                continue;
            }
            int permissions = permissions(keySpec.flagsOf(args));
            keySpec.forEachKey(args, index -> {
                if (denied[0] < 0 && !mayTouch(args.get(index), permissions)) {
                    denied[0] = index;
                }
            });
        }
        return denied[0] < 0 ? null : new AclDenial(AclDenial.Reason.KEY, denied[0]);
    }

    /** What must be permitted for such a use of a key: ACCESS reads, the other three write. */
    private static int permissions(List<KeySpec.Flag> flags) {
        int permissions = 0;
        for (KeySpec.Flag flag : flags) {
            permissions |= switch (flag) {
                case ACCESS -> READ;
                case INSERT, UPDATE, DELETE -> WRITE;
                default -> 0;
            };
        }
        return permissions;
    }

    private boolean mayTouch(Slice key, int permissions) {
        for (Map.Entry<String, Integer> pattern : keys.entrySet()) {
            if ((pattern.getValue() & permissions) == permissions && Glob.matches(bytes(pattern.getKey()), key)) {
                return true;
            }
        }
        return false;
    }

    /** Whether every key there might be may be used so. */
    boolean mayTouchAllKeys(List<KeySpec.Flag> flags) {
        int permissions = permissions(flags);
        Integer all = keys.get("*");
        return allKeys || all != null && (all & permissions) == permissions;
    }

    private @Nullable AclDenial checkChannels(CommandSpec spec, Args args) {
        boolean patterns = spec.has(CommandRole.SUBSCRIBES_TO_PATTERNS);
        int last = patterns || spec.has(CommandRole.SUBSCRIBES)
                ? args.count() - 1
                : spec.has(CommandRole.PUBLISHES) ? 1 : 0;
        for (int i = 1; i <= last; i++) {
            if (!mayUseChannel(args.get(i), patterns)) {
                return new AclDenial(AclDenial.Reason.CHANNEL, i);
            }
        }
        return null;
    }

    /** Whether a channel is allowed. A pattern to subscribe to must be allowed to the letter. */
    boolean mayUseChannel(Slice channel, boolean isPattern) {
        if (allChannels) {
            return true;
        }
        if (isPattern) {
            return channels.contains(Acl.text(channel));
        }
        for (String pattern : channels) {
            if (Glob.matches(bytes(pattern), channel)) {
                return true;
            }
        }
        return false;
    }

    /** Whether each channel that another selector allows by its patterns is surely allowed by one of these. */
    static boolean allowAllChannelsOf(List<AclSelector> selectors, List<AclSelector> others) {
        if (selectors.stream().anyMatch(selector -> selector.allChannels)) {
            return true;
        }
        Set<String> allowed = selectors.stream()
                .flatMap(selector -> selector.channels.stream())
                .collect(Collectors.toSet());
        return others.stream().noneMatch(other -> other.allChannels || !allowed.containsAll(other.channels));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
