package dev.holdfast.relay.http;

import io.netty.util.NetUtil;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps web pages of strangers out.
 *
 * <p>A browser lets any page send requests to a server on the same machine. Two headers tell: <b>Origin</b> names the page that
 * sends, and must be this server's own or a trusted one. <b>Host</b> names whom the browser believes to talk to. A page can give
 * its own name this machine's address ("DNS rebinding"), and is then of the same origin; but the name stays in Host. An attacker
 * has no way to be called by an IP address or {@code localhost}, so these are let in, and names only if they are trusted.
 */
final class Gate {
    private static final String ALL = "*";

    private final Set<String> hosts;
    private final Set<String> origins;

    /**
     * @param hosts trusted names in small letters, without a port; {@code *} for all
     * @param origins trusted origins such as {@code https://console.example.com}; {@code *} for all
     */
    Gate(Set<String> hosts, Set<String> origins) {
        this.hosts = hosts;
        this.origins = origins;
    }

    boolean admitsHost(@Nullable String host) {
        if (hosts.contains(ALL)) {
            return true;
        }
        if (host == null) {
            return false;
        }
        String name = withoutPort(host).toLowerCase(Locale.ROOT);
        return name.equals("localhost")
                || NetUtil.isValidIpV4Address(name)
                || isBracketed(name)
                || hosts.contains(name);
    }

    private static boolean isBracketed(String name) {
        return name.length() > 2
                && name.startsWith("[")
                && name.endsWith("]")
                && NetUtil.isValidIpV6Address(name.substring(1, name.length() - 1));
    }

    private static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    /** Whether a page of this origin may send requests; one without an origin is not sent by a page of another site. */
    boolean admitsOrigin(@Nullable String origin, @Nullable String host) {
        return origin == null || isOwn(origin, host) || isTrusted(origin);
    }

    private static boolean isOwn(String origin, @Nullable String host) {
        return host != null
                && (origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host));
    }

    /** Whether responses may be read by pages of this origin. */
    boolean isTrusted(String origin) {
        return origins.contains(ALL) || origins.contains(origin.toLowerCase(Locale.ROOT));
    }
}
