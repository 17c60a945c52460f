package dev.holdfast.toolkit.store;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SocketOptions.KeepAliveOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.protocol.ProtocolVersion;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * How Lettuce is used: RESP3; commands are refused while there is no connection, and those whose answer was lost are not sent
 * again, so that a command runs at most once for each time it is sent. A connection that has gone silent is noticed by TCP's
 * keepalive after 25 seconds.
 */
final class LettuceOptions {
    static final Duration QUIET = Duration.ZERO;
    static final Duration SHUTDOWN = Duration.ofSeconds(2);

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration TOPOLOGY = Duration.ofSeconds(30);
    private static final Duration ADAPTIVE = Duration.ofSeconds(5);

    private LettuceOptions() {}

    static ClientOptions standalone() {
        return with(ClientOptions.builder()).build();
    }

    static ClusterClientOptions cluster() {
        ClusterTopologyRefreshOptions topology = ClusterTopologyRefreshOptions.builder()
                .enablePeriodicRefresh(TOPOLOGY)
                .adaptiveRefreshTriggersTimeout(ADAPTIVE)
                .build();
        return ((ClusterClientOptions.Builder) with(ClusterClientOptions.builder()))
                .topologyRefreshOptions(topology)
                .build();
    }

    private static ClientOptions.Builder with(ClientOptions.Builder options) {
        KeepAliveOptions keepAlive = KeepAliveOptions.builder()
                .enable()
                .idle(Duration.ofSeconds(10))
                .interval(Duration.ofSeconds(5))
                .count(3)
                .build();
        return options.protocolVersion(ProtocolVersion.RESP3)
                .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .replayFilter(command -> true)
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(CONNECT)
                        .keepAlive(keepAlive)
                        .build());
    }

    /** The bytes of an element of a push. */
    static Object bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
