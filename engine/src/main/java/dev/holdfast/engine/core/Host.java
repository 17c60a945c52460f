package dev.holdfast.engine.core;

import dev.holdfast.engine.topology.Peer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the engine asks of the program around it: a server, or an application that has opened the store for itself. */
public interface Host {
    /** Begins to end the program, or to close the store; returns before that is done. */
    void shutDown(String reason);

    /** The store is about to be saved for the last time: what works on it inside this process ends now. Called without locks. */
    default void beforeLastSave() {}

    /** It could not be saved, and goes on. */
    default void lastSaveFailed() {}

    /** Ends the program at once, without answering any client, because what it has promised cannot be kept. */
    default void abort(String reason) {
        shutDown(reason);
    }

    /** Waits until the commands of clients that have begun are over; not that of the thread that asks. */
    default void awaitCommands() {}

    /**
     * Opens a connection to another server.
     *
     * @param timeoutMillis how long to wait for the connection, and later for each reply
     * @param encrypted whether with TLS
     * @throws IOException if the other server cannot be reached, or this program knows no network
     */
    default Peer connect(String host, int port, int timeoutMillis, boolean encrypted) throws IOException {
        throw new IOException("no network");
    }

    /** What a certificate is for. */
    enum CertificateUse {
        SERVER,
        CLIENT,

        /** The authorities whose certificates are trusted. */
        AUTHORITY
    }

    /**
     * A certificate in use.
     *
     * @param serial its serial number in hexadecimal digits
     */
    record Certificate(String serial, long expiresAtMillis) {}

    /** The certificate for a use, of several the one that expires first; null for none. */
    default @Nullable Certificate certificate(CertificateUse use) {
        return null;
    }

    /** What data and clients may fill of the JVM's heap if the configuration does not say, in percent: the program needs the rest. */
    default int heapPercent() {
        return 50;
    }

    /** The file that the configuration came from, or null. */
    default @Nullable Path configFile() {
        return null;
    }

    /** How connections are waited for. */
    default String multiplexing() {
        return "none";
    }

    /** The sockets that are open, each as INFO shows it: {@code listener0:name=tcp,bind=127.0.0.1,port=6379}. */
    default List<String> listeners() {
        return List.of();
    }
}
