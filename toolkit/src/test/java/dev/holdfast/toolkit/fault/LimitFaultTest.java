package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.limit.RateLimiter.WhenUnavailable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rate limits that several processes share, of which some are killed. */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class LimitFaultTest {
    private static final int AMOUNT = Scale.JOBS / 4;

    private static final String ALLOWED = "allowed by ";

    /** Limits that do not let anything more happen during a test. */
    private static final Map<String, Limit> LIMITS = new TreeMap<>(Map.of(
            "window", Limit.fixedWindow(AMOUNT, Duration.ofDays(1)),
            "log", Limit.slidingLog(AMOUNT, Duration.ofDays(1)),
            "bucket", Limit.tokenBucket(AMOUNT, Duration.ofDays(Math.min(AMOUNT, 3650)))));

    private static RateLimiter limiter(Toolkit toolkit, String name) {
        return toolkit.rateLimiter("limit:" + name)
                .limit(Objects.requireNonNull(LIMITS.get(name)))
                .whenUnavailable(WhenUnavailable.THROW)
                .build();
    }

    /** A process that says what it has been allowed. */
    static final class User {
        public static void main(String[] arguments) throws Exception {
            try (Toolkit toolkit = Toolkit.open(arguments[0])) {
                for (String name : LIMITS.keySet()) {
                    RateLimiter limiter = limiter(toolkit, name);
                    Thread.ofVirtual().start(() -> use(name, limiter));
                }
                Crew.awaitDismissal();
            }
        }

        private static void use(String name, RateLimiter limiter) {
            while (true) {
                if (limiter.tryAcquire("all").allowed()) {
                    System.out.println(ALLOWED + name);
                }
                try {
                    Thread.sleep(2);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void noMoreThanTheAmountIsAllowed(Target target) throws Exception {
        target.clear();
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Crew crew = new Crew(User.class, target.uri()).hire(3)) {
            List<RateLimiter> limiters =
                    LIMITS.keySet().stream().map(name -> limiter(toolkit, name)).toList();
            long total = (long) AMOUNT * limiters.size();
            crew.strikeUntilDone(
                    Scale.KILLS,
                    Duration.ofMillis(500),
                    total,
                    () -> total
                            - limiters.stream()
                                    .mapToLong(limiter -> limiter.peek("all", 1).remaining())
                                    .sum());
            crew.dismiss();

            Map<String, Integer> allowed = new TreeMap<>();
            crew.lines().stream()
                    .filter(line -> line.startsWith(ALLOWED))
                    .forEach(line -> allowed.merge(line.substring(ALLOWED.length()), 1, Integer::sum));
            Scale.report(
                    "limits",
                    target,
                    "amount",
                    AMOUNT,
                    "kills",
                    crew.kills(),
                    "stops",
                    crew.stops(),
                    "allowed",
                    allowed);
            assertEquals(LIMITS.keySet(), allowed.keySet());
            allowed.forEach((name, count) ->
                    assertTrue(count <= AMOUNT, () -> name + " allowed " + count + "; " + Scale.replay(target)));
        }
    }
}
