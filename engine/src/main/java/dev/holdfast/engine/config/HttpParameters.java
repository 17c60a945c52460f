package dev.holdfast.engine.config;

/** The parameters of the program's HTTP side. All are ours. */
public final class HttpParameters {
    /** 0 for none. Where it was not asked for and the port is taken, the program goes on without. */
    public final NumberParameter port;

    /** Addresses, as {@code bind} has them. */
    public final TextParameter bind;

    /** A port for the same with TLS, or 0. */
    public final NumberParameter tlsPort;

    /** Whether clients of that port must show a certificate. */
    public final BooleanParameter tlsAuthClients;

    /** A port for metrics alone, or 0. */
    public final NumberParameter metricsPort;

    /** A port for the dictionary of CPE names alone, or 0; 8000 is that of cpe-guesser. */
    public final NumberParameter cpePort;

    /** Whether the relay is served. */
    public final BooleanParameter relay;

    /** Who of the relay's users may use the console: {@code no}, {@code admins} or {@code all}. */
    public final TextParameter console;

    /** How many messages a topic of the relay keeps, about. */
    public final NumberParameter relayMaxMessages;

    /** How many seconds it keeps them, about. */
    public final NumberParameter relayRetention;

    /** Which keys its topics have: {@code owned} or {@code flat}. */
    public final TextParameter relayLayout;

    /** How many requests a user of it may send in a minute, over all processes; 0 for any number. */
    public final NumberParameter relayMaxRequests;

    /** Names by which browsers may call the server, beside addresses and {@code localhost}; {@code *} for all. */
    public final TextParameter hosts;

    /** Origins of web pages that may send requests, beside the server's own; {@code *} for all. */
    public final TextParameter origins;

    /** Keys whose sizes are among the metrics: names or glob patterns, {@code dbN=} before those of database N. */
    public final TextParameter metricsKeys;

    HttpParameters(Config config) {
        port = own(config, config.number("http-port", 8080, 0, 65535));
        bind = own(config, config.manyWords(config.text("http-bind", "127.0.0.1 -::1", text -> text)));
        tlsPort = own(config, config.number("https-port", 0, 0, 65535));
        tlsAuthClients = own(config, config.flag("https-auth-clients", false));
        metricsPort = own(config, config.number("metrics-port", 0, 0, 65535));
        cpePort = own(config, config.number("cpe-port", 0, 0, 65535));
        relay = own(config, config.flag("relay", false));
        console = own(config, config.choice("console", "admins", "no", "admins", "all"));
        relayMaxMessages = own(config, config.number("relay-max-messages", 1_000_000, 1, Long.MAX_VALUE));
        relayRetention = own(config, config.number("relay-retention", 86_400, 1, Integer.MAX_VALUE));
        relayLayout = own(config, config.choice("relay-layout", "owned", "owned", "flat"));
        relayMaxRequests = own(config, config.number("relay-max-requests", 1_200_000, 0, 1_000_000_000));
        hosts = own(config, config.manyWords(config.text("http-hosts", "", text -> text)));
        origins = own(config, config.manyWords(config.text("http-origins", "", text -> text)));
        metricsKeys = own(config, config.manyWords(config.text("metrics-keys", "", text -> text)));
    }

    private static <P extends Parameter> P own(Config config, P parameter) {
        return config.hidden(config.immutable(parameter));
    }
}
