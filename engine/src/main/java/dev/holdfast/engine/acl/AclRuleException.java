package dev.holdfast.engine.acl;

/** A rule that cannot be applied to a user. The message says why, in Valkey's words. */
public final class AclRuleException extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean unknownName;

    private AclRuleException(String message, boolean unknownName) {
        super(message, null, false, false);
        this.unknownName = unknownName;
    }

    AclRuleException(String message) {
        this(message, false);
    }

    static AclRuleException syntax() {
        return new AclRuleException("Syntax error");
    }

    static AclRuleException unknownName() {
        return new AclRuleException("Unknown command or category name in ACL", true);
    }

    /** Whether the rule names a command or a category that does not exist; such a rule holds no secret. */
    boolean isUnknownName() {
        return unknownName;
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
