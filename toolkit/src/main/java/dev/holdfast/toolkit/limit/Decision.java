package dev.holdfast.toolkit.limit;

import java.time.Duration;
import java.util.Optional;

/**
 * What a rate limiter says: all that an HTTP answer's {@code RateLimit} and {@code Retry-After} fields need. Of several limits,
 * the figures are those of the one of which least remains.
 *
 * @param allowed whether it may happen now; if so, and it was not only a look, it has been counted
 * @param limit the most that may happen at once
 * @param remaining how much more may happen now
 * @param retryAfter how long to wait until this may happen: zero if it may now, empty if it never may because it costs more than
 *     the limit, or because the store refuses to decide
 * @param reset how long until nothing is counted any more, if nothing happens until then
 * @param decided false where the store could not be asked, and this is what the limiter answers then
 */
public record Decision(
        boolean allowed, long limit, long remaining, Optional<Duration> retryAfter, Duration reset, boolean decided) {
    /** The same in whole seconds, rounded up, as {@code Retry-After} has it; a day where it never may. */
    public long retryAfterSeconds() {
        Duration time = retryAfter.orElse(Duration.ofDays(1));
        return time.getSeconds() + (time.getNano() > 0 ? 1 : 0);
    }
}
