package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.journal.ChangeUnit.Target;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.topology.ClusterNode;

/** A script or function that is being run: the commands that it calls, its outcome, and what others may know of it and do to it. */
public final class ScriptRun {
    private final Engine engine;
    private final Call call;
    private final Client client;
    private final boolean partOfTransaction;
    private final int database;
    private final String name;
    private final boolean eval;
    private final boolean readOnly;
    private final boolean allowsOutOfMemory;
    private final boolean allowsCrossSlot;
    private final long startNanos;
    private final long shards;
    private volatile Args words;
    private volatile boolean wrote;
    private volatile boolean killed;
    private volatile boolean busy;

    /** The command that runs the script, whose words and reply the call's are while no command of the script runs. */
    private CommandSpec outer;

    private Args outerWords;
    private Reply outerReply;
    private Origin outerOrigin;

    /** In a cluster, the slot of the script's keys, or of those that its commands have named so far. */
    private int slot = KeySpec.NO_SLOT;

    /**
     * A run that begins now. Its commands are one step, as those of a transaction are.
     *
     * @param name the script's hash or the function's name
     * @param eval whether it is a script of EVAL rather than a function
     * @param confined whether it may use only keys in the shards of its own
     */
    public ScriptRun(
            Call call,
            String name,
            boolean eval,
            boolean readOnly,
            boolean allowsOutOfMemory,
            boolean allowsCrossSlot,
            boolean confined) {
        this.engine = call.engine();
        this.call = call;
        this.client = call.client();
        this.partOfTransaction = call.inTransaction();
        this.database = client.database();
        this.words = call.args();
        this.outer = call.spec();
        this.outerWords = words;
        this.outerReply = call.reply();
        this.outerOrigin = call.origin();
        this.name = name;
        this.eval = eval;
        this.readOnly = readOnly;
        this.allowsOutOfMemory = allowsOutOfMemory;
        this.allowsCrossSlot = allowsCrossSlot;
        this.shards = confined ? shardsOf(call) : -1;
        this.startNanos = engine.clock().nanos();
        ClusterNode cluster = engine.cluster();
        if (cluster != null) {
            this.slot = cluster.slotOf(call.spec(), call.args());
        }
        call.beginScript(this);
    }

    private static long shardsOf(Call call) {
        return call.inTransaction() ? call.engine().plan().shards(call.spec(), call.args()) : call.heldShards();
    }

    public Client client() {
        return client;
    }

    public String name() {
        return name;
    }

    public boolean isEval() {
        return eval;
    }

    boolean allowsOutOfMemory() {
        return allowsOutOfMemory;
    }

    /**
     * Fails where a command of the script names keys of several slots of a cluster, or of another slot than the script's keys and
     * its commands so far.
     */
    void checkSlot(CommandSpec spec, Args commandWords) {
        ClusterNode cluster = engine.cluster();
        if (cluster == null) {
            return;
        }
        int wanted = slotOf(cluster, spec, commandWords);
        if (allowsCrossSlot || wanted == KeySpec.NO_SLOT) {
            return;
        }
        if (slot == KeySpec.NO_SLOT) {
            slot = wanted;
        } else if (slot != wanted) {
            throw new CommandException("ERR Script attempted to access keys that do not hash to the same slot");
        }
    }

    /** Fails where a command would break what the script has promised; the locks of keys that it has not declared are not held. */
    void checkPromises(CommandSpec spec, Args commandWords) {
        if (readOnly && (spec.is(CommandFlag.WRITE) || spec.is(CommandFlag.MAY_REPLICATE))) {
            throw new CommandException("ERR Write commands are not allowed from read-only scripts.");
        }
        if (shards != -1 && (engine.plan().shardsWithin(spec, commandWords) & ~shards) != 0) {
            throw new CommandException(
                    "ERR Script attempted to access keys that it has not declared, though it promises 'declared-keys'");
        }
    }

    private static int slotOf(ClusterNode cluster, CommandSpec spec, Args commandWords) {
        try {
            return cluster.slotOf(spec, commandWords);
        } catch (CommandException e) {
            throw new CommandException("ERR Attempted to access a non local key in a cluster node");
        }
    }

    /** The words of the command that has begun it. Others may read them once it is busy. */
    public Args words() {
        return words;
    }

    public long elapsedMillis() {
        return (engine.clock().nanos() - startNanos) / 1_000_000;
    }

    /** Whether it has changed anything, so that it can no longer be ended without being half done. */
    public boolean hasWritten() {
        return wrote;
    }

    public boolean isKilled() {
        return killed;
    }

    /** Whether it has run for so long that others get BUSY instead of being kept waiting. */
    public boolean isBusy() {
        return busy;
    }

    /** Says that it has run for too long. Its words are kept: the buffer that they stand in may be used for others' now. */
    public void setBusy() {
        words = words.copy();
        busy = true;
        engine.scriptRuns().add(this);
    }

    // ---- its commands ----

    /** Takes note of the command that runs the script, before the script goes on. */
    public void goOn() {
        outer = call.spec();
        outerWords = call.args();
        outerReply = call.reply();
        outerOrigin = call.origin();
    }

    /** The declaration of a command that the script calls. */
    public CommandSpec resolve(Args command) {
        return engine.gate().resolve(client, command);
    }

    /**
     * Runs a command that the script calls. The script's own words and reply are the call's no more, until {@link #stepOut}.
     *
     * @throws CommandException if the script may not run it; the error is counted then
     */
    public void execute(CommandSpec spec, Args command, Reply answer) {
        try {
            engine.gate().admit(Origin.SCRIPT, call, spec, command);
        } catch (CommandException e) {
            throw refuse(e.getMessage());
        }
        if (spec.is(CommandFlag.WRITE)) {
            wrote = true;
        }
        engine.dispatcher().run(Origin.SCRIPT, call, spec, command, answer);
    }

    /** Counts an error that the script is given in place of a command's answer, and makes it. */
    public CommandException refuse(String message) {
        engine.statistics().countError(message);
        return new CommandException(message);
    }

    /** Makes the words and the reply of the command that runs the script the call's again. */
    public void stepOut() {
        call.begin(outerOrigin, outer, outerWords, outerReply);
    }

    /** Where the changes that follow are sent. */
    public void setTarget(Target target) {
        call.setTarget(target);
    }

    // ---- its end ----

    /**
     * Answers with an error that is the outcome of the script.
     *
     * @param counted whether a command of the script has counted it already
     */
    public void fail(String message, boolean counted) {
        String line = message.replace('\r', ' ').replace('\n', ' ');
        outerReply.error(line);
        client.lane().failed[outer.id()]++;
        if (!counted) {
            engine.statistics().countError(line);
        }
    }

    /** Ends the run: its changes are appended to the log, unless it is part of a transaction. */
    public void end() {
        if (busy) {
            engine.scriptRuns().remove(this);
        }
        client.select(database);
        call.endScript(!partOfTransaction);
    }

    /** Whether the script is part of a transaction, and so cannot be suspended. */
    public boolean isPartOfTransaction() {
        return partOfTransaction;
    }

    // ---- for others ----

    /** What clients get meanwhile. */
    public CommandException busyError() {
        return new CommandException("BUSY Valkey is busy running a script. You can only call "
                + (eval ? "SCRIPT" : "FUNCTION")
                + " KILL or SHUTDOWN NOSAVE.");
    }

    /** Ends it at the next opportunity, on behalf of SCRIPT KILL or of FUNCTION KILL. */
    public void kill(boolean byScriptKill) {
        if (wrote) {
            throw new CommandException(
                    "UNKILLABLE Sorry the script already executed write commands against the dataset. You"
                            + " can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE"
                            + " command.");
        }
        if (byScriptKill != eval) {
            throw busyError();
        }
        killed = true;
    }
}
