package dev.holdfast.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.HdrHistogram.Histogram;

/**
 * A client that sends at a fixed rate, whatever the server does, and measures each reply from the moment at which its
 * request was due.
 *
 * <p>A client that waits for one reply before it sends the next request sends nothing while the server stands still, and
 * so counts a long stall once, where at this rate hundreds of requests would have met it (coordinated omission). Here
 * request i is due at {@code start + i / rate} and goes out on connection {@code i mod connections}. Replies come in the
 * order of the requests, so the j-th reply on connection c is that of request {@code j * connections + c}, and nothing
 * needs to be remembered about a request but its number. What the server is too slow to take waits in this client's
 * buffer; its time runs from when it was due.
 *
 * <p>One thread does it all without sleeping and without allocating, so that what it sees is the server's doing. The
 * longest time between two of its own rounds is kept, to tell apart what the client itself was kept waiting for.
 */
final class OpenLoop implements AutoCloseable {
    /** What is sent. */
    interface Requests {
        /** No command is longer. */
        int MAX_BYTES = 512;

        /** Writes the next of the commands that fill the server. Their replies are one line each. */
        void writeNew(ByteBuffer out);

        /** Writes the next command, for the connection of this number. */
        void writeNext(ByteBuffer out, int connection);

        /** How many lines each reply on this connection has, except while the server is filled. */
        default int replyLines(int connection) {
            return 1;
        }
    }

    private static final long MAX_NANOS = 120_000_000_000L;
    private static final int OUT_BYTES = 1 << 20;
    private static final int IN_BYTES = 1 << 16;
    private static final int REQUESTS_A_ROUND = 64;
    private static final long GIVE_UP_NANOS = 60_000_000_000L;

    private final Link[] links;
    private final Requests requests;
    private long longestRoundNanos;

    OpenLoop(int port, int connections, Requests requests) throws IOException {
        this.requests = requests;
        links = new Link[connections];
        for (int i = 0; i < connections; i++) {
            links[i] = new Link(port);
        }
    }

    static Histogram newHistogram() {
        return new Histogram(MAX_NANOS, 3);
    }

    /** Sends the commands that fill the server, as fast as it takes them. */
    void fill(int keys) throws IOException {
        long sent = 0;
        while (sent < keys || pending() > 0) {
            Link link = links[(int) (sent % links.length)];
            while (sent < keys && pending() < 10_000 && link.hasRoom()) {
                requests.writeNew(link.out);
                link.requests++;
                sent++;
            }
            for (Link each : links) {
                each.flush();
                each.receive();
                each.replies += each.arrived;
            }
        }
    }

    private long pending() {
        long pending = 0;
        for (Link link : links) {
            pending += link.requests - link.replies;
        }
        return pending;
    }

    /**
     * Sends {@code rate} commands a second for so long, and adds the time of each reply to a histogram: that of connection
     * c to the one of index {@code c mod histograms}.
     */
    void run(double rate, double seconds, Histogram... histograms) throws IOException {
        for (int c = 0; c < links.length; c++) {
            links[c].requests = 0;
            links[c].replies = 0;
            links[c].replyLines = requests.replyLines(c);
        }
        longestRoundNanos = 0;
        long total = (long) (rate * seconds);
        double interval = 1e9 / rate;
        long start = System.nanoTime();
        long last = start;
        long lastReply = start;
        long next = 0;
        long replies = 0;
        while (replies < total) {
            long now = System.nanoTime();
            longestRoundNanos = Math.max(longestRoundNanos, now - last);
            last = now;
            for (int i = 0; i < REQUESTS_A_ROUND && next < total && start + (long) (next * interval) <= now; i++) {
                int c = (int) (next % links.length);
                if (!links[c].hasRoom()) {
                    break;
                }
                requests.writeNext(links[c].out, c);
                next++;
            }
            for (int c = 0; c < links.length; c++) {
                Link link = links[c];
                link.flush();
                link.receive();
                if (link.arrived == 0) {
                    continue;
                }
                Histogram nanos = histograms[c % histograms.length];
                long arrival = System.nanoTime();
                for (int i = 0; i < link.arrived; i++) {
                    long request = link.replies * links.length + c;
                    long due = start + (long) (request * interval);
                    nanos.recordValue(Math.clamp(arrival - due, 0, nanos.getHighestTrackableValue()));
                    link.replies++;
                    replies++;
                }
                lastReply = arrival;
            }
            if (now - lastReply > GIVE_UP_NANOS) {
                throw new IOException("no reply for a minute");
            }
        }
    }

    /** The longest time that the client itself was away during the last run. */
    long longestRoundNanos() {
        return longestRoundNanos;
    }

    @Override
    public void close() throws IOException {
        for (Link link : links) {
            link.channel.close();
        }
    }

    /** One connection with its buffers. */
    private static final class Link {
        final SocketChannel channel;
        final ByteBuffer out = ByteBuffer.allocateDirect(OUT_BYTES);
        final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES);
        long requests;
        long replies;
        /** Replies that the last {@link #receive} brought. */
        int arrived;

        int replyLines = 1;
        private int lines;
        private boolean isAtLineStart = true;

        Link(int port) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
        }

        boolean hasRoom() {
            return out.remaining() >= Requests.MAX_BYTES;
        }

        void flush() throws IOException {
            if (out.position() > 0) {
                out.flip();
                channel.write(out);
                out.compact();
            }
        }

        void receive() throws IOException {
            arrived = 0;
            in.clear();
            int count = channel.read(in);
            if (count < 0) {
                throw new EOFException("the server closed the connection");
            }
            for (int i = 0; i < count; i++) {
                byte next = in.get(i);
                if (isAtLineStart && next == '-') {
                    throw new IOException("the server answered with an error");
                }
                isAtLineStart = next == '\n';
                if (isAtLineStart) {
                    lines++;
                }
            }
            arrived = lines / replyLines;
            lines %= replyLines;
        }
    }
}
