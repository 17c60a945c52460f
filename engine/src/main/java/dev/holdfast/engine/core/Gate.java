package dev.holdfast.engine.core;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Permissions;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.topology.ClusterNode;
import dev.holdfast.engine.upkeep.Eviction;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a command may run: whether there is such a command, with so many words ({@link #resolve}), and whether the state of its
 * client and of the store allow it ({@link #admit}).
 *
 * <p>Every check is in this class, whatever way a command comes by. {@link Check} gives the order, {@link Origin} which of them are made.
 * Nearly always none can fail, so each is a bit, and one look decides: the checks for which the client and the store give cause now, of
 * these the ones that can concern the command, and of these the ones that its origin asks. What is left is looked at one by one. A cause
 * is asked where it arises and not kept here, so it cannot be out of date.
 */
final class Gate {
    private static final String OUT_OF_MEMORY_IN_SCRIPT = "OOM command not allowed when used memory > 'maxmemory'.";

    private static final Check[] CHECKS = Check.values();

    /** What depends on the command and its script alone. */
    private static final int ALWAYS = Check.PROTECTED.bit() | Check.ALLOWED_IN_SCRIPT.bit() | Check.PROMISE.bit();

    private static final int OF_USER = Check.AUTHENTICATION.bit() | Check.PERMISSION.bit();
    private static final int OF_MEMORY = Check.MEMORY.bit() | Check.SCRIPT_MEMORY.bit();

    private final Engine engine;
    private final CommandTable commands;
    private final Permissions permissions;
    private final Eviction eviction;
    private final ScriptRuns scripts;
    private final Plan plan;
    private final @Nullable ClusterNode cluster;

    /** The checks that can concern a command, by its number. */
    private final int[] concerns;

    Gate(Engine engine) {
        this.engine = engine;
        this.commands = engine.commands();
        this.permissions = engine.permissions();
        this.eviction = engine.eviction();
        this.scripts = engine.scriptRuns();
        this.plan = engine.plan();
        this.cluster = engine.cluster();
        this.concerns = new int[commands.idCount()];
        for (int id = 0; id < concerns.length; id++) {
            concerns[id] = concerns(commands.byId(id));
        }
    }

    private static int concerns(CommandSpec spec) {
        int bits = 0;
        for (Check check : CHECKS) {
            bits |= canConcern(check, spec) ? check.bit() : 0;
        }
        return bits;
    }

    private static boolean canConcern(Check check, CommandSpec spec) {
        return switch (check) {
            case AUTHENTICATION -> !spec.is(CommandFlag.NO_AUTH);
            case BUSY -> !spec.is(CommandFlag.ALLOW_BUSY);
            case PROTECTED -> spec.is(CommandFlag.PROTECTED);
            case ALLOWED_IN_MULTI -> spec.is(CommandFlag.NO_MULTI);
            case ALLOWED_IN_SCRIPT -> spec.is(CommandFlag.NOSCRIPT);
            case SCRIPT_MEMORY, ROOM -> spec.is(CommandFlag.DENYOOM);
            case SUBSCRIBER -> !spec.has(CommandRole.FOR_SUBSCRIBERS);
            case MONITOR ->
                spec.is(CommandFlag.READONLY) || spec.is(CommandFlag.WRITE) || spec.is(CommandFlag.MAY_REPLICATE);
            case PERMISSION, PROMISE, SLOT, MEMORY, STATE -> true;
        };
    }

    // ---- which command it is ----

    /** The declaration of the command that the words name. */
    CommandSpec resolve(Client client, Args args) {
        Slice name = args.get(0);
        CommandSpec spec = commands.find(name);
        if (spec == null) {
            requireAuthentication(client);
            throw unknownCommand(args);
        }
        if (spec.isContainer() && args.count() > 1) {
            CommandSpec subcommand = commands.find(spec, args.get(1));
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

    /** A client that has not logged in does not even learn which commands there are. */
    private void requireAuthentication(Client client) {
        if (!client.isReplaying() && !client.user().isUnrestricted() && !permissions.admits(client)) {
            throw notAuthenticated();
        }
    }

    private static CommandException notAuthenticated() {
        return new CommandException("NOAUTH Authentication required.");
    }

    // ---- whether it may run ----

    /**
     * Lets a command pass, or throws the error that it gets.
     *
     * @param origin where it comes from; what a log says passes wherever it stands, in a transaction too
     */
    void admit(Origin origin, Call call, CommandSpec spec, Args args) {
        int checks = causes(call.client(), args) & concerns[spec.id()] & origin.asked();
        if (checks != 0 && !call.client().isReplaying()) {
            make(checks, origin, call, spec, args);
        }
    }

    /** The checks that might fail now. */
    private int causes(Client client, Args args) {
        int causes = ALWAYS;
        if (!client.user().isUnrestricted()) {
            causes |= OF_USER;
        }
        if (scripts.isAnyBusy()) {
            causes |= Check.BUSY.bit();
        }
        if (client.transaction() != null) {
            causes |= Check.ALLOWED_IN_MULTI.bit();
        }
        if (cluster != null) {
            causes |= Check.SLOT.bit();
        }
        if (eviction.isLimiting()) {
            causes |= OF_MEMORY;
        }
        if (HeapRoom.isLarge(heldWith(args))) {
            causes |= Check.ROOM.bit();
        }
        if (engine.persistence().isRestricting() || engine.replication().isRestricting()) {
            causes |= Check.STATE.bit();
        }
        if (client.isSubscriber()) {
            causes |= Check.SUBSCRIBER.bit();
        }
        if (client.isMonitor() || client.isReplica()) {
            causes |= Check.MONITOR.bit();
        }
        return causes;
    }

    /** What a word holds that is to be kept once more, as a value. A connection has all words of a command in one array. */
    private static int heldWith(Args args) {
        return args.get(args.count() - 1).array().length;
    }

    private void make(int checks, Origin origin, Call call, CommandSpec spec, Args args) {
        try {
            for (int left = checks; left != 0; left &= left - 1) {
                make(CHECKS[Integer.numberOfTrailingZeros(left)], origin, call, spec, args);
            }
        } catch (CommandException e) {
            if (origin != Origin.QUEUE) {
                call.client().lane().rejected[spec.id()]++;
            }
            throw e;
        }
    }

    private void make(Check check, Origin origin, Call call, CommandSpec spec, Args args) {
        Client client = call.client();
        switch (check) {
            case AUTHENTICATION -> {
                if (!permissions.admits(client)) {
                    throw notAuthenticated();
                }
            }
            case BUSY -> {
                ScriptRun busy = scripts.busy();
                if (busy != null) {
                    throw busy.busyError();
                }
            }
            case PROTECTED -> checkProtected(client, spec);
            case ALLOWED_IN_MULTI ->
                throw new CommandException("ERR Command '" + spec.fullName() + "' not allowed inside a transaction");
            case ALLOWED_IN_SCRIPT -> {
                if (!engine.debugSettings().isAllowingAllInScripts()) {
                    throw new CommandException("ERR This Valkey command is not allowed from script");
                }
            }
            case SCRIPT_MEMORY -> {
                ScriptRun script = call.running();
                if (!script.allowsOutOfMemory() && !script.hasWritten() && eviction.isOutOfMemory()) {
                    throw new CommandException(OUT_OF_MEMORY_IN_SCRIPT);
                }
            }
            case PERMISSION -> checkPermission(origin, client, spec, args);
            case PROMISE -> call.running().checkPromises(spec, args);
            case SLOT -> checkSlot(origin, call, spec, args);
            case MEMORY -> {
                if (!eviction.makeRoom(args.sizeBytes()) && plan.grows(client, spec, args)) {
                    throw CommandException.outOfMemory();
                }
            }
            case ROOM -> {
                if (!HeapRoom.has(heldWith(args))) {
                    throw CommandException.outOfMemory();
                }
            }
            case STATE -> checkState(origin, call, spec, args);
            case SUBSCRIBER -> {
                if (!client.resp3()) {
                    throw new CommandException("ERR Can't execute '" + spec.fullName()
                            + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this"
                            + " context");
                }
            }
            case MONITOR -> throw new CommandException("ERR Replica can't interact with the keyspace");
        }
    }

    private void checkProtected(Client client, CommandSpec spec) {
        boolean module = spec.parent() != null;
        var config = engine.config();
        if (!client.mayUse(module ? config.enableModuleCommand.get() : config.enableDebugCommand.get())) {
            throw new CommandException("ERR " + (module ? "MODULE" : "DEBUG") + " command not allowed. If the "
                    + (module ? "enable-module-command" : "enable-debug-command")
                    + " option is set to \"local\", you can run it from a local connection, otherwise you need to set"
                    + " this option in the configuration file, and then restart the server.");
        }
    }

    private void checkPermission(Origin origin, Client client, CommandSpec spec, Args args) {
        switch (origin) {
            case QUEUE -> permissions.admitQueued(client, spec, args);
            case SCRIPT -> permissions.admitInScript(client, spec, args);
            default -> permissions.admit(client, spec, args);
        }
    }

    private void checkSlot(Origin origin, Call call, CommandSpec spec, Args args) {
        if (origin == Origin.SCRIPT) {
            call.running().checkSlot(spec, args);
        } else if (cluster != null) {
            cluster.slotOf(spec, args);
        }
    }

    private void checkState(Origin origin, Call call, CommandSpec spec, Args args) {
        Client client = call.client();
        if (origin != Origin.SCRIPT) {
            boolean stale = engine.scripts().is(spec, args, CommandFlag.STALE);
            fail(refusal(client, spec, plan.writes(client, spec, args), stale));
            return;
        }
        // What has written is not left half done.
        if (spec.is(CommandFlag.WRITE) && !call.running().hasWritten()) {
            fail(refusal(client, spec, true, spec.is(CommandFlag.STALE)));
        }
        if (engine.replication().refusal(client, spec, false, spec.is(CommandFlag.STALE)) != null) {
            throw new CommandException("ERR Can not execute the command on a stale replica");
        }
    }

    /** Lets a script begin that says of itself that it writes, or throws the error that it gets. */
    void admitWriting(Call call, boolean allowsOutOfMemory) {
        fail(refusal(call.client(), call.spec(), true, true));
        if (!allowsOutOfMemory && eviction.isOutOfMemory()) {
            throw new CommandException(
                    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'");
        }
    }

    /** Lets a script begin that does not say of itself that it may see old data, or throws the error that it gets. */
    void admitStale(Call call) {
        fail(refusal(call.client(), call.spec(), false, false));
    }

    private static void fail(@Nullable String refusal) {
        if (refusal != null) {
            throw new CommandException(refusal);
        }
    }

    /**
     * Why a command cannot run in the present state of the store, or null if it can: data is being loaded, or a write could not be
     * saved, or the store is a replica, or it asks for replicas, of which there are too few.
     */
    private @Nullable String refusal(Client client, CommandSpec spec, boolean writes, boolean stale) {
        String refusal = engine.persistence().refusal(spec, writes);
        return refusal == null ? engine.replication().refusal(client, spec, writes, stale) : refusal;
    }

    // ---- the second look, when its shards are locked ----

    /**
     * Takes the locks that a command needs. A client gives up where a script keeps them for long; a log, whose commands must not be
     * left out, waits.
     */
    boolean lock(Client client, Keyspace keyspace, long mask) {
        if (client.isReplaying()) {
            keyspace.lock(mask);
            return true;
        }
        return keyspace.lock(mask, scripts.anyBusy());
    }

    /** Whether a command may not run any more, now that its shards are locked, because the store has changed its role. */
    boolean isOutdated(Client client, CommandSpec spec) {
        if (client.isPrimary()) {
            return client.isClosing();
        }
        return !engine.replication().isWritable() && !client.isReplaying() && plan.writes(client, spec);
    }
}
