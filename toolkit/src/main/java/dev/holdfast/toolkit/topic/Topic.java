package dev.holdfast.toolkit.topic;

import dev.holdfast.engine.base.Thrown;
import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.Subscription;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel of typed messages to its present listeners. Nothing is kept: a listener that is not there, or has lost its connection,
 * misses what is published meanwhile, and gets a {@link Listener#gap}. For messages that wait for their readers there is
 * {@link DurableTopic}. The health of a toolkit shows a topic as long as somebody listens to it.
 *
 * <pre>
 * Topic&lt;Price&gt; prices = toolkit.topic("prices", Price.class);
 * try (Subscription subscription = prices.subscribe((channel, price) -&gt; show(price))) {
 *     prices.publish(new Price("ACME", 42.0));
 * }
 * </pre>
 */
public final class Topic<T> implements Pattern {
    /**
     * Receives messages, one after the other, on a thread of their own. What it throws is logged and counted. One that is slow has up to 32
     * MiB wait for it; then they are dropped, and its gap is called.
     */
    @FunctionalInterface
    public interface Listener<T> {
        /**
         * A message has come.
         *
         * @param channel on which
         */
        void message(String channel, T message);

        /** Messages may have been missed: the connection was lost and is there again, or the listener was too slow. */
        default void gap() {}
    }

    private static final Logger LOG = LoggerFactory.getLogger(Topic.class);

    private final Context context;
    private final Store store;
    private final String name;
    private final Codec<T> codec;
    private final boolean sharded;
    private final Set<Listening> listening = ConcurrentHashMap.newKeySet();
    private final Counter published;
    private final Counter received;
    private final Counter failed;
    private final Counter gaps;

    /**
     * @param name the channel's name; to subscribe only it may be a glob pattern, with {@link #subscribeMatching}
     * @param sharded whether messages stay with the nodes of the channel's slot. On a cluster that spares all others the work.
     *     Such channels have no patterns
     */
    public Topic(Context context, String name, Codec<T> codec, boolean sharded) {
        this.context = context;
        this.store = context.store();
        this.name = name;
        this.codec = Codecs.guarded(codec);
        this.sharded = sharded;
        Instruments instruments = context.instruments(kind(), name);
        this.published = instruments.counter("published");
        this.received = instruments.counter("received", "result", "handled");
        this.failed = instruments.counter("received", "result", "failed");
        this.gaps = instruments.counter("gaps");
    }

    @Override
    public String kind() {
        return "topic";
    }

    @Override
    public String name() {
        return name;
    }

    /** Publishes a message to those who listen now. */
    public void publish(T message) {
        Command command = Command.of(sharded ? "SPUBLISH" : "PUBLISH", name, codec.encode(message));
        context.retry().once(() -> store.call(command));
        published.increment();
    }

    /** Listens to the channel from now on. */
    public Subscription subscribe(Listener<T> listener) {
        return listen(sharded ? Channels.sharded(name) : Channels.named(name), listener);
    }

    /** Listens to every channel whose name matches the topic's name as a glob pattern: {@code orders:*}. */
    public Subscription subscribeMatching(Listener<T> listener) {
        if (sharded) {
            throw new IllegalStateException("sharded channels have no patterns");
        }
        return listen(Channels.matching(name), listener);
    }

    private Subscription listen(Channels channels, Listener<T> listener) {
        Listening begun = new Listening(store.subscribe(channels, adapt(listener)));
        synchronized (listening) {
            if (listening.isEmpty()) {
                context.register(this);
            }
            listening.add(begun);
        }
        return begun;
    }

    /** One listener of the topic. */
    private final class Listening implements Subscription {
        private final Subscription subscription;

        Listening(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public boolean isActive() {
            return subscription.isActive();
        }

        @Override
        public void close() {
            subscription.close();
            synchronized (listening) {
                if (listening.remove(this) && listening.isEmpty()) {
                    context.unregister(Topic.this);
                }
            }
        }
    }

    private MessageListener adapt(Listener<T> listener) {
        return new MessageListener() {
            @Override
            public void message(String channel, byte[] payload) {
                try {
                    listener.message(channel, codec.decode(payload));
                    received.increment();
                } catch (CodecException e) {
                    failed.increment();
                    LOG.warn("A message on {} cannot be read: {}", channel, Thrown.text(e));
                } catch (Throwable e) {
                    failed.increment();
                    LOG.warn("The listener of {} failed", channel, Thrown.loggable(e));
                }
            }

            @Override
            public void gap() {
                gaps.increment();
                listener.gap();
            }
        };
    }

    /** Down while a listener's connection is lost. */
    @Override
    public Health health() {
        return new Health(listening.stream().allMatch(Subscription::isActive), Map.of("listeners", listening.size()));
    }

    /** Ends its subscriptions. */
    @Override
    public void close() {
        List.copyOf(listening).forEach(Subscription::close);
    }
}
