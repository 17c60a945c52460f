package dev.holdfast.engine.acl;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.protocol.Args;

/**
 * Why a user may not run a command.
 *
 * @param reason what is missing
 * @param position the word that names it, or 0 where it is the command itself
 */
public record AclDenial(Reason reason, int position) {
    /** What is missing. Of several selectors that all deny, the one that came furthest in this order gives the reason. */
    public enum Reason {
        DATABASE("database"),
        COMMAND("command"),
        KEY("key"),
        AUTH("auth"),
        CERTIFICATE("tls-cert"),
        CHANNEL("channel");

        private final String shown;

        Reason(String shown) {
            this.shown = shown;
        }

        /** The word that {@code ACL LOG} shows. */
        public String shown() {
            return shown;
        }
    }

    /** Whether this says more than what another selector has said. */
    boolean outranks(AclDenial other) {
        int order = reason.compareTo(other.reason);
        return order > 0 || order == 0 && position > other.position;
    }

    /** What is denied, for the log: the command, key, channel or database; bytes, one to a character. */
    public String object(CommandSpec spec, Args args) {
        boolean command = reason == Reason.COMMAND || reason == Reason.DATABASE && position == 0;
        return command ? spec.fullName() : Acl.text(args.get(position));
    }

    /**
     * The sentence that Valkey answers, without a code.
     *
     * @param verbose whether keys, channels and databases are named, which only an administrator may know
     */
    public String message(AclUser user, CommandSpec spec, Args args, boolean verbose) {
        String word = args.get(position).toString();
        return switch (reason) {
            case COMMAND ->
                "User " + user.shownName() + " has no permissions to run the '" + spec.fullName() + "' command";
            case KEY ->
                verbose
                        ? "User " + user.shownName() + " has no permissions to access the '" + word + "' key"
                        : "No permissions to access a key";
            case CHANNEL ->
                verbose
                        ? "User " + user.shownName() + " has no permissions to access the '" + word + "' channel"
                        : "No permissions to access a channel";
            case DATABASE ->
                verbose
                        ? "User " + user.shownName() + " has no permissions to access database " + word
                        : "No permissions to access database";
            case AUTH, CERTIFICATE -> throw new IllegalStateException("a login has no message of its own");
        };
    }
}
