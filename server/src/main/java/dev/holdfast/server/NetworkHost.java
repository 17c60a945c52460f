package dev.holdfast.server;

import dev.holdfast.engine.core.Host;
import dev.holdfast.engine.topology.Peer;
import dev.holdfast.server.tls.Tls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A program that reaches other servers; in all else it is another one. */
final class NetworkHost implements Host {
    private final Host host;
    private final Tls tls;

    NetworkHost(Host host, Tls tls) {
        this.host = host;
        this.tls = tls;
    }

    @Override
    public Peer connect(String address, int port, int timeoutMillis, boolean encrypted) throws IOException {
        return SocketPeer.connect(address, port, timeoutMillis, encrypted ? tls.clientSockets() : null);
    }

    @Override
    public @Nullable Certificate certificate(CertificateUse use) {
        Certificate shown = host.certificate(use);
        return shown == null ? tls.certificate(use) : shown;
    }

    @Override
    public void shutDown(String reason) {
        host.shutDown(reason);
    }

    @Override
    public void abort(String reason) {
        host.abort(reason);
    }

    @Override
    public void awaitCommands() {
        host.awaitCommands();
    }

    @Override
    public int heapPercent() {
        return host.heapPercent();
    }

    @Override
    public @Nullable Path configFile() {
        return host.configFile();
    }

    @Override
    public String multiplexing() {
        return host.multiplexing();
    }

    @Override
    public List<String> listeners() {
        return host.listeners();
    }
}
