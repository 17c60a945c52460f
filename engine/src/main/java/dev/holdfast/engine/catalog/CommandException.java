package dev.holdfast.engine.catalog;

/**
 * A mistake of the user's. The message is what the client receives, code and all, and is Valkey's own to the letter. It has
 * no stack trace: these are answers, not bugs.
 */
public final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CommandException(String message) {
        super(withoutLineEnds(message), null, false, false);
    }

    /** A word that is shown at the end may end a line. */
    private static String withoutLineEnds(String message) {
        int end = message.length();
        while (end > 0 && (message.charAt(end - 1) == '\n' || message.charAt(end - 1) == '\r')) {
            end--;
        }
        return message.substring(0, end);
    }

    public static CommandException wrongType() {
        return new CommandException("WRONGTYPE Operation against a key holding the wrong kind of value");
    }

    public static CommandException outOfMemory() {
        return new CommandException("OOM command not allowed when used memory > 'maxmemory'.");
    }

    public static CommandException syntax() {
        return new CommandException("ERR syntax error");
    }

    public static CommandException notInteger() {
        return new CommandException("ERR value is not an integer or out of range");
    }

    public static CommandException notFloat() {
        return new CommandException("ERR value is not a valid float");
    }

    public static CommandException outOfRange() {
        return new CommandException("ERR value is out of range");
    }

    public static CommandException noSuchKey() {
        return new CommandException("ERR no such key");
    }

    /** The wrong number of words for a command whose full name, in lower case, is given. */
    public static CommandException arity(String fullName) {
        return new CommandException("ERR wrong number of arguments for '" + fullName + "' command");
    }

    /** The {@code ERR} of an expiry that is not a time. */
    public static CommandException invalidExpire(String fullName) {
        return new CommandException("ERR invalid expire time in '" + fullName + "' command");
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
