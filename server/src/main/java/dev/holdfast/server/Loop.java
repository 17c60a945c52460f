package dev.holdfast.server;

import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of one event loop share: the array into which each read is copied, the array into which its replies are
 * written, and the list of connections that have something to send. Both arrays stay warm in the cache, and an idle
 * connection holds no buffer of its own.
 */
final class Loop {
    static final int READ_BYTES = 64 * 1024;

    /** Replies to one batch of commands are sent in pieces of about this size. */
    static final int WRITE_BYTES = 256 * 1024;

    /** The buffers for them are kept up to this length, which the replies to another batch seldom exceed. */
    static final int KEPT_BYTES = 2 * WRITE_BYTES;

    /** How much of what has waited for a slow client, or of a replica's feed, is sent before others have their turn. */
    static final int TURN_BYTES = 64 * 1024;

    final EventLoop eventLoop;
    final ThreadStatistics lane;
    /** How many commands are read before the first of them is run; see {@link Connection}. */
    static final int BATCH = 16;

    final Args[] batch = new Args[BATCH];
    final int[] batchEnds = new int[BATCH];
    final byte[] input = new byte[READ_BYTES];
    final RespReply output = new RespReply(16 * 1024);

    private final List<Connection> pending = new ArrayList<>();

    private final ChangeLog changes;
    private final List<Connection> uncommitted = new ArrayList<>();

    Loop(EventLoop eventLoop, ThreadStatistics lane, ChangeLog changes) {
        this.eventLoop = eventLoop;
        this.lane = lane;
        this.changes = changes;
        Arrays.setAll(batch, i -> new Args());
    }

    /** Lets a connection send what others have pushed to it, when the batch that is running ends. */
    void flushLater(Connection connection) {
        pending.add(connection);
    }

    /** Does some work when the sockets have been looked at. */
    void later(Runnable work) {
        // A task that is due now would be run before that, for as long as there is one.
        eventLoop.schedule(work, 1, TimeUnit.MICROSECONDS);
    }

    /**
     * Sends what a connection has written, once the log of changes is committed. The commit comes when all connections that are
     * ready have been read, as a task behind their events: so one serves them all.
     */
    void flush(Connection connection) {
        if (uncommitted.isEmpty() && !changes.isPending()) {
            connection.flush();
            return;
        }
        if (uncommitted.isEmpty()) {
            eventLoop.execute(this::commitAndFlush);
        }
        uncommitted.add(connection);
    }

    private void commitAndFlush() {
        try {
            changes.commit();
            // By index: sending may end a connection, and its end may let others write.
            for (int i = 0; i < uncommitted.size(); i++) {
                uncommitted.get(i).flush();
            }
        } finally {
            uncommitted.clear();
        }
    }

    /** Sends what waits for that, except at a connection that will do it itself when the others are done. */
    void flushPending(@Nullable Connection last) {
        if (!pending.isEmpty()) {
            // By index, for the same reason.
            for (int i = 0; i < pending.size(); i++) {
                if (pending.get(i) != last) {
                    pending.get(i).flushPushes();
                }
            }
            pending.clear();
        }
    }
}
