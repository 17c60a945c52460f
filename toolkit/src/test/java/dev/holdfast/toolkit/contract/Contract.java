package dev.holdfast.toolkit.contract;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;

/**
 * What contract tests have in common: an empty store, toolkits over it, and time.
 *
 * <pre>
 * &#64;ContractTest
 * class LockContract extends Contract {
 *     &#64;Test
 *     void anotherProcessWaits() {
 *         toolkit().lock("a").lock();
 *         assertFalse(another().lock("a").tryLock());
 *     }
 * }
 * </pre>
 */
abstract class Contract {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Handlers that do not listen are left behind soon. */
    private static final Duration STOP_WITHIN = Duration.ofMillis(200);

    private static final Duration POLL = Duration.ofMillis(5);

    @Parameter
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Target target;

    private final List<Toolkit> toolkits = new ArrayList<>();
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @BeforeEach
    void begin() {
        target.clear();
        toolkits.add(over(0));
    }

    @AfterEach
    void end() throws Exception {
        for (Toolkit toolkit : toolkits) {
            toolkit.close();
        }
        for (AutoCloseable closeable : toClose) {
            closeable.close();
        }
    }

    /** The toolkit of the process that the test is about. */
    final Toolkit toolkit() {
        return toolkits.getFirst();
    }

    /** A toolkit over another way into the same store, as another process has it. A new one each time. */
    final Toolkit another() {
        Toolkit another = over(toolkits.size());
        toolkits.add(another);
        return another;
    }

    private Toolkit over(int number) {
        return Toolkit.builder().stopWithin(STOP_WITHIN).over(target.shared(number));
    }

    final Store store() {
        return toolkit().store();
    }

    /** Has something closed after the test. */
    final <C extends AutoCloseable> C closing(C closeable) {
        toClose.add(closeable);
        return closeable;
    }

    /** Lets time pass: moves the test's clock, or waits where the store is a real one. Keep it well below a second. */
    final void pass(Duration time) {
        target.pass(time);
    }

    /** What a handler does that does not listen to interrupts. */
    static void deafUntil(CountDownLatch end) {
        while (true) {
            try {
                end.await();
                return;
            } catch (InterruptedException e) {
                // It does not listen.
            }
        }
    }

    /** Waits until something holds; fails where it does not within thirty seconds. */
    static void eventually(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(POLL)
                .pollDelay(Duration.ZERO)
                .until(condition);
    }
}
