package dev.holdfast.engine.core;

import static dev.holdfast.engine.core.Check.ALLOWED_IN_MULTI;
import static dev.holdfast.engine.core.Check.ALLOWED_IN_SCRIPT;
import static dev.holdfast.engine.core.Check.AUTHENTICATION;
import static dev.holdfast.engine.core.Check.BUSY;
import static dev.holdfast.engine.core.Check.MEMORY;
import static dev.holdfast.engine.core.Check.MONITOR;
import static dev.holdfast.engine.core.Check.PERMISSION;
import static dev.holdfast.engine.core.Check.PROMISE;
import static dev.holdfast.engine.core.Check.PROTECTED;
import static dev.holdfast.engine.core.Check.ROOM;
import static dev.holdfast.engine.core.Check.SCRIPT_MEMORY;
import static dev.holdfast.engine.core.Check.SLOT;
import static dev.holdfast.engine.core.Check.STATE;
import static dev.holdfast.engine.core.Check.SUBSCRIBER;

import dev.holdfast.engine.client.Client;

/** Where a command comes from, and so which checks it has to pass. */
enum Origin {
    /** A connection, or a caller in this JVM. */
    CLIENT(
            AUTHENTICATION,
            BUSY,
            PROTECTED,
            ALLOWED_IN_MULTI,
            PERMISSION,
            SLOT,
            MEMORY,
            ROOM,
            STATE,
            SUBSCRIBER,
            MONITOR),

    /** The queue of a transaction. It was checked when the command was queued, and EXEC was; the user may have changed since. */
    QUEUE(PERMISSION),

    /** A command that has waited for a key. The user may have changed since. */
    WAIT(PERMISSION),

    /** A script or a function. */
    SCRIPT(ALLOWED_IN_SCRIPT, SCRIPT_MEMORY, PERMISSION, PROMISE, SLOT, ROOM, STATE),

    /** The append-only file: what it says has been run before. */
    LOG,

    /** The primary that this store follows: what it sends has been run there. */
    PRIMARY;

    private final int asked;

    Origin(Check... checks) {
        int bits = 0;
        for (Check check : checks) {
            bits |= check.bit();
        }
        this.asked = bits;
    }

    /** Where the commands that a client sends come from. */
    static Origin of(Client client) {
        return !client.isReplaying() ? CLIENT : client.isPrimary() ? PRIMARY : LOG;
    }

    /** The bits of the checks that are made. */
    int asked() {
        return asked;
    }
}
