package dev.holdfast.toolkit.limit;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides how often something may happen for each subject, a client, a user, an address: fairly over all processes that ask
 * the same store. Each decision is one atomic step, by the store's clock. What is denied is not counted. Whatever is kept
 * expires by itself.
 *
 * <pre>
 * RateLimiter limiter = toolkit.rateLimiter("rate:api")
 *         .limit(Limit.tokenBucket(10, Duration.ofSeconds(1)))
 *         .limit(Limit.fixedWindow(5000, Duration.ofDays(1)))
 *         .build();
 * Decision decision = limiter.acquire("client-7:/search");
 * </pre>
 *
 * <p>Several limits of one limiter are taken together or not at all.
 */
public final class RateLimiter implements Pattern {
    /** What to answer when the store cannot be asked. */
    public enum WhenUnavailable {
        /** Allow: the service goes on without its limit. */
        ALLOW,
        /** Deny: nothing happens that could not be counted. */
        DENY,
        /** Throw the {@link StoreException}. */
        THROW
    }

    private static final Logger LOG = LoggerFactory.getLogger(RateLimiter.class);
    private static final Script DECIDE = Script.of(RateLimiter.class, "decide");

    /** After what time to come again where the store could not be asked. */
    private static final Duration RETRY_UNDECIDED = Duration.ofSeconds(1);

    private final Context context;
    private final Store store;
    private final String prefix;
    private final List<Limit> limits;
    private final WhenUnavailable whenUnavailable;
    private final Counter allowed;
    private final Counter denied;
    private final Counter undecided;
    private volatile @Nullable StoreException failure;

    private RateLimiter(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.prefix = builder.prefix;
        this.limits = List.copyOf(builder.limits);
        this.whenUnavailable = builder.whenUnavailable;
        Instruments instruments = context.instruments(kind(), prefix);
        this.allowed = instruments.counter("decisions", "result", "allowed");
        this.denied = instruments.counter("decisions", "result", "denied");
        this.undecided = instruments.counter("decisions", "result", "undecided");
    }

    /**
     * Begins a limiter.
     *
     * @param prefix what its keys begin with. One limit counts in the key {@code prefix:subject}; several in
     *     <code>{prefix:subject}:0</code>, <code>:1</code> and so on, which lie in one slot of a cluster
     */
    public static Builder builder(Context context, String prefix) {
        return new Builder(context, prefix);
    }

    /** Takes one, if the limits allow. */
    public Decision acquire(String subject) {
        return acquire(subject, 1);
    }

    /**
     * Takes as much as this costs, if the limits allow; else nothing.
     *
     * @param cost at least 0
     */
    public Decision acquire(String subject, long cost) {
        return decide(subject, cost, "take");
    }

    /** Says what {@link #acquire(String, long)} would, and takes nothing. */
    public Decision peek(String subject, long cost) {
        return decide(subject, cost, "look");
    }

    /** Forgets what was counted for a subject. */
    public void reset(String subject) {
        store.call(Command.of("DEL", keys(subject).toArray()));
    }

    private Decision decide(String subject, long cost, String verb) {
        if (cost < 0) {
            throw new IllegalArgumentException("a cost must not be negative: " + cost);
        }
        Object[] arguments = new Object[2 + limits.size() * 4];
        arguments[0] = cost;
        arguments[1] = verb;
        int next = 2;
        for (Limit limit : limits) {
            arguments[next++] = limit.algorithm().word();
            arguments[next++] = limit.amount();
            arguments[next++] = limit.periodMicros();
            arguments[next++] = limit.burst();
        }
        try {
            Decision decision = read(store.call(DECIDE, keys(subject), arguments));
            (decision.allowed() ? allowed : denied).increment();
            failure = null;
            return decision;
        } catch (StoreException e) {
            undecided.increment();
            failure = e;
            return undecided(e);
        }
    }

    private static Decision read(Reply reply) {
        List<Reply> figures = reply.list();
        long retryMicros = figures.get(3).number();
        return new Decision(
                figures.get(0).flag(),
                figures.get(1).number(),
                figures.get(2).number(),
                retryMicros < 0 ? Optional.empty() : Optional.of(micros(retryMicros)),
                micros(figures.get(4).number()),
                true);
    }

    private static Duration micros(long micros) {
        return Duration.ofNanos(micros * 1000);
    }

    private Decision undecided(StoreException e) {
        if (whenUnavailable == WhenUnavailable.THROW) {
            throw e;
        }
        LOG.debug("Not decided by {}: {}", prefix, e.toString());
        boolean allow = whenUnavailable == WhenUnavailable.ALLOW;
        return new Decision(
                allow,
                limits.getFirst().burst(),
                0,
                Optional.of(allow ? Duration.ZERO : RETRY_UNDECIDED),
                Duration.ZERO,
                false);
    }

    private List<String> keys(String subject) {
        String name = prefix + ":" + subject;
        if (limits.size() == 1) {
            return List.of(name);
        }
        String tag = HashTag.of(name);
        List<String> keys = new ArrayList<>(limits.size());
        for (int i = 0; i < limits.size(); i++) {
            keys.add(tag + ":" + i);
        }
        return keys;
    }

    @Override
    public String kind() {
        return "limiter";
    }

    /** The prefix of the keys. */
    @Override
    public String name() {
        return prefix;
    }

    @Override
    public Health health() {
        StoreException last = failure;
        return last == null ? Health.up(Map.of()) : Health.down("not decided: " + last.getMessage());
    }

    @Override
    public void close() {
        context.unregister(this);
    }

    /** Collects what a limiter needs. */
    public static final class Builder {
        private final Context context;
        private final String prefix;
        private final List<Limit> limits = new ArrayList<>();
        private WhenUnavailable whenUnavailable = WhenUnavailable.ALLOW;

        private Builder(Context context, String prefix) {
            this.context = context;
            this.prefix = prefix;
        }

        /** Adds a limit. Their order must stay the same as long as they count. */
        public Builder limit(Limit limit) {
            limits.add(limit);
            return this;
        }

        /** What to answer when the store cannot be asked; else {@link WhenUnavailable#ALLOW}. */
        public Builder whenUnavailable(WhenUnavailable answer) {
            this.whenUnavailable = answer;
            return this;
        }

        /** @throws IllegalStateException if there is no limit */
        public RateLimiter build() {
            if (limits.isEmpty()) {
                throw new IllegalStateException("a rate limiter needs a limit");
            }
            return context.register(new RateLimiter(this));
        }
    }
}
