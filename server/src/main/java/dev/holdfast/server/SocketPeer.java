package dev.holdfast.server;

import dev.holdfast.engine.topology.Peer;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** A blocking connection to another server, for MIGRATE and to a primary. */
@SuppressWarnings("exports") // What it implements is for Holdfast's own modules.
public final class SocketPeer implements Peer {
    private final Socket socket;
    private final InputStream in;

    private SocketPeer(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
    }

    /**
     * Connects; neither that nor a read later takes longer than the timeout.
     *
     * @param encryption makes the sockets that encrypt; null for none
     */
    @SuppressWarnings("AddressSelection") // the name is resolved again for each connection
    public static SocketPeer connect(String host, int port, int timeoutMillis, @Nullable SSLSocketFactory encryption)
            throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeoutMillis);
            socket.connect(new InetSocketAddress(host, port), timeoutMillis);
            if (encryption == null) {
                return new SocketPeer(socket);
            }
            SSLSocket encrypted = (SSLSocket) encryption.createSocket(socket, host, port, true);
            encrypted.startHandshake();
            return new SocketPeer(encrypted);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public void setTimeout(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    @Override
    public void send(byte[] requests) throws IOException {
        socket.getOutputStream().write(requests);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        return in.read(into, offset, length);
    }

    @Override
    public String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        int next;
        while ((next = in.read()) != '\n') {
            if (next < 0) {
                throw new EOFException();
            }
            line.append((char) next);
        }
        if (!line.isEmpty() && line.charAt(line.length() - 1) == '\r') {
            line.setLength(line.length() - 1);
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
