package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.store.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** A real server is stopped, or killed, while it is wanted. */
class OutageTest {
    /** Far longer than any of the waits below, so that it is not the store's own patience that ends them. */
    private static final String PATIENT = "?timeout=60s";

    private static void signal(RealServer server, String signal) throws IOException, InterruptedException {
        assertEquals(
                0, new ProcessBuilder("kill", signal, "" + server.pid()).start().waitFor());
    }

    @Test
    void waitsForALockLastAsLongAsTheySay() throws Exception {
        for (String signal : List.of("-STOP", "-KILL")) {
            RealServer server = RealServer.start(false);
            try (Toolkit toolkit = Toolkit.open("redis://127.0.0.1:" + server.port() + PATIENT)) {
                LeasedLock lock = toolkit.locks(Duration.ofMinutes(10)).mutex("x");
                lock.acquire().close();
                signal(server, signal);
                for (int i = 0; i < 3; i++) {
                    CompletableFuture<Object> asked = CompletableFuture.supplyAsync(
                            () -> lock.tryAcquire(Duration.ofMillis(50)),
                            toolkit.context().workers());
                    Throwable thrown = assertThrows(Exception.class, () -> asked.get(20, TimeUnit.SECONDS));
                    assertTrue(thrown.getCause() instanceof StoreException, () -> signal + ": " + thrown);
                }
                Thread waiting = Thread.ofVirtual().start(lock::acquire);
                waiting.interrupt();
                waiting.join();
            } finally {
                server.close();
            }
        }
    }

    @Test
    void whatAStoppedServerIsAskedForIsGivenBack() throws Exception {
        RealServer server = RealServer.start(false);
        try (Toolkit toolkit = Toolkit.open("redis://127.0.0.1:" + server.port() + PATIENT)) {
            LeasedLock lock = toolkit.locks(Duration.ofMinutes(10)).mutex("x");
            lock.acquire().close();
            signal(server, "-STOP");
            assertThrows(StoreException.class, () -> lock.tryAcquire(Duration.ofMillis(20)));
            signal(server, "-CONT");
            Lease lease = lock.tryAcquire(Duration.ofSeconds(60)).orElseThrow();
            assertTrue(lease.isHeld(), "the request that was given up has left nothing behind");
        } finally {
            server.close();
        }
    }

    /** The wait is over by the client's own clock, not by the server's answer. */
    @Test
    void aCommandThatWaitsIsNotWaitedForForEver() throws Exception {
        RealServer server = RealServer.start(false);
        try (Toolkit toolkit = Toolkit.open("redis://127.0.0.1:" + server.port() + "?timeout=500ms")) {
            signal(server, "-STOP");
            CompletableFuture<Object> asked = CompletableFuture.supplyAsync(
                    () -> toolkit.store()
                            .await(
                                    Duration.ofMillis(100),
                                    dev.holdfast.toolkit.store.Command.of("BLPOP", "nothing", 0.1)),
                    toolkit.context().workers());
            try {
                asked.get(30, TimeUnit.SECONDS);
                throw new AssertionError("a stopped server has answered");
            } catch (java.util.concurrent.ExecutionException e) {
                assertTrue(e.getCause() instanceof StoreException, () -> "" + e);
            } catch (TimeoutException e) {
                throw new AssertionError("it is waited for all the same", e);
            }
        } finally {
            server.close();
        }
    }
}
