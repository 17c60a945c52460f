package dev.holdfast.toolkit.limit;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
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
 * Decision decision = limiter.tryAcquire("client-7:/search");
 * </pre>
 *
 * <p>{@link #tryAcquire} decides at once, {@link #acquire} waits until it may. Several limits of one limiter are taken together or
 * not at all.
 *
 * <p>An outage of the store is answered as {@link WhenUnavailable} says. An error that the store has answered is no outage, but
 * something that is set up wrong, such as a key that holds something else: it denies, shows as down, and is logged.
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
    private static final Script DECIDE = Script.of(RateLimiter.class, "decide").or(new DecideStep());

    /** After what time to come again where the store could not be asked. */
    private static final byte[] TAKE = Command.word("take");

    private static final byte[] LOOK = Command.word("look");
    private static final byte[] ONE = Command.word(1);

    private static final Duration RETRY_UNDECIDED = Duration.ofSeconds(1);

    private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

    private final Context context;
    private final Store store;
    private final String prefix;
    private volatile Rules rules;
    private final WhenUnavailable whenUnavailable;
    private final Counter allowed;
    private final Counter denied;
    private final Counter undecided;
    private volatile @Nullable StoreException failure;

    private RateLimiter(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.prefix = builder.prefix;
        this.rules = new Rules(builder.limits);
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

    // ---- deciding ----

    /** Takes one, if the limits allow. */
    public Decision tryAcquire(String subject) {
        return decide(subject, 1, TAKE);
    }

    /**
     * Takes as much as this costs, if the limits allow; else nothing.
     *
     * @param cost at least 0
     */
    public Decision tryAcquire(String subject, long cost) {
        return decide(subject, cost, TAKE);
    }

    /**
     * Takes as much as this costs once the limits allow. Who could not have it within this time is denied at once. The thread waits; let
     * it be a virtual one.
     *
     * @throws CancellationException if the thread is interrupted meanwhile; nothing is taken then
     */
    public Decision tryAcquire(String subject, long cost, Duration atMost) {
        long start = System.nanoTime();
        long limit = TimeUnit.NANOSECONDS.convert(atMost);
        while (true) {
            Decision decision = decide(subject, cost, TAKE);
            Duration retry = decision.retryAfter().orElse(null);
            if (decision.allowed() || retry == null || retry.toNanos() > limit - (System.nanoTime() - start)) {
                return decision;
            }
            try {
                Thread.sleep(retry);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while waiting for " + prefix);
            }
        }
    }

    /** Takes one once the limits allow; see {@link #acquire(String, long)}. */
    public Decision acquire(String subject) {
        return acquire(subject, 1);
    }

    /**
     * Takes as much as this costs once the limits allow. The thread waits; let it be a virtual one. Of those who wait anyone may be next.
     *
     * @throws IllegalArgumentException if it costs more than the limits ever allow
     * @throws StoreException if the store answers an error that is no outage
     * @throws CancellationException if the thread is interrupted meanwhile; nothing is taken then
     */
    public Decision acquire(String subject, long cost) {
        Decision decision = tryAcquire(subject, cost, FOR_EVER);
        if (!decision.allowed()) {
            StoreException refusal = failure;
            if (!decision.decided() && refusal != null) {
                throw refusal;
            }
            throw new IllegalArgumentException("this costs more than is ever allowed: " + cost);
        }
        return decision;
    }

    /** Says what {@link #tryAcquire(String, long)} would, and takes nothing. */
    public Decision peek(String subject, long cost) {
        return decide(subject, cost, LOOK);
    }

    /** Forgets what was counted for a subject. */
    public void reset(String subject) {
        store.call(Command.of(
                "DEL", rules.keys(prefix + ":" + subject, store.millis()).toArray()));
    }

    /**
     * Has other limits from now on, in this process. What was used of them counts, if there are as many as before and each is counted
     * in the same way.
     */
    public void limits(List<Limit> changed) {
        rules = new Rules(changed);
    }

    private Decision decide(String subject, long cost, byte[] verb) {
        if (cost < 0) {
            throw new IllegalArgumentException("a cost must not be negative: " + cost);
        }
        Rules present = rules;
        try {
            Decision decision = read(store.call(present.command(prefix + ":" + subject, store, cost, verb)));
            (decision.allowed() ? allowed : denied).increment();
            if (failure != null) {
                failure = null;
            }
            return decision;
        } catch (StoreException e) {
            undecided.increment();
            return undecided(e, present);
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

    private Decision undecided(StoreException e, Rules present) {
        StoreException before = failure;
        failure = e;
        boolean outage = Retry.isOutage(e);
        if (outage) {
            LOG.debug("Not decided by {}: {}", prefix, e.toString());
        } else if (before == null || !String.valueOf(before.getMessage()).equals(e.getMessage())) {
            LOG.warn("The store refuses to decide for {}, which denies: {}", prefix, e.toString());
        }
        if (whenUnavailable == WhenUnavailable.THROW) {
            throw e;
        }
        boolean allow = outage && whenUnavailable == WhenUnavailable.ALLOW;
        Optional<Duration> retry = allow ? Optional.of(Duration.ZERO) : Optional.of(RETRY_UNDECIDED);
        return new Decision(
                allow, present.limits.getFirst().burst(), 0, outage ? retry : Optional.empty(), Duration.ZERO, false);
    }

    /** Limits, and the arguments of the script that they stand for. */
    private static final class Rules {
        private final List<Limit> limits;
        private final Object[] words;
        private final boolean calendar;

        Rules(List<Limit> limits) {
            if (limits.isEmpty()) {
                throw new IllegalStateException("a rate limiter needs a limit");
            }
            this.limits = List.copyOf(limits);
            this.calendar = limits.stream().anyMatch(limit -> limit.calendar().isPresent());
            this.words = new Object[2 + limits.size() * 4];
            int next = 2;
            for (Limit limit : limits) {
                words[next++] = Command.word(limit.algorithm().word());
                words[next++] = Command.word(limit.amount());
                words[next++] = Command.word(limit.periodMicros());
                words[next++] = Command.word(limit.burst());
            }
        }

        Command command(String name, Store store, long cost, byte[] verb) {
            long now = calendar ? store.millis() : 0;
            Object[] arguments = words.clone();
            arguments[0] = cost == 1 ? ONE : cost;
            arguments[1] = verb;
            for (int i = 0; calendar && i < limits.size(); i++) {
                int period = 4 + 4 * i;
                limits.get(i).calendar().ifPresent(window -> arguments[period] = (window.endMillis(now) - now) * 1000);
            }
            return Command.of(DECIDE, keys(name, now), arguments);
        }

        List<String> keys(String name, long now) {
            if (limits.size() == 1) {
                return List.of(key(name, limits.getFirst(), now));
            }
            String tag = HashTag.of(name);
            List<String> keys = new ArrayList<>(limits.size());
            for (int i = 0; i < limits.size(); i++) {
                keys.add(key(tag + ":" + i, limits.get(i), now));
            }
            return keys;
        }

        private static String key(String name, Limit limit, long now) {
            return limit.calendar().isEmpty()
                    ? name
                    : name + ":" + limit.calendar().get().begin(now);
        }
    }

    // ---- the pattern ----

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

        /** What to answer while the store is away; else {@link WhenUnavailable#ALLOW}. */
        public Builder whenUnavailable(WhenUnavailable answer) {
            this.whenUnavailable = answer;
            return this;
        }

        /** @throws IllegalStateException if there is no limit */
        public RateLimiter build() {
            return context.register(new RateLimiter(this));
        }
    }
}
