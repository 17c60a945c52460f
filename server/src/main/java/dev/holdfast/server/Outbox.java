package dev.holdfast.server;

import dev.holdfast.engine.protocol.RespReply;
import org.jspecify.annotations.Nullable;

/**
 * The messages that others have pushed to a connection and that wait to be sent. They are encoded already, and the same bytes wait at
 * all receivers of a message. A single one, which is the rule, is sent from there; only several are copied together.
 */
final class Outbox {
    private static final int BYTES = 512;

    private byte @Nullable [] only;
    private @Nullable RespReply several;

    boolean isEmpty() {
        return only == null && several == null;
    }

    void add(byte[] message) {
        RespReply target = several;
        if (target == null) {
            byte[] first = only;
            if (first == null) {
                only = message;
                return;
            }
            target = new RespReply(Math.max(BYTES, first.length + message.length));
            target.raw(first);
            only = null;
            several = target;
        }
        target.raw(message);
    }

    /** All messages, from index 0 to {@link #size()}. */
    byte[] array() {
        byte[] message = only;
        RespReply messages = several;
        return message != null ? message : messages != null ? messages.array() : new byte[0];
    }

    int size() {
        byte[] message = only;
        RespReply messages = several;
        return message != null ? message.length : messages != null ? messages.size() : 0;
    }

    void clear() {
        only = null;
        several = null;
    }
}
