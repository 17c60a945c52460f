package dev.holdfast.relay.topic;

import java.time.Duration;

/**
 * What a relay keeps and where, and what one user may take.
 *
 * @param mostMessages how many messages a topic keeps, about
 * @param retention how long, about
 * @param streamsPerUser how many WebSockets and streams of events a user may have open
 * @param pollsPerUser how many polls a user may have waiting
 * @param outboxBytes how much may wait for one client
 */
public record RelaySettings(
        long mostMessages, Duration retention, int streamsPerUser, int pollsPerUser, int outboxBytes, Layout layout) {
    public static final RelaySettings DEFAULT =
            new RelaySettings(1_000_000, Duration.ofDays(1), 100, 50, 1 << 20, Layout.OWNED);

    /** The same with other limits of a topic. */
    public RelaySettings keeping(long messages, Duration time) {
        return new RelaySettings(messages, time, streamsPerUser, pollsPerUser, outboxBytes, layout);
    }

    /** The same with so many streams for one user. */
    public RelaySettings streams(int perUser) {
        return new RelaySettings(mostMessages, retention, perUser, pollsPerUser, outboxBytes, layout);
    }

    /** The same with topics under other keys. */
    public RelaySettings layout(Layout keys) {
        return new RelaySettings(mostMessages, retention, streamsPerUser, pollsPerUser, outboxBytes, keys);
    }
}
