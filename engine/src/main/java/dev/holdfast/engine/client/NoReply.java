package dev.holdfast.engine.client;

import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RespReply;

/** Stands where no command has begun yet. */
public final class NoReply {
    public static final Reply INSTANCE = new RespReply(0);

    private NoReply() {}
}
