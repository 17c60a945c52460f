package dev.holdfast.engine.client;

import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.protocol.RespReply;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * The message that keys have changed, or all of them at once. A RESP3 client gets it as a push; a RESP2 client, which must be the
 * target of a redirection, as a message of the channel {@code __redis__:invalidate}. It is encoded at most once for each.
 */
public final class Invalidation {
    private final @Nullable Collection<Slice> keys;
    private @Nullable SharedBytes push;
    private @Nullable SharedBytes message;

    /** @param keys the changed keys, or null for all */
    public Invalidation(@Nullable Collection<Slice> keys) {
        this.keys = keys;
    }

    public SharedBytes push() {
        if (push == null) {
            RespReply reply = new RespReply(64);
            reply.setResp3(true);
            reply.push(2);
            reply.bulk("invalidate");
            push = withKeys(reply);
        }
        return push;
    }

    public SharedBytes message() {
        if (message == null) {
            RespReply reply = new RespReply(64);
            reply.array(3);
            reply.bulk("message");
            reply.bulk("__redis__:invalidate");
            message = withKeys(reply);
        }
        return message;
    }

    private SharedBytes withKeys(RespReply reply) {
        if (keys == null) {
            reply.nil();
        } else {
            reply.array(keys.size());
            keys.forEach(reply::bulk);
        }
        return new SharedBytes(reply.toBytes());
    }
}
