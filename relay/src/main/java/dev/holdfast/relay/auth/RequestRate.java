package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many requests a user may send in a minute, over all processes. A process takes a hundredth of a second's worth from the store at
 * once and counts by itself until that is used, so most requests do not ask the store. While it cannot be asked, or refuses to count,
 * there is no limit.
 */
final class RequestRate {
    private static final long SHARES_PER_MINUTE = 6000;

    private final RateLimiter limiter;
    private final long share;
    private final Map<String, Share> shares = new ConcurrentHashMap<>();

    RequestRate(Toolkit toolkit, long perMinute) {
        this.limiter = toolkit.rateLimiter("relay:requests")
                .limit(Limit.tokenBucket(perMinute, Duration.ofMinutes(1)))
                .build();
        this.share = Math.max(1, perMinute / SHARES_PER_MINUTE);
    }

    /**
     * Counts a request.
     *
     * @throws HttpError 429 with {@code Retry-After} if it is one too many
     */
    void take(String user) {
        shares.computeIfAbsent(user, same -> new Share()).take(user);
    }

    /** What this process may still let through of one user. */
    private final class Share {
        private final AtomicLong left = new AtomicLong();

        void take(String user) {
            while (left.decrementAndGet() < 0) {
                refill(user);
            }
        }

        private synchronized void refill(String user) {
            if (left.get() <= 0) {
                Decision decision = limiter.tryAcquire(user, share);
                if (!decision.allowed() && decision.decided()) {
                    throw tooMany(decision);
                }
                left.set(share);
            }
        }
    }

    /** The answer to what a limit does not allow. */
    static HttpError tooMany(Decision decision) {
        long seconds =
                decision.retryAfter().map(wait -> Math.max(1, wait.toSeconds())).orElse(60L);
        return new HttpError(Response.error(429, "too many requests").header("retry-after", Long.toString(seconds)));
    }
}
