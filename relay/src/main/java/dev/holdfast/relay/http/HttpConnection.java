package dev.holdfast.relay.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection. All fields without another word belong to its event loop.
 *
 * <p>A connection is in one {@link State} at a time, and for most of them there is a deadline, which the server's timer looks at.
 * While a handler works on a request, what the client sends further waits in {@link #pending}, and no more is read.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final int FRAME_BYTES = 1 << 20;
    private static final Duration LINGER = Duration.ofSeconds(1);

    private enum State {
        /** No byte of a request has come. */
        IDLE,
        /** Some of its head has. */
        HEAD,
        /** The body is being read. */
        BODY,
        /** A handler works, or its response is being sent. */
        ANSWER,
        /** Events or frames are sent and perhaps received. */
        STREAM,
        /** All is said; what the client still sends is thrown away, so that it gets to read the response. */
        LINGER
    }

    private final HttpServer server;
    private final Channel channel;
    private final boolean refused;
    private final ArrayDeque<Object> pending = new ArrayDeque<>();

    private State state = State.IDLE;
    private volatile long deadlineNanos;
    private volatile boolean hasDeadline;

    private @Nullable HttpRequest head;
    private Routes.@Nullable Match match;
    private @Nullable ByteBuf body;
    private long reserved;
    private long startNanos;
    private boolean keepAlive;
    private boolean bodyUnread;

    private volatile @Nullable Outbox outbox;
    private volatile boolean webSocket;
    private volatile long heardNanos;
    private volatile long saidNanos;
    private @Nullable WebSocketInbox inbox;

    /** Guarded by itself. */
    private final List<Runnable> closeActions = new ArrayList<>();

    private boolean closed;

    HttpConnection(HttpServer server, Channel channel, boolean refused) {
        this.server = server;
        this.channel = channel;
        this.refused = refused;
        enter(State.IDLE, server.settings().headTimeout());
    }

    private void enter(State next, @Nullable Duration atMost) {
        state = next;
        hasDeadline = atMost != null;
        if (atMost != null) {
            deadlineNanos = System.nanoTime() + atMost.toNanos();
        }
    }

    SocketAddress remoteAddress() {
        return channel.remoteAddress();
    }

    boolean isOpen() {
        return channel.isActive() && !server.isClosing();
    }

    boolean isEncrypted() {
        return channel.pipeline().get(SslHandler.class) != null;
    }

    // ---- what comes in ----

    /** Sees bytes before they are decoded: the first ones of a head begin its time. */
    ChannelHandler arrivals() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                heardNanos = System.nanoTime();
                if (state == State.IDLE) {
                    enter(State.HEAD, server.settings().headTimeout());
                }
                context.fireChannelRead(message);
            }
        };
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        switch (state) {
            case IDLE, HEAD, BODY -> accept(message);
            case ANSWER -> {
                pending.add(message);
                channel.config().setAutoRead(false);
            }
            case STREAM -> receive(message);
            case LINGER -> ReferenceCountUtil.release(message);
        }
    }

    private void accept(Object message) {
        try {
            if (message instanceof HttpRequest request) {
                begin(request);
            }
            if (message instanceof HttpContent content && (state == State.BODY || content instanceof FullHttpRequest)) {
                append(content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest request) {
        head = request;
        match = null;
        startNanos = System.nanoTime();
        keepAlive = HttpUtil.isKeepAlive(request);
        // The length of a request that is none may be no number.
        bodyUnread = request.decoderResult().isSuccess()
                && (HttpUtil.isTransferEncodingChunked(request) || HttpUtil.getContentLength(request, 0L) > 0);
        enter(State.BODY, server.settings().bodyTimeout());
        Admission admission = Admission.of(server, request, refused);
        match = admission.match();
        if (admission.isBroken()) {
            keepAlive = false;
            bodyUnread = true;
        }
        Response refusal = admission.refusal();
        if (refusal != null) {
            finish(refusal);
        } else if (HttpUtil.is100ContinueExpected(request)) {
            channel.writeAndFlush(new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
        }
    }

    private void append(HttpContent content) {
        if (state != State.BODY) {
            return;
        }
        if (content.decoderResult().isFailure()) {
            finish(Response.error(400, "the body is not encoded as it says"));
            return;
        }
        Routes.Match found = Objects.requireNonNull(match);
        int more = content.content().readableBytes();
        int length = body == null ? 0 : body.readableBytes();
        if (length + more > found.route().bodyBytes()) {
            finish(Admission.tooLarge(found));
            return;
        }
        if (more > 0) {
            if (!server.reserve(more)) {
                finish(Response.error(503, "too much is being sent here at once")
                        .header("retry-after", "1"));
                return;
            }
            reserved += more;
            if (body == null) {
                body = Unpooled.buffer(more);
            }
            body.writeBytes(content.content());
        }
        if (content instanceof LastHttpContent) {
            bodyUnread = false;
            dispatch(found);
        }
    }

    // ---- handlers ----

    private void dispatch(Routes.Match found) {
        HttpRequest request = Objects.requireNonNull(head);
        byte[] bytes = body == null ? new byte[0] : ByteBufUtil.getBytes(body);
        dropBody();
        enter(State.ANSWER, null);
        Request complete = new Request(
                this, request.method().name(), new QueryStringDecoder(request.uri()), request.headers(), found, bytes);
        server.execute(() -> {
            Response response;
            try {
                response = found.route().handler().handle(complete);
            } catch (Throwable e) {
                response = Failures.answer(complete, e);
            } finally {
                server.release(bytes.length);
            }
            later(response);
        });
    }

    /** Gives the body's buffer up; its bytes stay counted, as the handler has them, unless they are let go. */
    private void dropBody() {
        if (body != null) {
            body.release();
            body = null;
        }
        reserved = 0;
    }

    private void later(Response response) {
        try {
            channel.eventLoop().execute(() -> respond(response));
        } catch (RejectedExecutionException e) {
            LOG.debug("The event loop has ended before a response", e);
        }
    }

    /** Answers a request that no handler is to see, without its body. */
    private void finish(Response response) {
        server.release(reserved);
        dropBody();
        enter(State.ANSWER, null);
        respond(response);
    }

    // ---- what goes out ----

    private void respond(Response response) {
        if (!channel.isActive()) {
            return;
        }
        HttpRequest request = Objects.requireNonNull(head);
        server.count(
                request.method().name().length() > 7 ? "?" : request.method().name(),
                match == null ? "?" : match.route().template(),
                response.status(),
                System.nanoTime() - startNanos);
        if (response.webSocket() != null) {
            openWebSocket(request, response);
        } else if (response.events() != null && request.method().name().equals("GET")) {
            openEvents(request, response);
        } else {
            sendWhole(response);
        }
    }

    private void sendWhole(Response response) {
        boolean stays = keepAlive && !bodyUnread && !server.isClosing();
        HttpResponse message = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(response.status()),
                Unpooled.wrappedBuffer(response.body()));
        setHeaders(message, response);
        if (response.status() != 204 && response.status() != 304) {
            HttpUtil.setContentLength(message, response.body().length);
        }
        if (!stays) {
            message.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!Objects.requireNonNull(head).protocolVersion().isKeepAliveDefault()) {
            message.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        enter(State.ANSWER, server.settings().bodyTimeout());
        channel.writeAndFlush(message).addListener(written -> {
            if (!written.isSuccess()) {
                channel.close();
            } else if (stays) {
                next();
            } else {
                linger();
            }
        });
    }

    private void setHeaders(HttpResponse message, Response response) {
        HttpHeaders headers = message.headers();
        headers.set(HttpHeaderNames.DATE, server.date());
        headers.set("x-content-type-options", "nosniff");
        if (!response.contentType().isEmpty()) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, response.contentType());
        }
        List<String> more = response.headers();
        for (int i = 0; i < more.size(); i += 2) {
            headers.add(more.get(i), more.get(i + 1));
        }
        String origin = Objects.requireNonNull(head).headers().get(HttpHeaderNames.ORIGIN);
        if (origin != null && server.gate().isTrusted(origin)) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.add(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
        }
    }

    /** Turns to the next request, which may have come already. */
    private void next() {
        head = null;
        match = null;
        synchronized (closeActions) {
            closeActions.clear();
        }
        enter(State.IDLE, server.settings().idleTimeout());
        if (server.isClosing()) {
            linger();
            return;
        }
        while (state != State.ANSWER && !pending.isEmpty()) {
            channelRead(channel.pipeline().context(this), pending.poll());
        }
        if (pending.isEmpty()) {
            channel.config().setAutoRead(true);
        }
    }

    private void linger() {
        enter(State.LINGER, LINGER);
        releasePending();
        channel.config().setAutoRead(true);
        if (bodyUnread && channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
        } else {
            channel.close();
        }
    }

    private void releasePending() {
        pending.forEach(ReferenceCountUtil::release);
        pending.clear();
    }

    // ---- streams ----

    private void openEvents(HttpRequest request, Response response) {
        HttpResponse message = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        setHeaders(message, response);
        // A client of HTTP/1.0 does not know chunks: its events end with the connection.
        HttpUtil.setTransferEncodingChunked(message, request.protocolVersion().equals(HttpVersion.HTTP_1_1));
        keepAlive = false;
        message.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        channel.writeAndFlush(message);
        Outbox opened = stream(false, response);
        releasePending();
        channel.config().setAutoRead(true);
        server.execute(() -> {
            try {
                Objects.requireNonNull(response.events()).accept(opened);
            } catch (Throwable e) {
                LOG.error("A stream of events failed", e);
                opened.close(1011, "failed");
            }
        });
    }

    private Outbox stream(boolean frames, Response response) {
        enter(State.STREAM, null);
        webSocket = frames;
        heardNanos = System.nanoTime();
        saidNanos = heardNanos;
        Outbox opened = new Outbox(this, channel, frames, response.outboxBytes());
        outbox = opened;
        return opened;
    }

    private void openWebSocket(HttpRequest request, Response response) {
        WebSocketServerHandshaker handshaker = new WebSocketServerHandshakerFactory(
                        request.uri(),
                        response.subprotocol(),
                        WebSocketDecoderConfig.newBuilder()
                                .maxFramePayloadLength(FRAME_BYTES)
                                .withUTF8Validator(false)
                                .build())
                .newHandshaker(request);
        boolean asked = request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
        if (handshaker == null || !asked || !request.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
            sendWhole(Response.error(426, "this is a WebSocket: ask for an upgrade, version 13")
                    .header("upgrade", "websocket")
                    .header("sec-websocket-version", "13"));
            return;
        }
        FullHttpRequest whole = new DefaultFullHttpRequest(
                request.protocolVersion(), request.method(), request.uri(), Unpooled.EMPTY_BUFFER);
        whole.headers().set(request.headers());
        Outbox opened = stream(true, response);
        WebSocketInbox messages = new WebSocketInbox(server, channel, opened, response);
        inbox = messages;
        handshaker.handshake(channel, whole).addListener(done -> {
            if (!done.isSuccess()) {
                channel.close();
                return;
            }
            String self = channel.pipeline().context(this).name();
            channel.pipeline().addBefore(self, null, new Utf8FrameValidator());
            channel.pipeline().addBefore(self, null, new WebSocketFrameAggregator(FRAME_BYTES));
            releasePending();
            channel.config().setAutoRead(true);
            server.execute(messages);
        });
    }

    private void receive(Object message) {
        try {
            switch (message) {
                case TextWebSocketFrame text -> Objects.requireNonNull(inbox).add(text.text());
                case PingWebSocketFrame ping ->
                    channel.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
                case PongWebSocketFrame pong -> {}
                case CloseWebSocketFrame close ->
                    writeAndClose(new CloseWebSocketFrame(close.statusCode() < 0 ? 1000 : close.statusCode(), ""));
                case WebSocketFrame other -> Objects.requireNonNull(outbox).close(1003, "only text is understood");
                default -> {}
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    /** The outbox has sent what the socket takes. A client that takes nothing for long is given up. */
    void progressed(boolean some, boolean all) {
        if (some) {
            saidNanos = System.nanoTime();
        }
        if (state == State.STREAM && (some || all || !hasDeadline)) {
            enter(State.STREAM, all ? null : server.settings().bodyTimeout());
        }
    }

    /** The last words of a stream. */
    void writeAndClose(Object last) {
        if (state == State.STREAM) {
            enter(State.LINGER, LINGER);
            channel.writeAndFlush(last).addListener(ChannelFutureListener.CLOSE);
        } else {
            ReferenceCountUtil.release(last);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        Outbox opened = outbox;
        if (opened != null && channel.isWritable()) {
            opened.drain();
        }
    }

    // ---- time and ends ----

    /** Looks whether a deadline has passed. On the timer's thread. */
    void look(long now) {
        boolean late = hasDeadline && now - deadlineNanos > 0;
        boolean quiet = outbox != null && isQuiet(now);
        if (late || quiet) {
            try {
                channel.eventLoop().execute(late ? this::expire : this::keepAwake);
            } catch (RejectedExecutionException e) {
                LOG.debug("The event loop has ended", e);
            }
        }
    }

    private boolean isQuiet(long now) {
        long heartbeat = server.settings().heartbeat().toNanos();
        return now - saidNanos > heartbeat || webSocket && now - heardNanos > 3 * heartbeat;
    }

    private void expire() {
        if (!hasDeadline || System.nanoTime() - deadlineNanos <= 0) {
            return;
        }
        if (state == State.HEAD || state == State.BODY) {
            keepAlive = false;
            bodyUnread = true;
            if (head == null) {
                head = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
            }
            finish(Response.error(408, "the request took too long"));
        } else {
            channel.close();
        }
    }

    private void keepAwake() {
        Outbox opened = outbox;
        long heartbeat = server.settings().heartbeat().toNanos();
        long now = System.nanoTime();
        if (opened == null || state != State.STREAM) {
            return;
        }
        if (webSocket && now - heardNanos > 3 * heartbeat) {
            channel.close();
        } else if (now - saidNanos > heartbeat && channel.isWritable()) {
            saidNanos = now;
            channel.writeAndFlush(
                    webSocket
                            ? new PingWebSocketFrame()
                            : new DefaultHttpContent(Unpooled.copiedBuffer(Events.HEARTBEAT, StandardCharsets.UTF_8)));
        }
    }

    /** The server ends: lets a request be answered, and everything else come to an end. */
    void drain() {
        runCloseActions();
        channel.eventLoop().execute(() -> {
            Outbox opened = outbox;
            if (opened != null) {
                opened.close(1001, "the server is ending");
            } else if (state == State.IDLE) {
                channel.close();
            }
        });
    }

    void abort() {
        channel.close();
    }

    void onClose(Runnable action) {
        synchronized (closeActions) {
            if (!closed && !server.isClosing()) {
                closeActions.add(action);
                return;
            }
        }
        action.run();
    }

    private void runCloseActions() {
        List<Runnable> actions;
        synchronized (closeActions) {
            actions = new ArrayList<>(closeActions);
            closeActions.clear();
        }
        for (Runnable action : actions) {
            try {
                action.run();
            } catch (RuntimeException e) {
                LOG.error("An action at the end of a connection failed", e);
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        server.forget(this);
        server.release(reserved);
        dropBody();
        releasePending();
        synchronized (closeActions) {
            closed = true;
        }
        if (state == State.ANSWER || state == State.STREAM || state == State.LINGER) {
            runCloseActions();
        }
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("A connection broke", cause);
        channel.close();
    }
}
