package dev.holdfast.engine.config;

/** The parameters of a node of a cluster: whether it is one, and what it tells clients of its address. */
public final class ClusterParameters {
    private static final String OCTET = "(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
    private static final String IPV4 = "(" + OCTET + "\\.){3}" + OCTET;
    private static final int IPV6_GROUPS = 8;

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
        if (!text.isEmpty() && !text.matches(IPV4)) {
            throw new ConfigException("Invalid IPv4 address");
        }
        return text;
    }

    private static String ipv6(String text) throws ConfigException {
        int gap = text.indexOf("::");
        int groups = gap < 0
                ? groups(text, true)
                : groups(text.substring(0, gap), false) + groups(text.substring(gap + 2), true);
        if (!text.isEmpty() && (gap < 0 ? groups != IPV6_GROUPS : groups < 0 || groups >= IPV6_GROUPS)) {
            throw new ConfigException("Invalid IPv6 address");
        }
        return text;
    }

    /** How many groups of 16 bits a part of an IPv6 address names; far less than none where it is not one. */
    private static int groups(String part, boolean last) {
        if (part.isEmpty()) {
            return 0;
        }
        String[] words = part.split(":", -1);
        int groups = words.length;
        for (int i = 0; i < words.length; i++) {
            if (last && i == words.length - 1 && words[i].matches(IPV4)) {
                groups++;
            } else if (!words[i].matches("[0-9a-fA-F]{1,4}")) {
                return -IPV6_GROUPS * 2;
            }
        }
        return groups;
    }
}
