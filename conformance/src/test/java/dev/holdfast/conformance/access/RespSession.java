package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Answer.Kind;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A connection that speaks RESP2 or RESP3 and hides nothing. */
public final class RespSession implements Session {
    private static final int PATIENCE_MILLIS = 20_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final Form form;

    public RespSession(int port, Form form) {
        this.form = form;
        try {
            socket = new Socket();
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
            out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (form == Form.RESP3) {
            Answer hello = run("HELLO", "3");
            if (hello.kind() != Kind.MAP) {
                throw new IllegalStateException("HELLO: " + hello);
            }
        }
    }

    @Override
    public Form form() {
        return form;
    }

    @Override
    public void send(List<String> words) {
        write(words);
        flush();
    }

    /** Sends a command with those that follow, at the next {@link #flush}. */
    public void write(List<String> words) {
        try {
            out.write(("*" + words.size() + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            for (String word : words) {
                out.write(("$" + word.length() + "\r\n" + word + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Answer receive() {
        try {
            return read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads one answer. */
    static Answer read(InputStream in) throws IOException {
        int type = in.read();
        if (type < 0) {
            throw new IOException("the connection was closed");
        }
        String line = line(in);
        return switch (type) {
            case '+' -> Answer.of(Kind.SIMPLE, line);
            case '-' -> Answer.of(Kind.ERROR, line);
            case ':' -> Answer.of(Kind.INTEGER, line);
            case '$' -> line.equals("-1") ? Answer.NIL : Answer.bulk(bytes(in, Integer.parseInt(line)));
            case '_' -> Answer.NIL;
            case ',' -> Answer.of(Kind.DOUBLE, line);
            case '#' -> Answer.of(Kind.BOOLEAN, line);
            case '(' -> Answer.of(Kind.BIG_NUMBER, line);
            case '=' ->
                Answer.of(Kind.VERBATIM, bytes(in, Integer.parseInt(line)).substring(4));
            case '*' -> line.equals("-1") ? Answer.of(Kind.NIL_ARRAY, "") : parts(in, Kind.ARRAY, line, 1);
            case '~' -> parts(in, Kind.SET, line, 1);
            case '>' -> parts(in, Kind.PUSH, line, 1);
            case '%' -> parts(in, Kind.MAP, line, 2);
            default -> throw new IOException("no type of RESP: " + (char) type + line);
        };
    }

    private static Answer parts(InputStream in, Kind kind, String count, int step) throws IOException {
        List<Answer> parts = new ArrayList<>();
        for (long i = Long.parseLong(count) * step; i > 0; i--) {
            parts.add(read(in));
        }
        return Answer.of(kind, parts);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int b = in.read();
        while (b != '\r') {
            if (b < 0) {
                throw new IOException("the connection was closed inside an answer");
            }
            line.append((char) b);
            b = in.read();
        }
        if (in.read() != '\n') {
            throw new IOException("no line end after " + line);
        }
        return line.toString();
    }

    private static String bytes(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (!line(in).isEmpty()) {
            throw new IOException("a longer string than announced");
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
