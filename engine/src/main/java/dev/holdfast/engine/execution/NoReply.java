package dev.holdfast.engine.execution;

import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RespReply;

/** Stands where no command has begun yet. */
final class NoReply {
    static final Reply INSTANCE = new RespReply(0);

    private NoReply() {}
}
