package dev.holdfast.conformance.random;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/** A port in front of another one. What comes back from that one is cut off now and then, after a random number of bytes. */
final class CutLink implements AutoCloseable {
    private static final int MOST_BYTES = 60_000;

    private final ServerSocket server;
    private final int target;
    private final Random random;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile boolean cutting;

    CutLink(int target, long seed) throws IOException {
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        this.random = new Random(seed);
        Thread.ofPlatform().daemon().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    void cutAtRandom() {
        cutting = true;
    }

    void cutNoMore() {
        cutting = false;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(from);
                sockets.add(to);
                int bytes = 1 + random.nextInt(MOST_BYTES);
                Thread.ofPlatform().daemon().start(() -> copy(from, to, Integer.MAX_VALUE));
                Thread.ofPlatform().daemon().start(() -> copy(to, from, bytes));
            } catch (IOException e) {
                // The next one may be luckier.
            }
        }
    }

    /** Copies until an end, or until so many bytes while links are cut. */
    private void copy(Socket from, Socket to, int most) {
        byte[] buffer = new byte[4096];
        int left = most;
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            int count = in.read(buffer);
            while (count >= 0) {
                boolean ends = cutting && count >= left;
                out.write(buffer, 0, ends ? left : count);
                if (ends) {
                    return;
                }
                left -= cutting && most < Integer.MAX_VALUE ? count : 0;
                count = in.read(buffer);
            }
        } catch (IOException e) {
            // The other end has gone.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
