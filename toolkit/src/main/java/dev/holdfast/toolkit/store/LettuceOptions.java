package dev.holdfast.toolkit.store;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SocketOptions.KeepAliveOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.protocol.ProtocolVersion;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How Lettuce is used: RESP3; commands are refused while there is no connection, and those whose answer was lost are not sent
 * again, so that a command runs at most once for each time it is sent. How long an answer is awaited is the caller's matter, who
 * knows whether the command itself waits; so Lettuce's own timer is off. A connection that has gone silent is noticed by TCP's
 * keepalive after 25 seconds.
 */
final class LettuceOptions {
    static final Duration QUIET = Duration.ZERO;
    static final Duration SHUTDOWN = Duration.ofSeconds(2);

    static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration TOPOLOGY = Duration.ofSeconds(30);
    private static final Duration ADAPTIVE = Duration.ofSeconds(5);

    private LettuceOptions() {}

    static ClientOptions standalone(@Nullable Path ca) {
        return with(ClientOptions.builder(), ca).build();
    }

    static ClusterClientOptions cluster(@Nullable Path ca) {
        ClusterTopologyRefreshOptions topology = ClusterTopologyRefreshOptions.builder()
                .enablePeriodicRefresh(TOPOLOGY)
                .adaptiveRefreshTriggersTimeout(ADAPTIVE)
                .build();
        return ((ClusterClientOptions.Builder) with(ClusterClientOptions.builder(), ca))
                .topologyRefreshOptions(topology)
                .build();
    }

    /** @param ca a file of certificates to trust, or null for those that Java trusts */
    private static ClientOptions.Builder with(ClientOptions.Builder options, @Nullable Path ca) {
        KeepAliveOptions keepAlive = KeepAliveOptions.builder()
                .enable()
                .idle(Duration.ofSeconds(10))
                .interval(Duration.ofSeconds(5))
                .count(3)
                .build();
        if (ca != null) {
            options.sslOptions(SslOptions.builder().trustManager(ca.toFile()).build());
        }
        return options.protocolVersion(ProtocolVersion.RESP3)
                .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .replayFilter(command -> true)
                .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
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
