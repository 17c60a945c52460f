package dev.holdfast.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * One publisher and many subscribers of a channel: how many messages a second reach them all, ours and a real Valkey's in turn.
 *
 * <p>The server has one core and this program the other. It only counts bytes, on one thread: a subscriber has received
 * everything when it has received as many bytes as all messages have. The publisher keeps a number of messages in flight and sends
 * the next ones when the replies of the last have come.
 */
@Command(
        name = "fanout",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Messages a second from one publisher to many subscribers: ratios ours / Valkey's.")
public final class Fanout implements Callable<Integer> {
    private static final String CHANNEL = "fanout";
    private static final int READ_BYTES = 1 << 20;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--subscribers", description = "Connections that listen; ${DEFAULT-VALUE} by default.")
    private int subscribers = 50;

    @Option(names = "--pipelines", split = ",", description = "Messages in flight; 1,16 by default.")
    private List<Integer> pipelines = List.of(1, 16);

    @Option(names = "--size", description = "Bytes of a message; ${DEFAULT-VALUE} by default.")
    private int size = 64;

    @Option(names = "--messages", description = "Messages of a round; ${DEFAULT-VALUE} by default.")
    private int messages = 20_000;

    @Option(names = "--rounds", description = "Rounds of each measurement; ${DEFAULT-VALUE} by default.")
    private int rounds = 5;

    /** What one round gave: messages a second, and the server's CPU time for each message. */
    private record Sample(double rate, double cpuMicros) {}

    public static void main(String[] arguments) {
        Tool.run(new Fanout(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        moveToClientCores();
        try (ServerProcess ours = ServerProcess.start(servers.holdfast(), servers.port, Pinning.PINNED);
                ServerProcess theirs = ServerProcess.start(servers.valkeyCommand(), servers.port + 1, Pinning.PINNED)) {
            System.out.printf(
                    Locale.ROOT,
                    "%d subscribers, messages of %d bytes, %d rounds of %d messages. %s%n%n",
                    subscribers,
                    size,
                    rounds,
                    messages,
                    Machine.describe(theirs));
            System.out.println("| in flight | throughput | CPU | ours K/s | Valkey K/s | ours µs | Valkey µs |");
            System.out.println("|--:|--:|--:|--:|--:|--:|--:|");
            for (int pipeline : pipelines) {
                compare(ours, theirs, pipeline);
            }
        }
        return 0;
    }

    private static void moveToClientCores() throws IOException, InterruptedException {
        List<String> command = List.of(
                "taskset",
                "-apc",
                Pinning.PINNED.clientCores,
                Long.toString(ProcessHandle.current().pid()));
        new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private void compare(ServerProcess ours, ServerProcess theirs, int pipeline) throws IOException {
        run(ours, pipeline);
        run(theirs, pipeline);
        List<Sample> ourSamples = new ArrayList<>();
        List<Sample> theirSamples = new ArrayList<>();
        double[] throughput = new double[rounds];
        double[] cpu = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            if (round % 2 == 0) {
                ourSamples.add(run(ours, pipeline));
                theirSamples.add(run(theirs, pipeline));
            } else {
                theirSamples.add(run(theirs, pipeline));
                ourSamples.add(run(ours, pipeline));
            }
            throughput[round] = ourSamples.getLast().rate / theirSamples.getLast().rate;
            cpu[round] = ourSamples.getLast().cpuMicros / theirSamples.getLast().cpuMicros;
        }
        System.out.printf(
                Locale.ROOT,
                "| %d | %s | %.2f | %.1f | %.1f | %.1f | %.1f |%n",
                pipeline,
                new Figures(throughput).asRatio(),
                new Figures(cpu).median(),
                rate(ourSamples) / 1000,
                rate(theirSamples) / 1000,
                cpuMicros(ourSamples),
                cpuMicros(theirSamples));
    }

    private static double rate(List<Sample> samples) {
        return new Figures(samples.stream().mapToDouble(Sample::rate).toArray()).median();
    }

    private static double cpuMicros(List<Sample> samples) {
        return new Figures(samples.stream().mapToDouble(Sample::cpuMicros).toArray()).median();
    }

    // ---- one round ----

    private Sample run(ServerProcess server, int pipeline) throws IOException {
        String text = "x".repeat(size);
        String message = "*3\r\n" + bulk("message") + bulk(CHANNEL) + bulk(text);
        ByteBuffer request = bytes(("*3\r\n" + bulk("PUBLISH") + bulk(CHANNEL) + bulk(text)).repeat(pipeline));
        long expected = (long) messages / pipeline * pipeline * message.length();
        List<SocketChannel> channels = new ArrayList<>();
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < subscribers; i++) {
                SocketChannel channel = subscribe(server.port());
                channels.add(channel);
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new long[1]);
            }
            SocketChannel publisher = connect(server.port());
            channels.add(publisher);
            publisher.configureBlocking(false);
            publisher.register(selector, SelectionKey.OP_READ);
            long cpu = server.cpuMicros();
            long begin = System.nanoTime();
            exchange(selector, publisher, request, pipeline, expected);
            double seconds = (System.nanoTime() - begin) / 1e9;
            return new Sample(messages / seconds, (double) (server.cpuMicros() - cpu) / messages);
        } finally {
            for (SocketChannel channel : channels) {
                channel.close();
            }
        }
    }

    /** Publishes all messages and reads until every subscriber has all of them. */
    private void exchange(Selector selector, SocketChannel publisher, ByteBuffer request, int pipeline, long expected)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        String reply = ":" + subscribers + "\r\n";
        int batches = messages / pipeline;
        int sent = 0;
        long awaitedReplies = 0;
        int unfinished = subscribers;
        while (unfinished > 0 || awaitedReplies > 0) {
            if (awaitedReplies == 0 && sent < batches) {
                request.rewind();
                while (request.hasRemaining()) {
                    publisher.write(request);
                }
                sent++;
                awaitedReplies = (long) pipeline * reply.length();
            }
            selector.select();
            for (SelectionKey key : selector.selectedKeys()) {
                int read = ((SocketChannel) key.channel()).read(buffer.clear());
                if (read < 0) {
                    throw new EOFException("connection closed");
                }
                if (key.attachment() instanceof long[] received) {
                    received[0] += read;
                    unfinished -= received[0] == expected ? 1 : 0;
                } else {
                    awaitedReplies -= read;
                }
            }
            selector.selectedKeys().clear();
        }
    }

    private static SocketChannel connect(int port) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.socket().setTcpNoDelay(true);
        return channel;
    }

    private static SocketChannel subscribe(int port) throws IOException {
        SocketChannel channel = connect(port);
        channel.write(bytes("*2\r\n" + bulk("SUBSCRIBE") + bulk(CHANNEL)));
        ByteBuffer confirmation = bytes("*3\r\n" + bulk("subscribe") + bulk(CHANNEL) + ":1\r\n");
        while (confirmation.hasRemaining()) {
            if (channel.read(confirmation) < 0) {
                throw new EOFException("connection closed");
            }
        }
        return channel;
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }
}
