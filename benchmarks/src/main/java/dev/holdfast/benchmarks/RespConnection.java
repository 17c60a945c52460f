package dev.holdfast.benchmarks;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A blocking RESP2 connection, just enough to prepare data: single calls, and loading with many commands in flight.
 * Replies are strings, integers as their digits; arrays are read and dropped.
 */
final class RespConnection implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 120_000;
    private static final int IN_FLIGHT = 1_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private int awaited;

    /** An error reply. */
    static final class ErrorReply extends IOException {
        private static final long serialVersionUID = 1;

        ErrorReply(String message) {
            super(message);
        }

        boolean isUnknownCommand() {
            return String.valueOf(getMessage()).startsWith("ERR unknown command");
        }
    }

    RespConnection(int port) throws IOException {
        socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    String call(String... words) throws IOException {
        write(words);
        out.flush();
        return readReply();
    }

    /** A call whose refusal does not matter. */
    void callIfKnown(String... words) throws IOException {
        write(words);
        out.flush();
        try {
            readReply();
        } catch (ErrorReply e) {
            return;
        }
    }

    /** A field of INFO; empty where there is none. */
    String infoField(String field) throws IOException {
        return call("INFO")
                .lines()
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1))
                .findFirst()
                .orElse("");
    }

    /** Sends a command without waiting for its reply, unless many are under way. End a load with {@link #finish}. */
    void load(String... words) throws IOException {
        write(words);
        if (++awaited == IN_FLIGHT) {
            finish();
        }
    }

    /** Reads the replies of all that {@link #load} has sent; fails on the first error among them. */
    void finish() throws IOException {
        out.flush();
        for (; awaited > 0; awaited--) {
            readReply();
        }
    }

    private void write(String... words) throws IOException {
        out.write(('*' + Integer.toString(words.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        for (String word : words) {
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            out.write(('$' + Integer.toString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(bytes);
            out.write('\r');
            out.write('\n');
        }
    }

    private String readReply() throws IOException {
        String line = readLine();
        String rest = line.substring(1);
        switch (line.charAt(0)) {
            case '+', ':' -> {
                return rest;
            }
            case '-' -> throw new ErrorReply(rest);
            case '$' -> {
                int length = Integer.parseInt(rest);
                if (length < 0) {
                    return "";
                }
                byte[] bytes = in.readNBytes(length + 2);
                if (bytes.length < length + 2) {
                    throw new EOFException("connection closed inside a reply");
                }
                return new String(bytes, 0, length, StandardCharsets.UTF_8);
            }
            case '*' -> {
                for (int left = Integer.parseInt(rest); left > 0; left--) {
                    readReply();
                }
                return "";
            }
            default -> throw new IOException("not RESP2: " + line);
        }
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("connection closed");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        if (line.isEmpty()) {
            throw new IOException("not RESP2: an empty line");
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
