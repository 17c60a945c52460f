package dev.holdfast.server;

import dev.holdfast.engine.execution.Lane;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the connections of one event loop share: the array into which each read is copied, the array into which its replies are
 * written, and the list of connections that have something to send. Both arrays stay warm in the cache, and an idle
 * connection holds no buffer of its own.
 */
final class Loop {
    static final int READ_BYTES = 64 * 1024;

    /** Replies to one batch of commands are sent in pieces of about this size. */
    static final int WRITE_BYTES = 256 * 1024;

    final EventLoop eventLoop;
    final Lane lane;
    /** How many commands are read before the first of them is run; see {@link Connection}. */
    static final int BATCH = 16;

    final Args[] batch = new Args[BATCH];
    final int[] batchEnds = new int[BATCH];
    final byte[] input = new byte[READ_BYTES];
    final RespReply output = new RespReply(16 * 1024);

    private final List<Connection> pending = new ArrayList<>();

    Loop(EventLoop eventLoop, Lane lane) {
        this.eventLoop = eventLoop;
        this.lane = lane;
        Arrays.setAll(batch, i -> new Args());
    }

    /** Lets a connection send what others have pushed to it, when the batch that is running ends. */
    void flushLater(Connection connection) {
        pending.add(connection);
    }

    void flushPending() {
        if (!pending.isEmpty()) {
            for (Connection connection : pending) {
                connection.flushPushes();
            }
            pending.clear();
        }
    }
}
