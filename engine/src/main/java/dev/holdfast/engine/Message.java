package dev.holdfast.engine;

import org.jspecify.annotations.Nullable;

/** A message that was published to a channel. */
public final class Message {
    private final String channel;
    private final byte[] payload;
    private final @Nullable String pattern;

    Message(String channel, byte[] payload, @Nullable String pattern) {
        this.channel = channel;
        this.payload = payload;
        this.pattern = pattern;
    }

    public String channel() {
        return channel;
    }

    public byte[] payload() {
        return payload;
    }

    /** The payload read as UTF-8. */
    public String text() {
        return Words.text(payload);
    }

    /** The pattern through which the message came, or null. */
    public @Nullable String pattern() {
        return pattern;
    }
}
