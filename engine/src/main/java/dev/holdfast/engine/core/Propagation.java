package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.journal.ChangeUnit;
import dev.holdfast.engine.journal.ChangeUnit.Target;
import dev.holdfast.engine.protocol.Args;

/**
 * What a client's command writes to the {@link ChangeLog}: itself, where it has changed something, or what its handler says in its
 * place. The words of a transaction, and of a script, gather and are appended as one unit.
 */
final class Propagation {
    private final ChangeLog changes;
    private final Client client;
    private final ChangeUnit unit = new ChangeUnit();
    private Target target = Target.ALL;

    /** Whether the handler has said what is written, so that the command itself is not. */
    private boolean retold;

    Propagation(ChangeLog changes, Client client) {
        this.changes = changes;
        this.client = client;
    }

    /** A command begins. */
    void begin() {
        retold = false;
    }

    /** Where what follows is sent. */
    void setTarget(Target wanted) {
        target = wanted;
    }

    /** Whether changes have readers. */
    boolean isOn() {
        return changes.isOn() && (!client.isReplaying() || client.isPrimary()) && target != Target.NONE;
    }

    /** Adds words to be written in place of the command. */
    void retell(Object... words) {
        retold = true;
        if (isOn()) {
            unit.add(target, client.database(), words);
        }
    }

    /** Lets nothing be written but what the handler says. */
    void retellNothing() {
        retold = true;
    }

    /** Lets the command be written although it counts no change. */
    void tell(Args args) {
        if (!retold && isOn()) {
            unit.add(target, client.database(), args);
        }
        retold = true;
    }

    /** Lets replicas alone get the command although it changes nothing. */
    void tellReplicas(Args args) {
        if (isOn() && changes.replicas().isOn()) {
            unit.add(Target.REPLICAS, client.database(), args);
        }
        retold = true;
    }

    /** Adds something that has happened beside the command. */
    void tellBeside(int database, Object... words) {
        unit.add(target, database, words);
    }

    /** Appends what has gathered, while the locks are held. */
    void append(CommandSpec spec) {
        if (!unit.isEmpty()) {
            client.setWriteOffset(changes.append(unit, !spec.is(CommandFlag.TOUCHES_ARBITRARY_KEYS)));
            client.setReplicationOffset(changes.replicas().offset());
            unit.clear();
        }
    }
}
