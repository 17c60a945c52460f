package dev.holdfast.toolkit.stream;

/**
 * An entry of a stream, as its handler sees it. It may come more than once: its consumer may have died before saying that it was
 * done.
 *
 * @param id milliseconds since 1970 and a number, joined by a dash
 * @param value what was added
 * @param deliveries how often it has been handed out, this time among them
 */
public record StreamEntry<T>(String id, T value, long deliveries) {}
