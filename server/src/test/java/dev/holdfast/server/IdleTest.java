package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** {@code timeout} ends clients that could say something and do not; those that wait for something it spares, as in Valkey. */
final class IdleTest {
    private final AtomicLong passedMillis = new AtomicLong();

    private final Clock clock = new Clock() {
        @Override
        public long millis() {
            return Clock.SYSTEM.millis() + passedMillis.get();
        }

        @Override
        public long micros() {
            return Clock.SYSTEM.micros() + 1000 * passedMillis.get();
        }

        @Override
        public long nanos() {
            return Clock.SYSTEM.nanos() + 1_000_000 * passedMillis.get();
        }
    };

    @Test
    void sparesThoseWhoWait() throws Exception {
        Config config = new Config();
        config.set("port", "0");
        config.set("bind", "127.0.0.1");
        config.set("timeout", "100");
        try (Engine engine = AllCommands.engine(config, clock);
                Server server = new Server(engine)) {
            server.start();
            try (RawClient idle = RawClient.tcp(server.port());
                    RawClient inTransaction = RawClient.tcp(server.port());
                    RawClient subscriber = RawClient.tcp(server.port());
                    RawClient monitor = RawClient.tcp(server.port());
                    RawClient blocked = RawClient.tcp(server.port());
                    RawClient postponed = RawClient.tcp(server.port())) {
                assertEquals("+PONG", idle.run("PING"));
                assertEquals("+OK", inTransaction.run("MULTI"));
                subscriber.run("SUBSCRIBE news");
                assertEquals("+OK", monitor.run("MONITOR"));
                blocked.send("BLPOP list 0\r\n");
                assertEquals("+OK", idle.run("CLIENT PAUSE 10000000 WRITE"));
                postponed.send("SET key value\r\n");
                await(() -> engine.clients().stream()
                                .filter(client -> client.isPostponed())
                                .count()
                        == 1);
                await(() -> engine.clients().stream()
                                .filter(client -> client.waiter() != null)
                                .count()
                        == 1);
                passedMillis.set(200_000);
                assertTrue(idle.isEnded());
                assertTrue(inTransaction.isEnded());
                try (RawClient other = RawClient.tcp(server.port())) {
                    assertEquals("+OK", other.run("CLIENT UNPAUSE"));
                    assertEquals("+OK", postponed.read());
                    assertEquals(":1", other.run("RPUSH list a"));
                    assertEquals("*2|$4|list|$1|a", blocked.read());
                    assertEquals(":1", other.run("PUBLISH news text"));
                    assertEquals("*3|$7|message|$4|news|$4|text", subscriber.read());
                    assertTrue(monitor.readUntil("PUBLISH"));
                }
            }
        }
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited for 30 seconds");
            Thread.onSpinWait();
        }
    }
}
