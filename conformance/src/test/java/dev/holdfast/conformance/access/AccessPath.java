package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;

/** The ways on which every script runs. */
public enum AccessPath {
    /** Calls in the engine's own JVM. */
    EMBEDDED(Form.OBJECTS, false, false),
    RESP2(Form.RESP2, false, false),
    RESP3(Form.RESP3, false, false),
    /** Each command alone inside MULTI and EXEC. */
    MULTI(Form.RESP3, true, false),
    /** Each command run by a script. */
    SCRIPT(Form.SCRIPTED, true, false),
    /** A real server: it judges the script, not us. */
    REAL_RESP2(Form.RESP2, false, true),
    REAL_RESP3(Form.RESP3, false, true);

    private final Form form;
    private final boolean transactional;
    private final boolean real;

    AccessPath(Form form, boolean transactional, boolean real) {
        this.form = form;
        this.transactional = transactional;
        this.real = real;
    }

    public boolean isReal() {
        return real;
    }

    public boolean isTransactional() {
        return transactional;
    }

    public Form form() {
        return form;
    }

    public Session connect(Store store) {
        return switch (this) {
            case MULTI -> new TransactionalSession(store.connect(form));
            case SCRIPT -> new ScriptedSession(store.connect(Form.RESP2));
            default -> store.connect(form);
        };
    }
}
