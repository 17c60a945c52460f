package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class OutputLimitTest {
    private static final long MUCH = 9 << 20;

    /** The clock that a limit reads, in nanoseconds. */
    private final AtomicLong nanos = new AtomicLong();

    private final Clock clock = new Clock() {
        @Override
        public long millis() {
            return nanos.get() / 1_000_000;
        }

        @Override
        public long micros() {
            return nanos.get() / 1000;
        }

        @Override
        public long nanos() {
            return nanos.get();
        }
    };

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    /** A client that has read what it was sent may be sent as much again, however long ago that was. */
    @Test
    void whoHasReadBeginsAnew() throws Exception {
        Config config = new Config();
        config.set("port", "0");
        config.set("bind", "127.0.0.1");
        config.set("client-output-buffer-limit", "normal 0 8mb 60");
        try (Engine engine = AllCommands.engine(config, Clock.SYSTEM);
                Server server = new Server(engine)) {
            server.start();
            try (RawClient connection = RawClient.tcp(server.port())) {
                connection.run("PING");
                Client client = engine.clients().iterator().next();
                OutputLimit limit = new OutputLimit(server.parameters(), () -> 0, clock);
                assertFalse(limit.isExceeded(client, MUCH));
                limit.sent(client, 1000);
                pass(Duration.ofMinutes(2));
                assertFalse(limit.isExceeded(client, MUCH), "it had read nearly all");
                limit.sent(client, MUCH - 1000);
                pass(Duration.ofSeconds(60));
                assertFalse(limit.isExceeded(client, MUCH));
                pass(Duration.ofMillis(1));
                assertTrue(
                        limit.isExceeded(client, MUCH), "it has had more than 8 MB before it for more than 60 seconds");
                assertEquals(Long.MAX_VALUE, limit.hardBytes(client));
            }
        }
    }

    /** As in Valkey, whose buffer for short replies counts for no limit. */
    @Test
    void aTinyLimitLeavesShortRepliesAlone() throws Exception {
        Config config = new Config();
        config.set("port", "0");
        config.set("bind", "127.0.0.1");
        config.set("client-output-buffer-limit", "normal 20 10 5");
        try (Engine engine = AllCommands.engine(config, Clock.SYSTEM);
                Server server = new Server(engine)) {
            server.start();
            try (RawClient connection = RawClient.tcp(server.port())) {
                assertEquals("$200|" + "x".repeat(200), connection.run("ECHO " + "x".repeat(200)));
                assertEquals("+PONG", connection.run("PING"));
                connection.send("ECHO " + "x".repeat(40_000) + "\r\n");
                assertTrue(connection.isEnded());
            }
        }
    }
}
