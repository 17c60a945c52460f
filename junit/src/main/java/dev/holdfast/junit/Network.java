package dev.holdfast.junit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * A way to a {@link TestStore} that fails when a test says so. Clients that shall feel it use {@link #uri}; all others reach the store
 * as before.
 *
 * <pre>
 * Orders orders = new Orders(store.network().uri());
 * store.network().loseReplies();
 * assertThrows(OrderUnknownException.class, () -&gt; orders.reserve("42"));
 * assertEquals("reserved", store.holdfast().get("order:42"));       // the command has run
 * </pre>
 */
public final class Network implements AutoCloseable {
    private enum Fault {
        NONE,
        LOSES_REQUESTS,
        LOSES_REPLIES,
        REFUSES
    }

    private static final int LARGEST_PIECE = 1 << 16;
    private static final int BACKLOG = 128;

    private final ServerSocket listener;
    private final int serverPort;
    private final URI uri;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Fault fault = Fault.NONE;
    private volatile Duration latency = Duration.ZERO;

    Network(int serverPort, IntFunction<URI> uriOfPort) throws IOException {
        this.serverPort = serverPort;
        this.listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        this.uri = uriOfPort.apply(listener.getLocalPort());
        Thread.ofVirtual().name("holdfast-network").start(this::accept);
    }

    /** Where clients find the store through this. */
    public URI uri() {
        return uri;
    }

    /** Lets every piece of a request and of a reply take so long on its way. */
    public void delay(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("less than no delay: " + duration);
        }
        latency = duration;
    }

    /** Ends all connections. Clients may connect again. */
    public void cut() {
        for (Socket socket : sockets) {
            close(socket);
        }
    }

    /** Ends all connections, and each new one at once. */
    public void refuse() {
        fault = Fault.REFUSES;
        cut();
    }

    /** Requests no longer reach the store, so nothing is run and nothing answered. */
    public void loseRequests() {
        fault = Fault.LOSES_REQUESTS;
    }

    /** Requests reach the store and are run; their replies do not come back. */
    public void loseReplies() {
        fault = Fault.LOSES_REPLIES;
    }

    /** Ends all faults. If bytes may have been lost, connections are cut, for their replies would answer other requests. */
    public void heal() {
        latency = Duration.ZERO;
        if (fault != Fault.NONE) {
            fault = Fault.NONE;
            cut();
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                connect(listener.accept());
            } catch (IOException e) {
                // Closed; or the store is, and the client finds out.
            }
        }
    }

    @SuppressWarnings("resource") // The pumps close both.
    private void connect(Socket client) throws IOException {
        sockets.add(client);
        if (fault == Fault.REFUSES) {
            close(client);
            return;
        }
        Socket server;
        try {
            server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        } catch (IOException e) {
            close(client);
            throw e;
        }
        sockets.add(server);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        Thread.ofVirtual().name("holdfast-requests").start(() -> pump(client, server, Fault.LOSES_REQUESTS));
        Thread.ofVirtual().name("holdfast-replies").start(() -> pump(server, client, Fault.LOSES_REPLIES));
    }

    /** Passes bytes on until one side ends. Once a fault has lost some, all that follow are lost too. */
    private void pump(Socket from, Socket to, Fault losing) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] piece = new byte[LARGEST_PIECE];
            boolean lost = false;
            for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
                if (latency.isPositive()) {
                    Thread.sleep(latency);
                }
                lost |= fault == losing;
                if (!lost) {
                    out.write(piece, 0, length);
                }
            }
        } catch (IOException | InterruptedException e) {
            // Cut, by the other direction or by the test.
        } finally {
            close(from);
            close(to);
        }
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no more use either way.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            // Either way no client connects any more.
        }
        cut();
    }
}
