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
    private static final int MISS = NotificationFlags.bit('m');
    private static final int NEW = NotificationFlags.bit('n');

    private final PubSub pubSub;
    private volatile int flags;

    public KeyspaceEvents(PubSub pubSub) {
        this.pubSub = pubSub;
    }

    public void setFlags(int flags) {
        this.flags = flags;
    }

    /** Tells of an event of the class with this letter. */
    public void event(char eventClass, String event, int database, Slice key) {
        if (flags != 0) {
            publish(NotificationFlags.bit(eventClass), event, database, key);
        }
    }

    public void miss(int database, Slice key) {
        if ((flags & MISS) != 0) {
            publish(MISS, "keymiss", database, key);
        }
    }

    public void created(int database, Slice key) {
        if ((flags & NEW) != 0) {
            publish(NEW, "new", database, key);
        }
    }

    private void publish(int eventClass, String event, int database, Slice key) {
        int wanted = flags;
        if ((wanted & eventClass) == 0) {
            return;
        }
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
