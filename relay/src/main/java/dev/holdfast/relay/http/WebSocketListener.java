package dev.holdfast.relay.http;

/** Gets the messages of one WebSocket, one after the other, each on a virtual thread. */
@FunctionalInterface
public interface WebSocketListener {
    /** A message of text. What it throws closes the socket. */
    void message(String text) throws Exception;
}
