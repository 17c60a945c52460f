package dev.holdfast.relay.http;

/** Server-sent events as text. */
public final class Events {
    /** What keeps a quiet stream, and the proxies before it, awake. */
    public static final String HEARTBEAT = ":\n\n";

    private Events() {}

    /**
     * One event.
     *
     * @param id what a client sends as {@code Last-Event-ID} when it comes back; empty for none
     * @param name the kind of the event; empty for {@code message}
     */
    public static String event(String id, String name, String data) {
        StringBuilder text = new StringBuilder(data.length() + 64);
        if (!id.isEmpty()) {
            text.append("id: ").append(id).append('\n');
        }
        if (!name.isEmpty()) {
            text.append("event: ").append(name).append('\n');
        }
        data.lines().forEach(line -> text.append("data: ").append(line).append('\n'));
        return text.append('\n').toString();
    }
}
