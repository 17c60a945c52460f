package dev.holdfast.server;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Socket addresses as Valkey shows them. */
final class Addresses {
    private Addresses() {}

    /** {@code host:port}, {@code [v6]:port}, or for a Unix socket, whose clients have no address, {@code path:0}. */
    static String show(@Nullable SocketAddress address, @Nullable SocketAddress local) {
        if (address instanceof InetSocketAddress internet) {
            String host = internet.getAddress().getHostAddress();
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + internet.getPort();
        }
        return (local == null ? "" : local.toString()) + ":0";
    }

    static boolean isLoopback(@Nullable SocketAddress address) {
        return !(address instanceof InetSocketAddress internet)
                || internet.getAddress().isLoopbackAddress();
    }
}
