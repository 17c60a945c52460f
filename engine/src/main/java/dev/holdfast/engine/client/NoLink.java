package dev.holdfast.engine.client;

import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RespReply;

/** The link of a client that reads nothing: what is pushed to it is dropped. */
public enum NoLink implements Link {
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
