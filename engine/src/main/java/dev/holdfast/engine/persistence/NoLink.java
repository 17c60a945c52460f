package dev.holdfast.engine.persistence;

import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RespReply;

/** The end of a client behind which nobody stands. */
enum NoLink implements Link {
    INSTANCE;

    @Override
    public void push(byte[] message) {}

    @Override
    public Reply resumeReply() {
        return new RespReply(64);
    }

    @Override
    public void resume(Reply reply) {}

    @Override
    public void close(boolean afterReplies) {}

    @Override
    public String address() {
        return "";
    }

    @Override
    public String localAddress() {
        return "";
    }
}
