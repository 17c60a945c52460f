package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.fault.CuttingProxy.Cut;
import dev.holdfast.toolkit.store.StoreException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each pattern's basic use, with the connection cut at the first request or reply, at a later one, and so on until it comes to its end
 * before the cut. Each time it succeeds or throws a {@link StoreException}, never hangs, leaves things as they should be, and works the
 * next time.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class CutTest {
    private static Map<String, Supplier<Scenario>> scenarios(Toolkit other) {
        Map<String, Supplier<Scenario>> all = new LinkedHashMap<>();
        all.put("job", Scenario.AJob::new);
        all.put("batch", Scenario.ABatch::new);
        all.put("queue", Scenario.AQueue::new);
        all.put("stream", () -> new Scenario.AStream(1));
        all.put("partitions", () -> new Scenario.AStream(2));
        all.put("lock", Scenario.ALock::new);
        all.put("wait", () -> new Scenario.AWaitForALock(other));
        all.put("limit", Scenario.ALimit::new);
        all.put("ranking", Scenario.ARanking::new);
        all.put("cache", () -> new Scenario.ACache(other, true));
        all.put("cache-messages", () -> new Scenario.ACache(other, false));
        all.put("map-cache", () -> new Scenario.AMapCache(other));
        all.put("session", Scenario.ASession::new);
        all.put("topic", Scenario.ATopic::new);
        all.put("durable-topic", Scenario.ADurableTopic::new);
        return all;
    }

    private static final Map<String, Supplier<Scenario>> NAMES = scenarios(Toolkit.open("embedded:"));

    static Stream<Arguments> cases() {
        return Target.servers().stream()
                .flatMap(target -> NAMES.keySet().stream().map(name -> Arguments.of(target, name)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("cases")
    void aCutAnywhereDoesNoHarm(Target target, String pattern) throws Exception {
        target.clear();
        int cuts = 0;
        int failures = 0;
        try (CuttingProxy proxy = new CuttingProxy(URI.create(target.uri()).getPort());
                Toolkit other = Toolkit.open(target.uri());
                Toolkit toolkit = Toolkit.open(proxy.uri())) {
            Supplier<Scenario> scenarios =
                    Objects.requireNonNull(scenarios(other).get(pattern));
            for (Cut how : Cut.values()) {
                boolean goesOn = true;
                for (int n = 1; goesOn; n += Scale.STEP) {
                    String name = pattern + "-" + how + "-" + n;
                    String where = "%s on %s, cut %s piece %d".formatted(pattern, target, how, n);
                    Scenario scenario = scenarios.get();
                    proxy.arm(n, how);
                    boolean succeeded = run(scenario, toolkit, name, where);
                    boolean hasCut = proxy.disarm();
                    goesOn = hasCut || !succeeded;
                    cuts += hasCut ? 1 : 0;
                    failures += succeeded ? 0 : 1;
                    try {
                        scenario.check(other, name, succeeded);
                        Scale.await(() -> isThere(toolkit));
                    } catch (AssertionError | RuntimeException e) {
                        fail(where + (succeeded ? ", after success: " : ", after failure: ") + e, e);
                    }
                }
                String name = pattern + "-" + how + "-whole";
                scenarios.get().run(toolkit, name);
            }
        }
        Scale.report("cut " + pattern, target, "cuts", cuts, "exceptions", failures);
    }

    /** Returns whether it came to its end; fails if it ended otherwise than it should, or not at all. */
    private static boolean run(Scenario scenario, Toolkit toolkit, String name, String where) throws Exception {
        Future<?> running = toolkit.context().workers().submit(() -> {
            scenario.run(toolkit, name);
            return null;
        });
        try {
            running.get(2 * Scale.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException) {
                return false;
            }
            throw new AssertionError(where, e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError(where + ": it hangs", e);
        }
    }

    private static boolean isThere(Toolkit toolkit) {
        try {
            return toolkit.store().call("PING").text().equals("PONG")
                    && toolkit.context().isStoreTrusted();
        } catch (StoreException e) {
            return false;
        }
    }
}
