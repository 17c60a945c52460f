package dev.holdfast.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The run that {@code ./holdfast} records its start-up cache from: starts the program as a user would, on a free port of
 * the loopback interface and without files, sends what clients usually send first, and shuts it down.
 *
 * <p>What a start loads and links here comes from the cache later. The commands of each type are repeated a little, so
 * that the cache also holds first profiles for the compiler.
 */
public final class StartUpTraining {
    private static final int TIMEOUT_MILLIS = 20_000;
    private static final int ROUNDS = 200;
    private static final String LAST = "the-training-ends-here";

    private static final List<String> GREETING = List.of(
            "HELLO 3",
            "HELLO 2",
            "PING",
            "CLIENT SETNAME training",
            "CLIENT SETINFO LIB-NAME training",
            "CLIENT LIST",
            "COMMAND COUNT",
            "COMMAND DOCS",
            "COMMAND",
            "INFO",
            "CONFIG GET *",
            "SELECT 1",
            "DBSIZE",
            "NO-SUCH-COMMAND");

    private static final List<String> ROUND = List.of(
            "SET training:string %d",
            "GET training:string",
            "INCR training:counter",
            "MSET training:a %d training:b %d",
            "MGET training:a training:b",
            "EXPIRE training:a 100",
            "TTL training:a",
            "DEL training:b",
            "LPUSH training:list %d",
            "LRANGE training:list 0 10",
            "RPOP training:list",
            "SADD training:set member:%d",
            "SISMEMBER training:set member:%d",
            "HSET training:hash field:%d value",
            "HGETALL training:hash",
            "ZADD training:zset %d member:%d",
            "ZRANGE training:zset 0 10 WITHSCORES",
            "SCAN 0 COUNT 10",
            "MULTI",
            "GET training:string",
            "EXEC");

    private StartUpTraining() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        InetSocketAddress address = freeAddress();
        String port = Integer.toString(address.getPort());
        InetSocketAddress http = freeAddress();
        String httpPort = Integer.toString(http.getPort());
        Thread program = Thread.ofPlatform()
                .daemon()
                .start(() -> Main.main(new String[] {
                    "--port", port, "--bind", "127.0.0.1", "--http-port", httpPort, "--http-bind", "127.0.0.1"
                }));
        ask(http, program);
        try (Socket socket = connect(address, program)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            converse(socket);
            socket.getOutputStream().write(command("SHUTDOWN NOSAVE"));
            // Hangs up if it obeys; an answer could only be an error, and then the program ends with this one.
            socket.getInputStream().read();
        }
        System.exit(0);
    }

    /** Sends one request over HTTP, and reads what is answered. */
    private static void ask(InetSocketAddress address, Thread program) throws IOException, InterruptedException {
        try (Socket socket = connect(address, program)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream()
                    .write("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
        }
    }

    private static InetSocketAddress freeAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
        }
    }

    private static Socket connect(InetSocketAddress address, Thread program) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        while (true) {
            boolean mayStillOpen = program.isAlive() && System.nanoTime() < deadline;
            Socket socket = new Socket();
            try {
                socket.connect(address, TIMEOUT_MILLIS);
                return socket;
            } catch (ConnectException e) {
                socket.close();
                if (!mayStillOpen) {
                    throw e;
                }
                program.join(10);
            }
        }
    }

    /** Sends everything in one go, then reads until the reply to the last command has come. */
    private static void converse(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (String line : GREETING) {
                    out.write(command(line));
                }
                for (int round = 0; round < ROUNDS; round++) {
                    for (String line : ROUND) {
                        out.write(command(line.replace("%d", Integer.toString(round))));
                    }
                }
                out.write("FLUSHALL\r\n".getBytes(StandardCharsets.US_ASCII));
                out.write(command("ECHO " + LAST));
            } catch (IOException e) {
                // The reader sees the same broken connection and reports it.
            }
        });
        InputStream in = socket.getInputStream();
        byte[] chunk = new byte[1 << 16];
        StringBuilder tail = new StringBuilder();
        while (tail.indexOf(LAST) < 0) {
            int count = in.read(chunk);
            if (count < 0) {
                throw new IOException("the server hung up");
            }
            tail.append(new String(chunk, 0, count, StandardCharsets.ISO_8859_1));
            tail.delete(0, Math.max(0, tail.length() - 2 * LAST.length()));
        }
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The words of {@code line} as a RESP array. */
    private static byte[] command(String line) {
        String[] words = line.split(" ");
        StringBuilder text =
                new StringBuilder().append('*').append(words.length).append("\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
