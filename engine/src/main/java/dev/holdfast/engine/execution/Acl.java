package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
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
import org.jspecify.annotations.Nullable;

/**
 * The users of a store and what they may do: access control lists as Valkey has them.
 *
 * <p>Every client has a user. A connection begins as {@code default} if that needs no password, else as a stranger, who may do
 * nothing but log in. A caller in this JVM, to whom the store belongs, begins as its owner, who may do everything whatever
 * becomes of {@code default}. The check before a command is one look at {@link AclUser#isUnrestricted}; only where that
 * fails is anything else asked.
 *
 * <p>Names, patterns and passwords are bytes. They are carried in strings with one character for each byte, so that nothing
 * is lost and the order of the names is that of their bytes.
 */
public final class Acl {
    private static final String DEFAULT = "default";

    private final Engine engine;
    private final Config config;
    private final Map<String, AclUser> users = new ConcurrentSkipListMap<>();
    private final AclUser defaultUser;
    private final AclUser owner;
    private final AclUser stranger = AclUser.stranger();
    private final AclLog log = new AclLog();

    Acl(Engine engine) {
        this.engine = engine;
        this.config = engine.config();
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
        return new String(bytes(text), StandardCharsets.UTF_8);
    }

    /** Whether a name or pattern has a space or a zero in it, so that it cannot be written to a file as one word. */
    public static boolean hasSpaces(String text) {
        return text.chars().anyMatch(c -> c == 0 || c == ' ' || c >= 9 && c <= 13);
    }

    /** The number of the database that a word names, or -1 where it names none. */
    static int databaseNumber(Slice word, int databases) {
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
        return AclUser.blank(engine.commands(), newChannels());
    }

    /** Whether new users may use all channels. */
    private boolean newChannels() {
        return config.aclPubsubDefault.get().equals("allchannels");
    }

    private AclUser.Draft draft(AclUser.Profile from) {
        return new AclUser.Draft(from, engine.commands(), newChannels());
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

    public @Nullable AclUser user(Slice name) {
        return users.get(text(name));
    }

    /** The user of callers in this JVM. */
    public AclUser owner() {
        return owner;
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
     * Changes a user, or makes one. Clients that are subscribed to channels that the user may no longer use are disconnected.
     *
     * @param by whoever wants this; it is answered before its own connection ends
     * @throws AclRuleException if a rule cannot be applied; nothing has changed then. The message is the whole error
     */
    public synchronized void setUser(String name, List<String> rules, Client by) throws AclRuleException {
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
            change(user, draft.profile(), by);
        }
    }

    private void change(AclUser user, AclUser.Profile profile, @Nullable Client by) {
        List<AclSelector> before = user.profile().selectors();
        user.setProfile(profile);
        if (!AclSelector.allowAllChannelsOf(profile.selectors(), before)) {
            for (Client client : engine.clients()) {
                if (client.user() == user && !mayStaySubscribed(client, profile.selectors())) {
                    end(client, by);
                }
            }
        }
    }

    private static boolean mayStaySubscribed(Client client, List<AclSelector> selectors) {
        for (PubSub.Kind kind : PubSub.Kind.values()) {
            for (Slice name : List.copyOf(PubSub.own(client, kind))) {
                boolean isPattern = kind == PubSub.Kind.PATTERN;
                if (selectors.stream().noneMatch(selector -> selector.mayUseChannel(name, isPattern))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Removes a user and disconnects its clients. Returns whether there was one. */
    public synchronized boolean deleteUser(Slice name, Client by) {
        AclUser user = users.remove(text(name));
        if (user != null) {
            endClientsOf(user, by);
        }
        return user != null;
    }

    private void endClientsOf(AclUser user, @Nullable Client by) {
        for (Client client : engine.clients()) {
            if (client.user() == user) {
                client.setUser(stranger);
                end(client, by);
            }
        }
    }

    private void end(Client client, @Nullable Client by) {
        if (client == by) {
            client.closeAfterReply();
        } else {
            engine.clients().kill(client);
        }
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
     * Takes over the users of a file in place of all there are. Whoever is not in it loses its clients.
     *
     * @param file the file's name, for messages
     * @throws AclRuleException if a line is wrong; nothing has changed then. The message names all that is wrong
     */
    public synchronized void load(String file, String text, @Nullable Client by) throws AclRuleException {
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
        replaceUsers(loaded, by);
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
                // A name that does not exist is no secret; of anything else only the first mistake is told.
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

    private void replaceUsers(Map<String, AclUser.Profile> loaded, @Nullable Client by) {
        Map<String, AclUser.Profile> all = new HashMap<>(loaded);
        all.putIfAbsent(DEFAULT, openProfile());
        for (AclUser user : List.copyOf(users.values())) {
            AclUser.Profile profile = all.remove(user.name());
            if (profile == null) {
                users.remove(user.name());
                endClientsOf(user, by);
            } else {
                change(user, profile, by);
            }
        }
        all.forEach((name, profile) -> users.put(name, new AclUser(name, profile)));
    }

    // ---- logging in ----

    /** Logs a client in, or notes that it failed. Returns whether the password is right. */
    public boolean authenticate(Client client, Slice command, Slice name, Slice password) {
        AclUser user = user(name);
        if (user != null && user.accepts(password)) {
            client.setUser(user);
            return true;
        }
        log(client, AclDenial.Reason.AUTH, context(client), text(command), text(name));
        return false;
    }

    /** Lets a client that has not logged in pass if it need not, since {@code default} has lost its password meanwhile. */
    public boolean admits(Client client) {
        if (client.user().isStranger()) {
            client.setUser(initialUser());
        }
        return !client.user().isStranger();
    }

    // ---- checks ----

    /** Why a user may not run a command in a database, or null if it may. Nothing is logged. */
    public @Nullable AclDenial check(AclUser user, CommandSpec spec, Args args, int database) {
        return user.isUnrestricted()
                ? null
                : user.check(spec, args, database, engine.keyspace().databases());
    }

    /** Whether a user may run a command and may use every key there might be like this; for patterns instead of keys. */
    public boolean hasUnrestrictedKeyAccess(
            AclUser user, CommandSpec spec, Args args, int database, KeySpec.Flag... flags) {
        int databases = engine.keyspace().databases();
        return user.isUnrestricted()
                || user.profile().selectors().stream()
                        .anyMatch(selector -> selector.check(spec, args, database, databases) == null
                                && selector.mayTouchAllKeys(List.of(flags)));
    }

    /** Whether a client may run a command; if not, that is logged and what to tell it is thrown. */
    void admit(Client client, CommandSpec spec, Args args) {
        if (spec.is(CommandFlag.NO_AUTH) && client.user().isStranger()) {
            return;
        }
        Transaction transaction = client.transaction();
        int database = transaction == null
                ? client.database()
                : transaction.databaseFrom(client.database(), engine.keyspace().databases());
        AclDenial denial = check(client.user(), spec, args, database);
        if (denial != null) {
            log(client, denial, context(client), spec, args);
            throw new CommandException("NOPERM " + denial.message(client.user(), spec, args, false));
        }
    }

    /** The same for a command that has waited and is about to run again. Returns the error, or null where it may run. */
    @Nullable
    String refusalOfWaiting(Waiter waiter) {
        Client client = waiter.client;
        AclDenial denial = check(client.user(), waiter.spec, waiter.args, waiter.database);
        if (denial == null) {
            return null;
        }
        log(client, denial, AclLog.Context.TOPLEVEL, waiter.spec, waiter.args);
        client.lane().rejected[waiter.spec.id()]++;
        return "NOPERM " + denial.message(client.user(), waiter.spec, waiter.args, false);
    }

    /** The same for a command of a transaction that is now being run. Returns the error, or null where it may run. */
    @Nullable
    String refusalInTransaction(Client client, CommandSpec spec, Args args) {
        AclDenial denial = check(client.user(), spec, args, client.database());
        if (denial == null) {
            return null;
        }
        log(client, denial, AclLog.Context.MULTI, spec, args);
        String reason = switch (denial.reason()) {
            case COMMAND -> "no permission to execute the command or subcommand";
            case KEY -> "no permission to touch the specified keys";
            case CHANNEL -> "no permission to access one of the channels used as arguments";
            default -> "no permission";
        };
        return "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call."
                + " This command is no longer allowed for the following reason: " + reason;
    }

    private static AclLog.Context context(Client client) {
        return client.transaction() == null ? AclLog.Context.TOPLEVEL : AclLog.Context.MULTI;
    }

    // ---- the log ----

    public AclLog log() {
        return log;
    }

    /** Counts and logs that a client was denied something. */
    public void log(Client client, AclDenial denial, AclLog.Context context, CommandSpec spec, Args args) {
        boolean command = denial.reason() == AclDenial.Reason.COMMAND
                || denial.reason() == AclDenial.Reason.DATABASE && denial.position() == 0;
        String object = command ? spec.fullName() : text(args.get(denial.position()));
        log(client, denial.reason(), context, object, client.user().name());
    }

    private void log(Client client, AclDenial.Reason reason, AclLog.Context context, String object, String user) {
        count(reason);
        long now = engine.clock().millis();
        log.add(reason, context, object, user, ClientInfo.show(client, now), now, config.monitoring.acllogMaxLen.get());
    }

    private void count(AclDenial.Reason reason) {
        Statistics statistics = engine.statistics();
        LongAdder counter = switch (reason) {
            case AUTH -> statistics.deniedLogins;
            case COMMAND -> statistics.deniedCommands;
            case KEY -> statistics.deniedKeys;
            case CHANNEL -> statistics.deniedChannels;
            case DATABASE -> statistics.deniedDatabases;
        };
        counter.increment();
    }
}
