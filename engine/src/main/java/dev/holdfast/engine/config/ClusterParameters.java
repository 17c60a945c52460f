package dev.holdfast.engine.config;

/** The parameters of a node of a cluster: whether it is one, and what it tells clients of its address. */
public final class ClusterParameters {
    public final BooleanParameter enabled;
    public final NumberParameter databases;
    public final NumberParameter port;
    public final TextParameter announceIp;
    public final TextParameter announceClientIpv4;
    public final TextParameter announceClientIpv6;
    public final TextParameter announceHostname;
    public final NumberParameter announcePort;
    public final NumberParameter announceClientPort;
    public final NumberParameter announceBusPort;
    public final NumberParameter announceTlsPort;
    public final NumberParameter announceClientTlsPort;

    /** {@code ip}, {@code hostname} or {@code unknown-endpoint}. */
    public final TextParameter preferredEndpointType;

    ClusterParameters(Config config) {
        enabled = config.immutable(config.flag("cluster-enabled", false));
        databases = config.immutable(config.number("cluster-databases", 1, 1, Integer.MAX_VALUE));
        port = config.immutable(config.number("cluster-port", 0, 0, 65535));
        announceIp = config.text("cluster-announce-ip", "", text -> text);
        announceClientIpv4 = config.text("cluster-announce-client-ipv4", "", text -> text);
        announceClientIpv6 = config.text("cluster-announce-client-ipv6", "", text -> text);
        announceHostname = config.text("cluster-announce-hostname", "", ClusterParameters::hostname);
        announcePort = config.number("cluster-announce-port", 0, 0, 65535);
        announceClientPort = config.number("cluster-announce-client-port", 0, 0, 65535);
        announceBusPort = config.number("cluster-announce-bus-port", 0, 0, 65535);
        announceTlsPort = config.number("cluster-announce-tls-port", 0, 0, 65535);
        announceClientTlsPort = config.number("cluster-announce-client-tls-port", 0, 0, 65535);
        preferredEndpointType =
                config.choice("cluster-preferred-endpoint-type", "ip", "ip", "hostname", "unknown-endpoint");
    }

    private static String hostname(String text) throws ConfigException {
        if (text.length() >= 256) {
            throw new ConfigException("Hostnames must be less than 256 characters");
        }
        if (!text.chars().allMatch(c -> c == '-' || c == '.' || c < 128 && Character.isLetterOrDigit(c))) {
            throw new ConfigException("Hostnames may only contain alphanumeric characters, hyphens or dots");
        }
        return text;
    }
}
