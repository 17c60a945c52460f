package dev.holdfast.server;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.config.NetworkParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Host;
import dev.holdfast.engine.topology.Peer;
import dev.holdfast.server.tls.Tls;
import dev.holdfast.server.tls.TlsException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves an engine over TCP, TLS and Unix sockets. */
public final class Server implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** How long the end of each step of closing is waited for. */
    private static final long CLOSE_SECONDS = 2;

    private final Engine engine;
    private final NetworkParameters parameters;
    private final Transport transport;
    private final EventLoopGroup acceptor;
    private final EventLoops eventLoops;
    private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();
    private final Tls tls;
    private final TlsHandshakes handshakes;
    private final List<Channel> tcp = new ArrayList<>();
    private final List<Channel> encrypted = new ArrayList<>();
    private final List<Channel> unix = new ArrayList<>();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private int port;

    /** Prepares to serve; {@link #start} opens the sockets. */
    @SuppressWarnings("exports") // The engine is for Holdfast's own modules.
    public Server(Engine engine) {
        this.engine = engine;
        this.parameters = engine.config().network;
        this.transport = Transport.choose(parameters.transport.get());
        this.acceptor = transport.newGroup(1, "holdfast-accept");
        this.eventLoops = new EventLoops(transport, parameters.ioThreads.getInt());
        this.tls = new Tls(engine.config());
        this.handshakes = new TlsHandshakes(tls);
        engine.setHost(new NetworkHost(engine.host(), tls));
    }

    /**
     * Serves a store of this JVM on a port; with the store, the server is closed.
     *
     * @param port 0 lets the system choose; {@link #port()} tells
     * @throws IOException if the port is taken
     */
    public static Server serve(Holdfast store, int port) throws IOException {
        Engine engine = store.engine();
        engine.config().network.port.set(port);
        Server server = new Server(engine);
        try {
            server.start();
        } catch (IOException e) {
            server.close();
            throw e;
        }
        server.announce();
        store.attach(server);
        return server;
    }

    /**
     * Opens the configured sockets.
     *
     * @throws IOException if an address is taken or cannot be bound, or TLS is not possible with what is configured for it
     */
    public void start() throws IOException {
        limitClients();
        try {
            tls.prepare(true);
        } catch (TlsException e) {
            throw new IOException("Failed to configure TLS: " + e.getMessage(), e);
        }
        port = parameters.port.getInt();
        if (port != 0 || parameters.unixsocket.get().isEmpty() && tlsPort() == 0) {
            listenTcp();
        }
        if (tlsPort() != 0) {
            listenTls();
        }
        if (!parameters.unixsocket.get().isEmpty()) {
            listenUnix(Path.of(parameters.unixsocket.get()));
        }
        if (tcp.isEmpty() && unix.isEmpty() && encrypted.isEmpty()) {
            throw new IOException("Failed listening on any address");
        }
        acceptor.execute(Descriptors::prepare);
        parameters.port.onChange(() -> listenAgain("Unable to listen on this port. Check server logs."));
        engine.config().tls.port.onChange(this::listenTlsAgain);
        parameters.bind.onChange(() -> {
            listenAgain("Failed to bind to specified addresses.");
            listenTlsAgain("Failed to bind to specified addresses.");
        });
        parameters.ioThreads.onChange(() -> eventLoops.setTaking(parameters.ioThreads.getInt()));
        eventLoops.scheduleAtFixedRate(this::everySecond, 1, 1, TimeUnit.SECONDS);
    }

    /** Says in the log that everything is there: what was saved has been loaded. */
    public void announce() {
        if (!tcp.isEmpty()) {
            LOG.info("Ready to accept connections tcp");
        }
        if (!unix.isEmpty()) {
            LOG.info("Ready to accept connections unix");
        }
        if (!encrypted.isEmpty()) {
            LOG.info("Ready to accept connections tls");
        }
    }

    /** Lets {@code maxclients} be no more than there are file descriptors for. */
    private void limitClients() {
        long most = FileLimit.mostClients();
        long asked = parameters.maxclients.get();
        if (asked > most) {
            LOG.warn("maxclients {} needs more open files than the system allows: it is {} now", asked, most);
            parameters.maxclients.set(most);
        }
        parameters.maxclients.onChange(() -> {
            if (parameters.maxclients.get() > most) {
                throw new ConfigException("The operating system is not able to handle the specified number of clients,"
                        + " try with " + most);
            }
        });
    }

    private int tlsPort() {
        return engine.config().tls.port.getInt();
    }

    private void listenTcp() throws IOException {
        for (String address : parameters.bind.get().split(" +")) {
            boolean optional = address.startsWith("-");
            String host = optional ? address.substring(1) : address;
            if (!address.isEmpty()
                    && listen(bootstrap(Loop.READ_BYTES, this::accept), host, port, optional, tcp)
                    && port == 0) {
                port = ((InetSocketAddress) tcp.getLast().localAddress()).getPort();
            }
        }
    }

    private void listenTls() throws IOException {
        for (String address : parameters.bind.get().split(" +")) {
            boolean optional = address.startsWith("-");
            String host = optional ? address.substring(1) : address;
            if (!address.isEmpty()) {
                listen(bootstrap(TlsHandshakes.READ_BYTES, this::acceptTls), host, tlsPort(), optional, encrypted);
            }
        }
    }

    /** Follows a change of the port or of the addresses. Connections that are open stay open. */
    private synchronized void listenAgain(String failure) throws ConfigException {
        closeAll(tcp);
        port = parameters.port.getInt();
        if (port == 0) {
            return;
        }
        try {
            listenTcp();
        } catch (IOException e) {
            LOG.warn(e.getMessage());
            closeAll(tcp);
            throw new ConfigException(failure);
        }
    }

    private void listenTlsAgain() throws ConfigException {
        tls.configure(false);
        listenTlsAgain("Unable to listen on this port. Check server logs.");
    }

    private synchronized void listenTlsAgain(String failure) throws ConfigException {
        closeAll(encrypted);
        if (tlsPort() == 0) {
            return;
        }
        try {
            listenTls();
        } catch (IOException e) {
            LOG.warn(e.getMessage());
            closeAll(encrypted);
            throw new ConfigException(failure);
        }
    }

    private static void closeAll(List<Channel> channels) {
        channels.forEach(channel -> channel.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS));
        channels.clear();
    }

    /** The open sockets as INFO shows them. */
    public synchronized List<String> listeners() {
        List<String> listeners = new ArrayList<>();
        if (!tcp.isEmpty()) {
            listeners.add("listener0:" + listener("tcp", port));
        }
        if (!unix.isEmpty()) {
            listeners.add("listener1:name=unix,bind=" + parameters.unixsocket.get());
        }
        if (!encrypted.isEmpty()) {
            listeners.add("listener2:" + listener("tls", tlsPort()));
        }
        return listeners;
    }

    private String listener(String name, int listening) {
        StringBuilder text = new StringBuilder("name=").append(name);
        for (String address : parameters.bind.get().split(" +")) {
            text.append(",bind=").append(address);
        }
        return text.append(",port=").append(listening).toString();
    }

    private ServerBootstrap bootstrap(int readBytes, Consumer<Channel> accept) {
        RecvByteBufAllocator reads = transport.fillsBuffersAtOnce()
                ? new LoopBuffers.Reads(readBytes)
                : new AdaptiveRecvByteBufAllocator(512, Math.min(readBytes, 16 * 1024), readBytes);
        return new ServerBootstrap()
                .group(acceptor, eventLoops)
                .option(ChannelOption.SO_BACKLOG, parameters.tcpBacklog.getInt())
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, reads)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept.accept(channel);
                    }
                });
    }

    /** Returns whether there is now one channel more. */
    private boolean listen(
            ServerBootstrap bootstrap, String host, int listening, boolean optional, List<Channel> channels)
            throws IOException {
        InetSocketAddress address = switch (host) {
            case "*" -> new InetSocketAddress("0.0.0.0", listening);
            case "::*" -> new InetSocketAddress("::", listening);
            default -> new InetSocketAddress(host, listening);
        };
        var bound = bootstrap
                .channel(transport.socketChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .bind(address)
                .awaitUninterruptibly();
        if (bound.isSuccess()) {
            channels.add(bound.channel());
            return true;
        }
        if (!optional) {
            throw new IOException("Could not create server TCP listening socket " + host + ":" + listening + ": "
                    + reason(bound.cause()));
        }
        LOG.debug("Not listening on {}: {}", host, bound.cause().getMessage());
        return false;
    }

    /** Why binding has failed, without the native transports' way of naming the call. */
    static String reason(Throwable cause) {
        return String.valueOf(cause.getMessage())
                .replaceFirst("^bind\\(\\.\\.\\) failed with error\\(-\\d+\\)", "bind");
    }

    private void listenUnix(Path path) throws IOException {
        if (!transport.hasUnixSockets()) {
            throw new IOException("Unix sockets are not served by the transport " + transport);
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            throw new IOException("Could not listen on the Unix socket " + path + ": there is a file or directory");
        }
        Files.deleteIfExists(path);
        var bound = bootstrap(Loop.READ_BYTES, this::accept)
                .channel(transport.unixSocketChannel())
                .bind(transport.unixAddress(path.toString()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("Could not listen on the Unix socket " + path + ": " + reason(bound.cause()));
        }
        unix.add(bound.channel());
        int mode = parameters.unixsocketperm.getInt();
        if (mode != 0) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(UnixMode.show(mode)));
        }
    }

    private void accept(Channel channel) {
        if (isFull()) {
            engine.statistics().connectionsRejected.increment();
            refuse(channel, "-ERR max number of clients reached\r\n");
        } else {
            admit(channel, null);
        }
    }

    /** A client becomes one with the end of its handshake; until then it counts, but there is nothing of it to be seen. */
    private void acceptTls(Channel channel) {
        if (isFull()) {
            engine.statistics().connectionsRejected.increment();
            channel.close();
        } else {
            handshakes.begin(channel, engine.config().tls.authClients.get(), handler -> admit(channel, handler));
        }
    }

    private boolean isFull() {
        return connections.size() + handshakes.count() >= parameters.maxclients.get();
    }

    /** @param encryption what encrypts the connection; null for nothing */
    private void admit(Channel channel, @Nullable SslHandler encryption) {
        if (parameters.protectedMode.get()
                && engine.acl().isDefaultWithoutPassword()
                && !Addresses.isLoopback(channel.remoteAddress())) {
            engine.statistics().connectionsRejected.increment();
            refuse(
                    channel,
                    "-DENIED Holdfast is running in protected mode because protected mode is enabled and no password is"
                            + " set for the default user. In this mode connections are only accepted from the"
                            + " loopback interface. Set a password with 'requirepass', or switch protected mode"
                            + " off with 'CONFIG SET protected-mode no' if no untrusted client can reach this"
                            + " address.\r\n");
            return;
        }
        Loop loop = loops.computeIfAbsent(
                channel.eventLoop(),
                eventLoop -> new Loop(eventLoop, engine.statistics().newLane(), engine.changes()));
        engine.statistics().connectionsReceived.increment();
        transport.keepAlive(channel, parameters.tcpKeepalive.getInt());
        Connection connection = new Connection(this, channel, loop, encryption);
        if (encryption != null) {
            engine.permissions()
                    .authenticate(
                            connection.client(), tls.names(encryption.engine().getSession()));
        }
        connections.add(connection);
        connection.begin();
        channel.pipeline().addLast(connection);
    }

    /**
     * Opens a port for something else than RESP, on the event loops of this server, which has to be closed after it.
     *
     * @param accept adds its handlers to each new connection
     * @throws IOException if the address is taken or cannot be bound
     */
    public Endpoint open(InetSocketAddress address, Consumer<Channel> accept) throws IOException {
        return Endpoint.open(address, accept, transport, acceptor, eventLoops, List.of());
    }

    /**
     * As {@link #open}, with this server's TLS.
     *
     * @param authClients whether clients must show a certificate
     */
    public Endpoint openTls(InetSocketAddress address, boolean authClients, Consumer<Channel> accept)
            throws IOException {
        return open(address, channel -> {
            handshakes.add(channel, authClients ? "yes" : "no");
            accept.accept(channel);
        });
    }

    /** Opens a connection to another server; see {@link Host#connect}. */
    @SuppressWarnings("exports") // For Holdfast's own modules.
    public Peer connect(String host, int peerPort, int timeoutMillis, boolean withTls) throws IOException {
        return SocketPeer.connect(host, peerPort, timeoutMillis, withTls ? tls.clientSockets() : null);
    }

    /** What INFO shows of a certificate; null for none. */
    @SuppressWarnings("exports") // For Holdfast's own modules.
    public Host.@Nullable Certificate certificate(Host.CertificateUse use) {
        return tls.certificate(use);
    }

    private static void refuse(Channel channel, String message) {
        channel.writeAndFlush(ByteBufUtil.writeAscii(channel.alloc(), message))
                .addListener(ChannelFutureListener.CLOSE);
    }

    /** Keeps the last bytes of a connection back until it is closed, so that they and its end leave together. */
    void holdBack(Channel channel) {
        transport.cork(channel);
    }

    void forget(Connection connection) {
        connections.remove(connection);
    }

    private void everySecond() {
        lookAtConnections();
        if (engine.config().tls.autoReloadInterval.get() > 0) {
            handshakes.execute(() -> tls.reloadIfChanged(engine.clock().millis()));
        }
    }

    /** What only time makes wrong, such as an idle client or a soft limit passed for too long. */
    private void lookAtConnections() {
        long timeoutMillis = parameters.timeout.get() * 1000;
        long now = engine.clock().millis();
        for (Connection connection : connections) {
            if (timeoutMillis > 0) {
                connection.closeIfIdle(now, timeoutMillis);
            }
            connection.closeIfUnread();
        }
    }

    Engine engine() {
        return engine;
    }

    /** Whether what the system has not taken of a write can be taken back; io_uring reads it whenever it likes. */
    boolean takesBytesBack() {
        return transport.fillsBuffersAtOnce();
    }

    NetworkParameters parameters() {
        return parameters;
    }

    /** The TCP port, also where the configuration left the choice to the system. */
    public int port() {
        return port;
    }

    /** The name of the transport in use. */
    public String transport() {
        return transport.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Waits until the commands that have begun are over, but that of the thread that asks; two seconds at most. */
    public void awaitCommands() {
        eventLoops.awaitTurn(CLOSE_SECONDS);
    }

    /** Stops listening, closes all connections and ends the event loops. */
    @Override
    public void close() {
        boolean hasSocketFile;
        synchronized (this) {
            hasSocketFile = !unix.isEmpty();
            closeAll(tcp);
            closeAll(unix);
            closeAll(encrypted);
        }
        acceptor.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS);
        eventLoops.end(CLOSE_SECONDS);
        handshakes.close();
        String socket = parameters.unixsocket.get();
        if (hasSocketFile) {
            try {
                Files.deleteIfExists(Path.of(socket));
            } catch (IOException e) {
                LOG.warn("Could not remove {}: {}", socket, Reason.of(e));
            }
        }
    }
}
