package dev.holdfast.engine.config;

/** The parameters that concern connections. */
public final class NetworkParameters {
    public final NumberParameter port;
    public final TextParameter bind;
    public final TextParameter unixsocket;
    public final NumberParameter unixsocketperm;
    public final BooleanParameter protectedMode;
    public final NumberParameter tcpBacklog;
    public final NumberParameter tcpKeepalive;
    public final NumberParameter timeout;
    public final NumberParameter maxclients;
    public final NumberParameter ioThreads;
    public final NumberParameter clientQueryBufferLimit;
    public final OutputLimits clientOutputBufferLimit;

    /** {@code auto}, {@code io_uring}, {@code epoll} or {@code nio}. Ours. */
    public final TextParameter transport;

    NetworkParameters(Config config) {
        port = config.number("port", 6379, 0, 65535);
        bind = config.manyWords(config.text("bind", "127.0.0.1 -::1", text -> text));
        unixsocket = config.immutable(config.text("unixsocket", "", text -> text));
        unixsocketperm = config.immutable(
                config.add(new NumberParameter("unixsocketperm", 0, 0, 0777, NumberParameter.Unit.OCTAL)));
        protectedMode = config.flag("protected-mode", true);
        tcpBacklog = config.immutable(config.number("tcp-backlog", 511, 0, Integer.MAX_VALUE));
        tcpKeepalive = config.number("tcp-keepalive", 300, 0, Integer.MAX_VALUE);
        timeout = config.number("timeout", 0, 0, Integer.MAX_VALUE);
        maxclients = config.number("maxclients", 10000, 1, 0xFFFFFFFFL);
        ioThreads = config.number("io-threads", 1, 1, 256);
        clientQueryBufferLimit = config.bytes("client-query-buffer-limit", 1L << 30, 1L << 20, Long.MAX_VALUE);
        clientOutputBufferLimit = config.add(new OutputLimits());
        transport =
                config.hidden(config.immutable(config.choice("transport", "auto", "auto", "io_uring", "epoll", "nio")));
    }
}
