package dev.holdfast.engine.client;

import dev.holdfast.engine.acl.Acl;
import dev.holdfast.engine.acl.AclDenial;
import dev.holdfast.engine.acl.AclListener;
import dev.holdfast.engine.acl.AclLog;
import dev.holdfast.engine.acl.AclUser;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.protocol.Args;
import java.util.Collection;
import java.util.List;

/**
 * What clients may do: each has a user, and {@link Acl} knows what that user may do. What is denied is logged with the client's
 * address, and a client whose user has lost its permissions is disconnected.
 */
public final class Permissions {
    private final Acl acl;
    private final Clients clients;
    private final Clock clock;
    private final int databases;

    public Permissions(Acl acl, Clients clients, Clock clock, int databases) {
        this.acl = acl;
        this.clients = clients;
        this.clock = clock;
        this.databases = databases;
    }

    // ---- logging in ----

    /** Logs a client in, or notes that it failed. Returns whether the password is right. */
    public boolean authenticate(Client client, Slice command, Slice name, Slice password) {
        AclUser user = acl.user(name);
        if (user != null && user.accepts(password)) {
            client.setUser(user);
            return true;
        }
        acl.log(
                AclDenial.Reason.AUTH,
                context(client),
                Acl.text(command),
                Acl.text(name),
                client.id(),
                () -> show(client));
        return false;
    }

    /**
     * Logs a client in whose certificate names users: as the first of them that is enabled. Where none is, that is noted, and the client
     * stays who it is.
     *
     * @param names bytes, one to a character
     */
    public void authenticate(Client client, List<String> names) {
        for (String name : names) {
            AclUser user = acl.user(name);
            if (user != null && user.isEnabled()) {
                client.setUser(user);
                return;
            }
        }
        if (!names.isEmpty()) {
            acl.log(
                    AclDenial.Reason.CERTIFICATE,
                    AclLog.Context.TOPLEVEL,
                    "",
                    names.getLast(),
                    client.id(),
                    () -> show(client));
        }
    }

    /** Lets a client that has not logged in pass if it need not, since {@code default} has lost its password meanwhile. */
    public boolean admits(Client client) {
        if (client.user().isStranger()) {
            client.setUser(acl.initialUser());
        }
        return !client.user().isStranger();
    }

    // ---- checks ----

    /** Whether a client may run a command; if not, that is logged and the client's error is thrown. */
    public void admit(Client client, CommandSpec spec, Args args) {
        if (spec.is(CommandFlag.NO_AUTH) && client.user().isStranger()) {
            return;
        }
        QueuedCommands transaction = client.transaction();
        int database = transaction == null ? client.database() : transaction.databaseFrom(client.database(), databases);
        AclDenial denial = acl.check(client.user(), spec, args, database);
        if (denial != null) {
            log(client, denial, context(client), spec, args);
            throw new CommandException("NOPERM " + denial.message(client.user(), spec, args, false));
        }
    }

    /** The same for a command of a transaction that is now being run. */
    public void admitQueued(Client client, CommandSpec spec, Args args) {
        AclDenial denial = acl.check(client.user(), spec, args, client.database());
        if (denial == null) {
            return;
        }
        log(client, denial, AclLog.Context.MULTI, spec, args);
        String reason = switch (denial.reason()) {
            case COMMAND -> "no permission to execute the command or subcommand";
            case KEY -> "no permission to touch the specified keys";
            case CHANNEL -> "no permission to access one of the channels used as arguments";
            default -> "no permission";
        };
        throw new CommandException(
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call."
                        + " This command is no longer allowed for the following reason: " + reason);
    }

    /** The same for a command that a script calls. */
    public void admitInScript(Client client, CommandSpec spec, Args args) {
        AclDenial denial = acl.check(client.user(), spec, args, client.database());
        if (denial != null) {
            log(client, denial, AclLog.Context.LUA, spec, args);
            throw new CommandException(
                    "ERR ACL failure in script: " + denial.message(client.user(), spec, args, false));
        }
    }

    /** Whether a client may run a command; nothing is logged. */
    public boolean mayRun(Client client, CommandSpec spec, Args args) {
        return acl.check(client.user(), spec, args, client.database()) == null;
    }

    // ---- the log ----

    /** Counts and logs that a client was denied something. */
    private void log(Client client, AclDenial denial, AclLog.Context context, CommandSpec spec, Args args) {
        acl.log(
                denial.reason(),
                context,
                denial.object(spec, args),
                client.user().name(),
                client.id(),
                () -> show(client));
    }

    private static AclLog.Context context(Client client) {
        return client.transaction() == null ? AclLog.Context.TOPLEVEL : AclLog.Context.MULTI;
    }

    private String show(Client client) {
        return ClientInfo.show(client, clock.millis());
    }

    // ---- what users lose ----

    /**
     * Disconnects the clients of users that lose permissions.
     *
     * @param by the client that takes them away; it is answered before its own connection ends
     */
    public AclListener disconnecting(Client by) {
        return new AclListener() {
            @Override
            public void channelsLost(AclUser user) {
                for (Client client : clients) {
                    if (client.user() == user && !mayStaySubscribed(client)) {
                        end(client, by);
                    }
                }
            }

            @Override
            public void removed(AclUser user) {
                for (Client client : clients) {
                    if (client.user() == user) {
                        client.setUser(acl.stranger());
                        end(client, by);
                    }
                }
            }
        };
    }

    private static boolean mayStaySubscribed(Client client) {
        return mayUse(client, client.channels(), false)
                && mayUse(client, client.patterns(), true)
                && mayUse(client, client.shardChannels(), false);
    }

    private static boolean mayUse(Client client, Collection<Slice> names, boolean arePatterns) {
        for (Slice name : names.toArray(new Slice[0])) {
            if (!client.user().mayUseChannel(name, arePatterns)) {
                return false;
            }
        }
        return true;
    }

    private void end(Client client, Client by) {
        if (client == by) {
            client.closeAfterReply();
        } else {
            clients.kill(client);
        }
    }
}
