package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;

/** The ways on which every script runs. */
public enum AccessPath {
    /** Calls in the engine's own JVM. */
    EMBEDDED(Form.OBJECTS),
    RESP2(Form.RESP2),
    RESP3(Form.RESP3),
    /** Each command alone inside MULTI and EXEC. */
    MULTI(Form.RESP3),
    /** Each command run by a script. */
    SCRIPT(Form.SCRIPTED),
    /** After each command the store is saved as an RDB file and loaded again. */
    RELOADED(Form.RESP3),
    /** After each command the append-only file is loaded again. */
    REPLAYED(Form.RESP3),
    /** A real server: it judges the script, not us. */
    REAL_RESP2(Form.RESP2),
    REAL_RESP3(Form.RESP3);

    private final Form form;

    AccessPath(Form form) {
        this.form = form;
    }

    public boolean isReal() {
        return this == REAL_RESP2 || this == REAL_RESP3;
    }

    /** Whether the store must have files. */
    public boolean needsFiles() {
        return this == RELOADED || this == REPLAYED;
    }

    public Form form() {
        return form;
    }

    public Session connect(Store store) {
        return switch (this) {
            case MULTI -> new TransactionalSession(store.connect(form));
            case SCRIPT -> new ScriptedSession(store.connect(Form.RESP2));
            case RELOADED -> new RestoredSession(store.connect(form), store.connect(Form.RESP2), "RELOAD");
            case REPLAYED -> new RestoredSession(store.connect(form), store.connect(Form.RESP2), "LOADAOF");
            default -> store.connect(form);
        };
    }
}
