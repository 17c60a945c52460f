package dev.holdfast.engine.client;

import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.protocol.Reply;

/**
 * What the engine needs of the other end of a client: a connection, or a caller in this JVM, which has no address of its own
 * and no bytes on their way. Any thread may call it.
 */
public interface Link {
    /** The address of callers in this JVM. */
    String IN_PROCESS = "in-process:0";

    /** Delivers a message outside the order of requests and replies, already encoded for the client's protocol. */
    void push(byte[] message);

    /** As {@link #push(byte[])}, for a message that others get too. */
    default void push(SharedBytes message) {
        push(message.toBytes());
    }

    /** Says that what has been pushed so far is to stand before the answer that will be written to this reply. */
    default void putPushesBefore(Reply answer) {}

    /**
     * Sends, from now on, what a feed has, behind all replies until now.
     *
     * @return false where there is no connection that could
     */
    default boolean follow(Feed feed) {
        return false;
    }

    /** Says that the feed has more, or has ended. */
    default void feed() {}

    /** A reply for the answer to a command that had to wait. */
    Reply resumeReply();

    /** Delivers that answer; the client may then send its next command. */
    void resume(Reply reply);

    /**
     * Whether the thread that runs this client's commands has others to serve, so that a command that takes long should let it
     * do so; {@link #later} is then called.
     */
    default boolean sharesItsThread() {
        return false;
    }

    /** Runs a piece of work on that thread, after others have had their turn. */
    default void later(Runnable work) {
        throw new UnsupportedOperationException("no other client waits for this thread");
    }

    /**
     * Whether the peer has closed its end, or its half of it, be it that the bytes before have not been read yet. It looks
     * now, so it costs a call of the system.
     */
    default boolean hasEnded() {
        return false;
    }

    /** Ends the connection; whatever has been answered is still sent if {@code afterReplies}. */
    void close(boolean afterReplies);

    /** The peer as {@code host:port}, or a socket's path. */
    default String address() {
        return IN_PROCESS;
    }

    /** The local end as {@code host:port}, or a socket's path. */
    default String localAddress() {
        return IN_PROCESS;
    }

    /** Bytes received and not yet used. */
    default long queryBytes() {
        return 0;
    }

    /** Bytes answered and not yet sent. */
    default long outputBytes() {
        return 0;
    }

    /** Bytes received since the connection was made. */
    default long bytesIn() {
        return 0;
    }

    /** Bytes sent since the connection was made. */
    default long bytesOut() {
        return 0;
    }

    /** Whether what is held for the client is counted against a bound, so that it may be disconnected; see {@link ClientMemory}. */
    default boolean isLimited() {
        return false;
    }

    /** Whether the peer is on this machine. */
    default boolean isLocal() {
        return true;
    }

    /** Whether the connection is encrypted. */
    default boolean isEncrypted() {
        return false;
    }

    /** The number of the file descriptor, or -1. */
    default long descriptor() {
        return -1;
    }
}
