package dev.holdfast.relay.console;

/** Who of the relay's users may use the console. */
public enum ConsoleUsers {
    NONE,
    /** Administrators. */
    ADMINS,
    /** All with the permission {@code read}, for the whole store; those with {@code write} may change it, accounts excepted. */
    ALL
}
