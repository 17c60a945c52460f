package dev.holdfast.toolkit.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between clients and a server, and cuts a connection in the middle of the traffic.
 *
 * <p>It counts pieces: what one look at a socket brings, a request or a reply, or some that were sent together. The n-th piece after
 * it was armed, on whichever connection and in whichever direction, is lost whole or by half, and so is its connection. A lost request
 * has not run; a lost reply is that of a command which has.
 */
final class CuttingProxy implements AutoCloseable {
    /** How much of the piece still passes. */
    enum Cut {
        BEFORE,
        WITHIN
    }

    private static final int LARGEST_PIECE = 1 << 16;

    private final ServerSocket listener;
    private final int serverPort;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private int left;
    private Cut cut = Cut.BEFORE;

    CuttingProxy(int serverPort) throws IOException {
        this.serverPort = serverPort;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    String uri() {
        return "redis://127.0.0.1:" + listener.getLocalPort();
    }

    /** Lets {@code n - 1} more pieces pass. */
    synchronized void arm(int n, Cut how) {
        left = n;
        cut = how;
    }

    /** Lets everything pass from now on. Returns whether a connection has been cut since it was armed. */
    synchronized boolean disarm() {
        boolean hasCut = left == 0;
        left = 0;
        return hasCut;
    }

    /** How many bytes of a piece may pass. */
    private synchronized int allowed(int length) {
        if (left == 0 || --left > 0) {
            return length;
        }
        return cut == Cut.BEFORE ? 0 : length / 2;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(server);
                Thread.ofVirtual().start(() -> pump(client, server));
                Thread.ofVirtual().start(() -> pump(server, client));
            } catch (IOException e) {
                // Closed, or the server is away: the client finds out.
            }
        }
    }

    private void pump(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] piece = new byte[LARGEST_PIECE];
            for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
                int passes = allowed(length);
                out.write(piece, 0, passes);
                if (passes < length) {
                    return;
                }
            }
        } catch (IOException e) {
            // The other direction has closed it.
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
