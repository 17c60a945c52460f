package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.topology.ClusterNode;

/** A script or function that is being run, and what others may know of it and do to it. */
public final class ScriptRun {
    private final Engine engine;
    private final Client client;
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

    /** In a cluster, the slot of the script's keys, or of those that its commands have named so far. */
    private int slot = KeySpec.NO_SLOT;

    /**
     * A run that begins now.
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
        this.client = call.client();
        this.words = call.args();
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
    }

    private static long shardsOf(Call call) {
        return call.inTransaction() ? call.engine().dispatcher().maskOf(call.spec(), call.args()) : call.heldShards();
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

    public boolean isReadOnly() {
        return readOnly;
    }

    public boolean allowsOutOfMemory() {
        return allowsOutOfMemory;
    }

    /**
     * Fails where a command of the script names keys of several slots of a cluster, or of another slot than the script's keys and
     * its commands so far.
     */
    public void checkSlot(CommandSpec spec, Args commandWords) {
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

    /** Whether it may run a command: a script that promises to keep to its keys holds the locks of no others. */
    public boolean holdsShardsFor(CommandSpec spec, Args commandWords) {
        if (shards == -1) {
            return true;
        }
        long wanted =
                spec.is(CommandFlag.VISITS_SHARDS) ? -1 : engine.dispatcher().maskOf(spec, commandWords);
        return (wanted & ~shards) == 0;
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

    public void setWritten() {
        wrote = true;
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
        engine.busyScripts().add(this);
    }

    /** Says that it has ended. */
    public void end() {
        if (busy) {
            engine.busyScripts().remove(this);
        }
    }

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
