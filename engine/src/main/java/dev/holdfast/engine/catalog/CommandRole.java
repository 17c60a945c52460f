package dev.holdfast.engine.catalog;

/**
 * What the engine treats in a way of its own about some commands, as far as clients are not shown it as a {@link CommandFlag}. A
 * command is recognised by its declaration, never by its name, which the configuration may change.
 */
public enum CommandRole {
    /** Runs the queued commands of a transaction: EXEC. */
    RUNS_QUEUE,
    /** Is run at once inside MULTI, where others are queued. */
    NOT_QUEUED,
    /** May be sent by a subscriber in RESP2. */
    FOR_SUBSCRIBERS,
    /** Chooses the database of the commands behind it: SELECT. */
    SELECTS,
    /** Is refused, like a write, while writes cannot be saved, for those who ask it are to learn of that: PING. */
    SHOWS_HEALTH,
    /** A container after whose commands still holds what CLIENT CACHING has said. */
    KEEPS_CACHING,
    /** All its words are channels to subscribe to. */
    SUBSCRIBES,
    /** All its words are patterns of channels to subscribe to. */
    SUBSCRIBES_TO_PATTERNS,
    /** Its first word is a channel to publish to. */
    PUBLISHES
}
