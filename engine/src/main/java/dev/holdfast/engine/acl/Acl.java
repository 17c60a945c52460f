package dev.holdfast.engine.acl;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Text;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The users of a store and what they may do: access control lists as Valkey has them.
 *
 * <p>Every client has a user. A connection begins as {@code default} if that needs no password, else as a stranger, which may do
 * nothing but log in. A caller in this JVM, which owns the store, begins as its owner, which may do everything whatever
 * becomes of {@code default}. The check before a command is one look at {@link AclUser#isUnrestricted}; only where that
 * fails is anything else asked.
 *
 * <p>Names, patterns and passwords are bytes. They are carried in strings with one character for each byte, so that nothing
 * is lost and the order of the names is that of their bytes.
 */
public final class Acl {
    private static final String DEFAULT = "default";

    private final Config config;
    private final CommandTable commands;
    private final int databases;
    private final Statistics statistics;
    private final Clock clock;
    private final Map<String, AclUser> users = new ConcurrentSkipListMap<>();
    private final AclUser defaultUser;
    private final AclUser owner;
    private final AclUser stranger = AclUser.stranger();
    private final AclLog log = new AclLog();

    public Acl(Config config, CommandTable commands, int databases, Statistics statistics, Clock clock) {
        this.config = config;
        this.commands = commands;
        this.databases = databases;
        this.statistics = statistics;
        this.clock = clock;
        this.defaultUser = new AclUser(DEFAULT, openProfile());
        this.owner = new AclUser(DEFAULT, openProfile());
        users.put(DEFAULT, defaultUser);
        config.requirepass.onChange(this::followRequirepass);
        if (!config.requirepass.get().isEmpty()) {
            followRequirepass();
        }
    }

    // ---- texts ----

    /** Bytes as a string with one character for each. */
    public static String text(Slice bytes) {
        return new String(bytes.array(), bytes.offset(), bytes.length(), StandardCharsets.ISO_8859_1);
    }

    /** The same of a string of the configuration. */
    public static String text(String configured) {
        return text(Slice.of(configured));
    }

    /** The bytes of such a string. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Such a string for people, its bytes read as UTF-8. */
    static String shown(String text) {
        return Text.decode(bytes(text));
    }

    /** Whether a name or pattern has a space or a zero in it, so that it cannot be written to a file as one word. */
    public static boolean hasSpaces(String text) {
        return text.chars().anyMatch(c -> c == 0 || c == ' ' || c >= 9 && c <= 13);
    }

    /** The number of the database that a word names, or -1 where it names none. */
    public static int databaseNumber(Slice word, int databases) {
        if (!Numbers.isLong(word)) {
            return -1;
        }
        long number = Numbers.toLong(word);
        return number >= 0 && number < databases ? (int) number : -1;
    }

    // ---- users ----

    /** The profile with which {@code default} begins: no password, everything allowed. */
    private AclUser.Profile openProfile() {
        return profile(blank(), List.of("+@all", "~*", "&*", "on", "nopass"));
    }

    private AclUser.Profile blank() {
        return AclUser.blank(commands, newChannels());
    }

    /** Whether new users may use all channels. */
    private boolean newChannels() {
        return config.aclPubsubDefault.get().equals("allchannels");
    }

    private AclUser.Draft draft(AclUser.Profile from) {
        return new AclUser.Draft(from, commands, newChannels());
    }

    /** A profile after rules that are known to be right. */
    private AclUser.Profile profile(AclUser.Profile from, List<String> rules) {
        AclUser.Draft draft = draft(from);
        try {
            for (String rule : rules) {
                draft.apply(rule);
            }
        } catch (AclRuleException e) {
            throw new IllegalArgumentException(e.getMessage());
        }
        return draft.profile();
    }

    private void followRequirepass() {
        String password = config.requirepass.get();
        String rule = password.isEmpty() ? "nopass" : ">" + text(password);
        defaultUser.setProfile(profile(defaultUser.profile(), List.of("resetpass", rule)));
    }

    /** The users in the order of their names. */
    public Collection<AclUser> users() {
        return users.values();
    }

    public @Nullable AclUser user(String name) {
        return users.get(name);
    }

    public @Nullable AclUser user(Slice name) {
        return users.get(text(name));
    }

    /** The user of callers in this JVM. */
    public AclUser owner() {
        return owner;
    }

    /** The user of a client that has not logged in and would have to. */
    public AclUser stranger() {
        return stranger;
    }

    /** The user of a connection that has just been made. */
    public AclUser initialUser() {
        return defaultUser.isOpen() ? defaultUser : stranger;
    }

    /** Whether {@code default} needs no password, which is what protected mode looks at. */
    public boolean isDefaultWithoutPassword() {
        return defaultUser.needsNoPassword();
    }

    /**
     * Changes a user, or makes one.
     *
     * @throws AclRuleException if a rule cannot be applied; nothing has changed then. The message is the whole error
     */
    public synchronized void setUser(String name, List<String> rules, AclListener listener) throws AclRuleException {
        AclUser user = users.get(name);
        AclUser.Draft draft = draft(user == null ? blank() : user.profile());
        for (String rule : merged(rules)) {
            try {
                draft.apply(rule);
            } catch (AclRuleException e) {
                throw new AclRuleException("Error in ACL SETUSER modifier '" + shown(rule) + "': " + e.getMessage());
            }
        }
        if (user == null) {
            users.put(name, new AclUser(name, draft.profile()));
        } else {
            change(user, draft.profile(), listener);
        }
    }

    private void change(AclUser user, AclUser.Profile profile, AclListener listener) {
        List<AclSelector> before = user.profile().selectors();
        user.setProfile(profile);
        if (!AclSelector.allowAllChannelsOf(profile.selectors(), before)) {
            listener.channelsLost(user);
        }
    }

    /** Removes a user. Returns whether there was one. */
    public synchronized boolean deleteUser(Slice name, AclListener listener) {
        AclUser user = users.remove(text(name));
        if (user != null) {
            listener.removed(user);
        }
        return user != null;
    }

    /** Joins the words of a selector in parentheses that were given one by one. */
    private static List<String> merged(List<String> rules) throws AclRuleException {
        List<String> merged = new ArrayList<>();
        StringBuilder selector = new StringBuilder();
        String first = "";
        for (String rule : rules) {
            if (selector.isEmpty() && rule.startsWith("(") && !rule.endsWith(")")) {
                first = rule;
                selector.append(rule);
            } else if (selector.isEmpty()) {
                merged.add(rule);
            } else {
                selector.append(' ').append(rule);
                if (rule.endsWith(")")) {
                    merged.add(selector.toString());
                    selector.setLength(0);
                }
            }
        }
        if (!selector.isEmpty()) {
            throw new AclRuleException("Unmatched parenthesis in acl selector starting at '" + shown(first) + "'.");
        }
        return merged;
    }

    // ---- lines of the configuration and of the file of users ----

    /**
     * Takes over the users of the configuration file.
     *
     * @param lines the words of each line after {@code user}
     * @throws AclRuleException if a line is wrong
     */
    void loadConfigured(List<List<String>> lines) throws AclRuleException {
        for (List<String> line : lines) {
            String name = text(line.getFirst());
            if (hasSpaces(name)) {
                throw new AclRuleException("Spaces not allowed in ACL usernames");
            }
            AclUser.Draft draft = draft(blank());
            for (String rule : merged(line.stream().skip(1).map(Acl::text).toList())) {
                try {
                    draft.apply(rule);
                } catch (AclRuleException e) {
                    throw new AclRuleException("Error loading ACL rule '" + withoutSecret(rule)
                            + "' for the user named '" + shown(name) + "': " + e.getMessage());
                }
            }
            AclUser user = users.computeIfAbsent(name, n -> new AclUser(n, blank()));
            user.setProfile(draft.profile());
        }
    }

    private static String withoutSecret(String rule) {
        return rule.startsWith(">") || rule.startsWith("<") ? rule.charAt(0) + "(hidden)" : shown(rule);
    }

    /** The users as lines: {@code user}, the name, the rules. */
    public List<String> lines() {
        return users.values().stream()
                .map(user -> "user " + user.name() + " " + user.describe())
                .toList();
    }

    /** The same in UTF-8, for the configuration file. */
    public List<String> configLines() {
        return lines().stream().map(Acl::shown).toList();
    }

    /**
     * Takes over the users of a file in place of all there are.
     *
     * @param file the file's name, for messages
     * @throws AclRuleException if a line is wrong; nothing has changed then. The message names all that is wrong
     */
    public synchronized void load(String file, String text, AclListener listener) throws AclRuleException {
        Map<String, AclUser.Profile> loaded = new LinkedHashMap<>();
        StringBuilder errors = new StringBuilder();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String stripped = line.strip();
            if (!stripped.isEmpty()) {
                loadLine(file + ":" + number, number, List.of(stripped.split(" ", -1)), loaded, errors);
            }
        }
        if (!errors.isEmpty()) {
            throw new AclRuleException(errors
                    + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed");
        }
        replaceUsers(loaded, listener);
    }

    private void loadLine(
            String place, int number, List<String> words, Map<String, AclUser.Profile> loaded, StringBuilder errors) {
        if (!words.getFirst().equals("user") || words.size() < 2) {
            errors.append(place).append(" should start with user keyword followed by the username. ");
            return;
        }
        String name = words.get(1);
        if (hasSpaces(name)) {
            errors.append("'")
                    .append(place)
                    .append(": username '")
                    .append(shown(name))
                    .append("' contains invalid characters. ");
            return;
        }
        if (loaded.containsKey(name)) {
            errors.append("WARNING: Duplicate user '")
                    .append(shown(name))
                    .append("' found on line ")
                    .append(number)
                    .append(". ");
            return;
        }
        AclUser.Draft draft = draft(blank());
        boolean told = false;
        List<String> rules;
        try {
            rules = merged(words.subList(2, words.size()));
        } catch (AclRuleException e) {
            errors.append(place).append(": Unmatched parenthesis in selector definition.");
            return;
        }
        for (String rule : rules) {
            try {
                draft.apply(rule.strip());
            } catch (AclRuleException e) {
                // A name that does not exist is no secret; of anything else only the first mistake is shown.
                if (e.isUnknownName()) {
                    errors.append(place)
                            .append(": Error in applying operation '")
                            .append(shown(rule))
                            .append("': ")
                            .append(e.getMessage())
                            .append(". ");
                } else if (!told) {
                    errors.append(place).append(": ").append(e.getMessage()).append(". ");
                    told = true;
                }
            }
        }
        loaded.put(name, draft.profile());
    }

    private void replaceUsers(Map<String, AclUser.Profile> loaded, AclListener listener) {
        Map<String, AclUser.Profile> all = new HashMap<>(loaded);
        all.putIfAbsent(DEFAULT, openProfile());
        for (AclUser user : List.copyOf(users.values())) {
            AclUser.Profile profile = all.remove(user.name());
            if (profile == null) {
                users.remove(user.name());
                listener.removed(user);
            } else {
                change(user, profile, listener);
            }
        }
        all.forEach((name, profile) -> users.put(name, new AclUser(name, profile)));
    }

    // ---- checks ----

    /** Why a user may not run a command in a database, or null if it may. Nothing is logged. */
    public @Nullable AclDenial check(AclUser user, CommandSpec spec, Args args, int database) {
        return user.isUnrestricted() ? null : user.check(spec, args, database, databases);
    }

    /** Whether a user may run a command and may use every key there might be like this; for patterns instead of keys. */
    public boolean hasUnrestrictedKeyAccess(
            AclUser user, CommandSpec spec, Args args, int database, KeySpec.Flag... flags) {
        return user.isUnrestricted()
                || user.profile().selectors().stream()
                        .anyMatch(selector -> selector.check(spec, args, database, databases) == null
                                && selector.mayTouchAllKeys(List.of(flags)));
    }

    // ---- the log ----

    public AclLog log() {
        return log;
    }

    /**
     * Counts and logs that something was denied.
     *
     * @param object see {@link AclDenial#object}
     * @param client the id of the client that wanted it
     * @param clientInfo the line that {@code CLIENT LIST} shows of that client; not asked for each time
     */
    public void log(
            AclDenial.Reason reason,
            AclLog.Context context,
            String object,
            String user,
            long client,
            Supplier<String> clientInfo) {
        count(reason);
        log.add(
                reason,
                context,
                object,
                user,
                client,
                clientInfo,
                clock.millis(),
                config.monitoring.acllogMaxLen.get());
    }

    private void count(AclDenial.Reason reason) {
        LongAdder counter = switch (reason) {
            case AUTH -> statistics.deniedLogins;
            case CERTIFICATE -> statistics.deniedCertificates;
            case COMMAND -> statistics.deniedCommands;
            case KEY -> statistics.deniedKeys;
            case CHANNEL -> statistics.deniedChannels;
            case DATABASE -> statistics.deniedDatabases;
        };
        counter.increment();
    }
}
