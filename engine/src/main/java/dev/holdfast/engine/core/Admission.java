package dev.holdfast.engine.core;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.topology.ClusterNode;
import java.util.Locale;

/**
 * Says whether a command may run: whether there is such a command, with so many words, and whether its client and the state of
 * the store allow it. Each check either passes or throws the error that the client gets.
 */
final class Admission {
    private final Engine engine;

    Admission(Engine engine) {
        this.engine = engine;
    }

    /** The declaration of the command that the words name. */
    CommandSpec resolve(Client client, Args args) {
        Slice name = args.get(0);
        CommandSpec spec = engine.commands().find(name);
        if (spec == null) {
            requireAuthentication(client);
            throw unknownCommand(args);
        }
        if (spec.isContainer() && args.count() > 1) {
            CommandSpec subcommand = engine.commands().find(spec, args.get(1));
            if (subcommand == null) {
                requireAuthentication(client);
                throw new CommandException("ERR unknown subcommand '" + printable(args.get(1), 128) + "'. Try "
                        + name.shown().toUpperCase(Locale.ROOT) + " HELP.");
            }
            spec = subcommand;
        }
        if (!spec.acceptsCount(args.count())) {
            if (!spec.is(CommandFlag.NO_AUTH)) {
                requireAuthentication(client);
            }
            client.lane().rejected[spec.id()]++;
            throw CommandException.arity(spec.fullName());
        }
        return spec;
    }

    private static CommandException unknownCommand(Args args) {
        StringBuilder message = new StringBuilder("ERR unknown command '")
                .append(printable(args.get(0), 128))
                .append("', with args beginning with: ");
        int shown = 0;
        for (int i = 1; i < args.count() && shown < 128; i++) {
            String word = printable(args.get(i), 128 - shown);
            message.append('\'').append(word).append("' ");
            shown += word.length() + 3;
        }
        return new CommandException(message.toString());
    }

    private static String printable(Slice word, int max) {
        return new Slice(word.array(), word.offset(), Math.min(max, word.length())).shown();
    }

    /**
     * Whether any command may run now, so far as the state of the store decides. What a client is and may do, is another question.
     */
    boolean admitsAll() {
        return !engine.isRestricting()
                && !engine.pause().isActive()
                && engine.cluster() == null
                && !engine.eviction().isLimiting();
    }

    /** Whether the client may run the command now; if not, throws what to tell it. */
    void check(Client client, CommandSpec spec, Args args) {
        client.used(spec);
        boolean restricted = !client.user().isUnrestricted();
        if (restricted && !spec.is(CommandFlag.NO_AUTH) && !engine.permissions().admits(client)) {
            client.lane().rejected[spec.id()]++;
            throw notAuthenticated();
        }
        ScriptRun busy = engine.busyScript();
        if (busy != null && !spec.is(CommandFlag.ALLOW_BUSY)) {
            client.lane().rejected[spec.id()]++;
            throw busy.busyError();
        }
        if (spec.is(CommandFlag.PROTECTED)) {
            checkProtected(client, spec);
        }
        if (spec.is(CommandFlag.NO_MULTI) && client.transaction() != null) {
            client.lane().rejected[spec.id()]++;
            throw new CommandException("ERR Command '" + spec.fullName() + "' not allowed inside a transaction");
        }
        if (restricted) {
            checkPermission(client, spec, args);
        }
        ClusterNode cluster = engine.cluster();
        if (cluster != null) {
            checkSlot(cluster, client, spec, args);
        }
        if (engine.eviction().isLimiting()
                && !engine.eviction().makeRoom(args.sizeBytes())
                && needsMemory(client, spec)) {
            client.lane().rejected[spec.id()]++;
            throw CommandException.outOfMemory();
        }
        if (spec.is(CommandFlag.DENYOOM)
                && !HeapRoom.has(args.get(args.count() - 1).array().length)) {
            // What a long word says is kept once more, as a value. A connection has all words of a command in one
            // array.
            client.lane().rejected[spec.id()]++;
            throw CommandException.outOfMemory();
        }
        if (engine.isRestricting()) {
            checkState(client, spec);
        }
        if (!client.resp3() && client.isSubscriber() && !spec.has(CommandRole.FOR_SUBSCRIBERS)) {
            client.lane().rejected[spec.id()]++;
            throw new CommandException("ERR Can't execute '" + spec.fullName()
                    + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context");
        }
        if (client.isMonitor()
                && (spec.is(CommandFlag.READONLY)
                        || spec.is(CommandFlag.WRITE)
                        || spec.is(CommandFlag.MAY_REPLICATE))) {
            client.lane().rejected[spec.id()]++;
            throw new CommandException("ERR Replica can't interact with the keyspace");
        }
    }

    private void checkProtected(Client client, CommandSpec spec) {
        boolean module = spec.parent() != null;
        var config = engine.config();
        if (!client.mayUse(module ? config.enableModuleCommand.get() : config.enableDebugCommand.get())) {
            client.lane().rejected[spec.id()]++;
            throw new CommandException("ERR " + (module ? "MODULE" : "DEBUG") + " command not allowed. If the "
                    + (module ? "enable-module-command" : "enable-debug-command")
                    + " option is set to \"local\", you can run it from a local connection, otherwise you need to set"
                    + " this option in the configuration file, and then restart the server.");
        }
    }

    /** Fails where a command is about several slots. */
    private static void checkSlot(ClusterNode cluster, Client client, CommandSpec spec, Args args) {
        try {
            cluster.slotOf(spec, args);
        } catch (CommandException e) {
            client.lane().rejected[spec.id()]++;
            throw e;
        }
    }

    private void checkPermission(Client client, CommandSpec spec, Args args) {
        try {
            engine.permissions().admit(client, spec, args);
        } catch (CommandException e) {
            client.lane().rejected[spec.id()]++;
            throw e;
        }
    }

    /** A client that has not logged in is not even told which commands there are. */
    private void requireAuthentication(Client client) {
        if (!client.user().isUnrestricted() && !engine.permissions().admits(client)) {
            throw notAuthenticated();
        }
    }

    private static CommandException notAuthenticated() {
        return new CommandException("NOAUTH Authentication required.");
    }

    private void checkState(Client client, CommandSpec spec) {
        QueuedCommands transaction = client.transaction();
        boolean writes = spec.is(CommandFlag.WRITE) || transaction != null && transaction.writes(spec);
        String refusal = engine.refusal(client, spec, writes);
        if (refusal != null) {
            client.lane().rejected[spec.id()]++;
            throw new CommandException(refusal);
        }
    }

    /** Whether a command may make the store grow, itself or by running queued ones that may. */
    private static boolean needsMemory(Client client, CommandSpec spec) {
        QueuedCommands transaction = client.transaction();
        return spec.is(CommandFlag.DENYOOM) || transaction != null && transaction.needsMemory(spec);
    }
}
