package dev.holdfast.relay.http;

import dev.holdfast.server.Endpoint;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Answers HTTP/1.1 on one or several ports: routes requests to handlers, each on a virtual thread.
 *
 * <p>Limits, beside those of {@link HttpSettings}: 8 KiB for a request's first line, 16 KiB for its headers, what the route says
 * for its body, whether its length is declared or it comes in chunks. A connection has one request under way; further ones wait
 * in the socket.
 */
public final class HttpServer implements AutoCloseable {
    private static final int LINE_BYTES = 8 * 1024;
    private static final int HEADER_BYTES = 16 * 1024;
    private static final int CHUNK_BYTES = 16 * 1024;
    private static final long LOOK_MILLIS = 250;
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    private final Routes routes;
    private final HttpSettings settings;
    private final MeterRegistry meters;
    private final Gate gate;
    private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong bodiesBytes = new AtomicLong();
    private final ExecutorService handlers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("holdfast-http-", 0).factory());
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("holdfast-http-timer").factory());
    private volatile String date = "";
    private volatile boolean closing;
    private final List<Endpoint> endpoints = new CopyOnWriteArrayList<>();

    /** Opens a port for a server: with the event loops of a RESP server, or with some of its own. */
    @FunctionalInterface
    public interface Listening {
        Endpoint open(Consumer<Channel> accept) throws IOException;
    }

    /**
     * Prepares to serve; {@link #listen} opens ports.
     *
     * @param name what distinguishes its metrics
     */
    public HttpServer(String name, Routes routes, HttpSettings settings, MeterRegistry meters) {
        this.routes = routes;
        this.settings = settings;
        this.meters = meters;
        this.gate = new Gate(settings.hosts(), settings.origins());
        Gauge.builder("holdfast.http.connections", open, AtomicInteger::get)
                .tag("server", name)
                .register(meters);
    }

    /**
     * Begins to answer on a port.
     *
     * @return the port, also where the system has chosen it
     * @throws IOException if the port cannot be had
     */
    public int listen(Listening listening) throws IOException {
        look();
        Endpoint opened = listening.open(this::accept);
        if (endpoints.isEmpty()) {
            timer.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
        endpoints.add(opened);
        return opened.port();
    }

    /** Whether there is a port. */
    public boolean isListening() {
        return !endpoints.isEmpty();
    }

    /** The first port. */
    public int port() {
        return endpoints.getFirst().port();
    }

    private void accept(Channel channel) {
        HttpConnection connection = new HttpConnection(this, channel, open.get() >= settings.maxConnections());
        open.incrementAndGet();
        connections.add(connection);
        channel.pipeline()
                .addLast(connection.arrivals())
                .addLast(new HttpServerCodec(new HttpDecoderConfig()
                        .setMaxInitialLineLength(LINE_BYTES)
                        .setMaxHeaderSize(HEADER_BYTES)
                        .setMaxChunkSize(CHUNK_BYTES)
                        .setStrictLineParsing(true)
                        .setUseRfc9112TransferEncoding(true)))
                .addLast(connection);
    }

    void forget(HttpConnection connection) {
        if (connections.remove(connection)) {
            open.decrementAndGet();
        }
    }

    /** Several times a second: what only time makes wrong. */
    private void look() {
        date = DATE.format(ZonedDateTime.now(ZoneOffset.UTC));
        long now = System.nanoTime();
        for (HttpConnection connection : connections) {
            connection.look(now);
        }
    }

    /** Takes room for {@code bytes} of bodies. Returns whether there is any left. */
    boolean reserve(long bytes) {
        if (bodiesBytes.addAndGet(bytes) <= settings.maxBodiesBytes()) {
            return true;
        }
        bodiesBytes.addAndGet(-bytes);
        return false;
    }

    void release(long bytes) {
        bodiesBytes.addAndGet(-bytes);
    }

    void execute(Runnable task) {
        handlers.execute(task);
    }

    Routes routes() {
        return routes;
    }

    HttpSettings settings() {
        return settings;
    }

    Gate gate() {
        return gate;
    }

    String date() {
        return date;
    }

    boolean isClosing() {
        return closing;
    }

    void count(String method, String route, int status, long nanos) {
        meters.timer("holdfast.http.requests", "method", method, "route", route, "status", Integer.toString(status))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Ends: accepts no more, lets requests under way be answered, says goodbye to streams, and closes what is left after the
     * drain time-out.
     */
    @Override
    public void close() {
        closing = true;
        endpoints.forEach(Endpoint::stopListening);
        connections.forEach(HttpConnection::drain);
        long deadline = System.nanoTime() + settings.drainTimeout().toNanos();
        try {
            while (!connections.isEmpty() && System.nanoTime() < deadline) {
                Thread.sleep(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connections.forEach(HttpConnection::abort);
        timer.shutdownNow();
        handlers.shutdown();
        endpoints.forEach(Endpoint::close);
    }
}
