package dev.holdfast.relay.http;

import java.time.Duration;
import java.util.Set;

/**
 * The limits of a server.
 *
 * @param maxConnections how many clients at once; one more is answered 503
 * @param maxBodiesBytes how much all bodies under way may hold together; beyond it 503
 * @param headTimeout how long a client may take from its connection, or from its first byte, to the end of a request's head
 * @param bodyTimeout how long it may take for the body, and how long it may read nothing of a response
 * @param idleTimeout how long a connection without a request is kept
 * @param drainTimeout how long requests under way are waited for when the server ends
 * @param heartbeat how often a client of a WebSocket is asked whether it is there
 * @param hosts names by which the server may be called, in small letters; see {@link Gate}
 * @param origins origins of web pages that may send requests; see {@link Gate}
 */
public record HttpSettings(
        int maxConnections,
        long maxBodiesBytes,
        Duration headTimeout,
        Duration bodyTimeout,
        Duration idleTimeout,
        Duration drainTimeout,
        Duration heartbeat,
        Set<String> hosts,
        Set<String> origins) {
    public static final HttpSettings DEFAULT = new HttpSettings(
            20_000,
            64 << 20,
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(75),
            Duration.ofSeconds(5),
            Duration.ofSeconds(20),
            Set.of(),
            Set.of());

    public HttpSettings trusting(Set<String> trustedHosts, Set<String> trustedOrigins) {
        return new HttpSettings(
                maxConnections,
                maxBodiesBytes,
                headTimeout,
                bodyTimeout,
                idleTimeout,
                drainTimeout,
                heartbeat,
                Set.copyOf(trustedHosts),
                Set.copyOf(trustedOrigins));
    }
}
