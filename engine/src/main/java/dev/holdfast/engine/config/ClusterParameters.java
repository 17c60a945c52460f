package dev.holdfast.engine.config;

import java.net.InetAddress;

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
        announceClientIpv4 = config.text("cluster-announce-client-ipv4", "", ClusterParameters::ipv4);
        announceClientIpv6 = config.text("cluster-announce-client-ipv6", "", ClusterParameters::ipv6);
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

    private static String ipv4(String text) throws ConfigException {
        String octet = "(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
        if (!text.isEmpty() && !text.matches("(" + octet + "\\.){3}" + octet)) {
            throw new ConfigException("Invalid IPv4 address");
        }
        return text;
    }

    private static String ipv6(String text) throws ConfigException {
        // So a name, a scope or brackets are not looked up or taken.
        boolean literal = text.indexOf(':') >= 0 && text.matches("[0-9a-fA-F:.]+");
        try {
            if (literal) {
                InetAddress.ofLiteral(text);
            }
        } catch (IllegalArgumentException e) {
            literal = false;
        }
        if (!text.isEmpty() && !literal) {
            throw new ConfigException("Invalid IPv6 address");
        }
        return text;
    }
}
