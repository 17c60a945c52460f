package dev.holdfast.engine.acl;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A user: who may log in with which passwords, and what the user may do then.
 *
 * <p>The object stands for the name. What it holds, its {@link Profile}, never changes but is exchanged as a whole, so that
 * clients see a change at once and any thread may check permissions without a lock.
 */
public final class AclUser {
    /**
     * What there is to know of a user.
     *
     * @param enabled whether anyone can log in
     * @param nopass whether any password will do
     * @param skipsSanitizing whether payloads of RESTORE need no deep check
     * @param passwords SHA-256 of each password, in hexadecimal digits
     * @param selectors the root selector and the others
     */
    record Profile(
            boolean enabled,
            boolean nopass,
            boolean skipsSanitizing,
            List<String> passwords,
            List<AclSelector> selectors) {}

    private static final String HASH = "[0-9a-f]{64}";
    private static final String BAD_HASH =
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";

    private final String name;
    private final boolean stranger;
    private volatile Profile profile;
    private volatile boolean unrestricted;

    AclUser(String name, Profile profile) {
        this(name, profile, false);
    }

    private AclUser(String name, Profile profile, boolean stranger) {
        this.name = name;
        this.stranger = stranger;
        this.profile = profile;
        setProfile(profile);
    }

    /** Stands for a client that has not logged in. It may do nothing. */
    static AclUser stranger() {
        return new AclUser("default", new Profile(false, false, false, List.of(), List.of()), true);
    }

    /** A profile as that of a new user: no one can log in and nothing is allowed, except perhaps channels. */
    static Profile blank(CommandTable table, boolean allChannels) {
        return new Profile(false, false, false, List.of(), List.of(new AclSelector(table, allChannels)));
    }

    /** The name, its bytes carried one to a character. */
    public String name() {
        return name;
    }

    /** The name for people. */
    public String shownName() {
        return Acl.shown(name);
    }

    Profile profile() {
        return profile;
    }

    void setProfile(Profile profile) {
        this.profile = profile;
        this.unrestricted = profile.selectors().stream().anyMatch(AclSelector::isUnrestricted);
    }

    /** Whether a channel is allowed. A pattern to subscribe to must be allowed to the letter. */
    public boolean mayUseChannel(Slice channel, boolean isPattern) {
        return profile.selectors().stream().anyMatch(selector -> selector.mayUseChannel(channel, isPattern));
    }

    /** Whether nothing is denied, so that no further check is needed. */
    public boolean isUnrestricted() {
        return unrestricted;
    }

    /** Whether this stands for clients that have not logged in. */
    public boolean isStranger() {
        return stranger;
    }

    /** Whether a client of this user counts as one of {@code other}; strangers belong to the user {@code default}. */
    public boolean isSameAs(AclUser other) {
        return this == other || stranger && name.equals(other.name);
    }

    /** Whether anyone gets in without a password. */
    boolean isOpen() {
        return profile.enabled() && profile.nopass();
    }

    public boolean isEnabled() {
        return profile.enabled();
    }

    public boolean needsNoPassword() {
        return profile.nopass();
    }

    public List<String> passwords() {
        return profile.passwords();
    }

    /** Whether payloads that the user restores are taken on trust. */
    public boolean skipsSanitizing() {
        return profile.skipsSanitizing();
    }

    /** The flags in the order in which they are shown. */
    public List<String> flags() {
        Profile now = profile;
        List<String> flags = new ArrayList<>();
        flags.add(now.enabled() ? "on" : "off");
        if (now.nopass()) {
            flags.add("nopass");
        }
        flags.add(now.skipsSanitizing() ? "skip-sanitize-payload" : "sanitize-payload");
        return flags;
    }

    /** The rules of each selector, the root's first: commands, keys, channels, databases. */
    public List<List<String>> selectors() {
        return profile.selectors().stream()
                .map(each -> List.of(each.commandRules(), each.keyRules(), each.channelRules(), each.databaseRules()))
                .toList();
    }

    /** The rules that make this user. */
    public String describe() {
        Profile now = profile;
        StringBuilder text = new StringBuilder(String.join(" ", flags()));
        now.passwords().forEach(hash -> text.append(" #").append(hash));
        text.append(' ').append(now.selectors().getFirst().describe());
        now.selectors().stream()
                .skip(1)
                .forEach(each -> text.append(" (").append(each.describe()).append(')'));
        return text.toString();
    }

    /** Whether a password is one of the user's. Takes the same time whichever it is. */
    public boolean accepts(Slice password) {
        Profile now = profile;
        if (!now.enabled()) {
            return false;
        }
        if (now.nopass()) {
            return true;
        }
        byte[] hash = hash(password.toBytes()).getBytes(StandardCharsets.US_ASCII);
        boolean found = false;
        for (String each : now.passwords()) {
            found |= MessageDigest.isEqual(hash, each.getBytes(StandardCharsets.US_ASCII));
        }
        return found;
    }

    private static String hash(byte[] password) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(password));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A profile being changed, rule by rule. */
    static final class Draft {
        private final CommandTable table;
        private final boolean newChannels;
        private final List<String> passwords;
        private final List<AclSelector> selectors = new ArrayList<>();
        private boolean enabled;
        private boolean nopass;
        private boolean skipsSanitizing;

        /** @param newChannels whether new selectors allow all channels */
        Draft(Profile from, CommandTable table, boolean newChannels) {
            this.table = table;
            this.newChannels = newChannels;
            this.enabled = from.enabled();
            this.nopass = from.nopass();
            this.skipsSanitizing = from.skipsSanitizing();
            this.passwords = new ArrayList<>(from.passwords());
            from.selectors().forEach(selector -> selectors.add(selector.copy()));
        }

        Profile profile() {
            return new Profile(enabled, nopass, skipsSanitizing, List.copyOf(passwords), List.copyOf(selectors));
        }

        void apply(String rule) throws AclRuleException {
            if (rule.isEmpty()) {
                return;
            }
            switch (rule.toLowerCase(Locale.ROOT)) {
                case "on" -> enabled = true;
                case "off" -> enabled = false;
                case "skip-sanitize-payload" -> skipsSanitizing = true;
                case "sanitize-payload" -> skipsSanitizing = false;
                case "nopass" -> setNopass(true);
                case "resetpass" -> setNopass(false);
                case "clearselectors" -> selectors.subList(1, selectors.size()).clear();
                case "reset" -> reset();
                default -> applyPrefixed(rule);
            }
        }

        private void setNopass(boolean none) {
            nopass = none;
            passwords.clear();
        }

        private void reset() {
            setNopass(false);
            enabled = false;
            skipsSanitizing = false;
            selectors.clear();
            selectors.add(new AclSelector(table, newChannels));
        }

        private void applyPrefixed(String rule) throws AclRuleException {
            String rest = rule.substring(1);
            switch (rule.charAt(0)) {
                case '>' -> addPassword(hash(Acl.bytes(rest)));
                case '#' -> addPassword(checkedHash(rest));
                case '<' -> removePassword(hash(Acl.bytes(rest)));
                case '!' -> removePassword(checkedHash(rest));
                default -> {
                    if (rule.startsWith("(") && rule.endsWith(")")) {
                        selectors.add(selector(rule.substring(1, rule.length() - 1)));
                    } else {
                        selectors.getFirst().apply(rule);
                    }
                }
            }
        }

        private AclSelector selector(String rules) throws AclRuleException {
            AclSelector selector = new AclSelector(table, newChannels);
            for (String rule : rules.strip().split("\\s+")) {
                if (!rule.isEmpty()) {
                    selector.apply(rule);
                }
            }
            return selector;
        }

        private static String checkedHash(String hash) throws AclRuleException {
            if (!hash.matches(HASH)) {
                throw new AclRuleException(BAD_HASH);
            }
            return hash;
        }

        private void addPassword(String hash) {
            if (!passwords.contains(hash)) {
                passwords.add(hash);
            }
            nopass = false;
        }

        private void removePassword(String hash) throws AclRuleException {
            if (!passwords.remove(hash)) {
                throw new AclRuleException("The password you are trying to remove from the user does not exist");
            }
        }
    }

    /** Why one selector after the other denies a command, or null where one allows it. */
    @Nullable
    AclDenial check(CommandSpec spec, dev.holdfast.engine.protocol.Args args, int database, int databases) {
        AclDenial worst = new AclDenial(AclDenial.Reason.DATABASE, 0);
        for (AclSelector selector : profile.selectors()) {
            AclDenial denial = selector.check(spec, args, database, databases);
            if (denial == null) {
                return null;
            }
            if (denial.outranks(worst)) {
                worst = denial;
            }
        }
        return worst;
    }
}
