package dev.holdfast.engine.change;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.NotificationFlags;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Publishes keyspace events: what happened to a key on {@code __keyspace@db__:key}, and to which key something happened on
 * {@code __keyevent@db__:event}. Off unless {@code notify-keyspace-events} asks for it.
 */
public final class KeyspaceEvents {
    private static final int KEYSPACE = NotificationFlags.bit('K');
    private static final int KEYEVENT = NotificationFlags.bit('E');

    private final PubSub pubSub;
    private volatile int flags;

    public KeyspaceEvents(PubSub pubSub) {
        this.pubSub = pubSub;
    }

    public void setFlags(int flags) {
        this.flags = flags;
    }

    /** Publishes that something has happened to a key. */
    public void event(Event event, int database, Slice key) {
        if ((flags & event.eventClass()) != 0) {
            publish(event.text(), database, key);
        }
    }

    private void publish(String event, int database, Slice key) {
        int wanted = flags;
        Slice name = Slice.of(event);
        if ((wanted & KEYSPACE) != 0) {
            pubSub.publish(channel("__keyspace@" + database + "__:", key), name);
        }
        if ((wanted & KEYEVENT) != 0) {
            pubSub.publish(channel("__keyevent@" + database + "__:", name), key);
        }
    }

    private static Slice channel(String prefix, Slice rest) {
        ByteArrayOutputStream channel = new ByteArrayOutputStream();
        channel.writeBytes(prefix.getBytes(StandardCharsets.US_ASCII));
        channel.write(rest.array(), rest.offset(), rest.length());
        return new Slice(channel.toByteArray());
    }
}
