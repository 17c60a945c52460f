package dev.holdfast.toolkit.cache;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.InvalidationListener;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.Subscription;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the first levels of a cache hear that something has changed: those of other processes through the store, those of this
 * process directly.
 *
 * <p>Where the server tracks keys, it tells every process but the one that made the change. Elsewhere each process
 * publishes what it changes, as {@code instance kind text} on {@code cache:invalidate:<prefix>}, and ignores what it has published
 * itself; a change by a program that does not publish is then found only when the entry's time here is over. After a lost connection
 * everything is dropped.
 */
final class Bus implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Bus.class);

    /** The caches of one context. */
    static final class Peers {
        private final Set<Bus> buses = ConcurrentHashMap.newKeySet();
    }

    private final Context context;
    private final Store store;
    private final CacheKeys keys;
    private final Near<?> near;
    private final Tags tags;
    private final Counters counters;
    private final Recovery recovery;
    private final Peers peers;
    private final String channel;
    private final List<Subscription> subscriptions = new ArrayList<>();
    private boolean tracked;

    Bus(Context context, CacheKeys keys, Near<?> near, Tags tags, Counters counters, Recovery recovery) {
        this.context = context;
        this.store = context.store();
        this.keys = keys;
        this.near = near;
        this.tags = tags;
        this.counters = counters;
        this.recovery = recovery;
        this.peers = context.shared(Peers.class, Peers::new);
        this.channel = "cache:invalidate:" + keys.prefix();
    }

    /** Begins to listen. */
    void open(boolean mayTrack) {
        peers.buses.add(this);
        Optional<Subscription> tracking = mayTrack ? store.track(keys.prefix(), new Entries()) : Optional.empty();
        if (tracking.isPresent()) {
            tracked = true;
            subscriptions.add(tracking.get());
            store.track(CacheKeys.TAG_VERSIONS, new Versions()).ifPresent(subscriptions::add);
            tags.follow(subscriptions.size() == 2);
        } else {
            subscriptions.add(store.subscribe(Channels.named(channel), new Messages()));
        }
    }

    boolean isTracked() {
        return tracked;
    }

    boolean isActive() {
        return subscriptions.stream().allMatch(Subscription::isActive);
    }

    /** Told by the server. */
    private final class Entries implements InvalidationListener {
        @Override
        public void invalidated(byte[] key) {
            drop(keys.key(key));
        }

        @Override
        public void allInvalidated() {
            near.dropAll();
        }
    }

    private final class Versions implements InvalidationListener {
        @Override
        public void invalidated(byte[] key) {
            tags.versionChanged(new String(key, StandardCharsets.UTF_8).substring(CacheKeys.TAG_VERSIONS.length()));
        }

        @Override
        public void allInvalidated() {
            tags.forgetVersions();
        }
    }

    /** Told by other processes. */
    private final class Messages implements MessageListener {
        @Override
        public void message(String from, byte[] payload) {
            String[] words = new String(payload, StandardCharsets.UTF_8).split(" ", 3);
            if (words.length == 3 && !words[0].equals(context.instance())) {
                if (words[1].equals("key")) {
                    drop(words[2]);
                } else {
                    dropMatching(words[2]);
                }
            }
        }

        @Override
        public void gap() {
            near.dropAll();
        }
    }

    private void drop(String key) {
        if (near.drop(key)) {
            counters.invalidations.increment();
        }
    }

    private void dropMatching(String pattern) {
        near.dropIf(key -> Glob.matches(pattern, key, false));
    }

    /** Tells the others that a key has been changed here. */
    void changed(String key) {
        for (Bus peer : peers.buses) {
            if (peer != this && peer.keys.prefix().equals(keys.prefix())) {
                peer.drop(key);
            }
        }
        if (!tracked) {
            publish("key", key);
        }
    }

    /** Tells the others that all keys that match a pattern have been removed here. */
    void changedMatching(String pattern) {
        for (Bus peer : peers.buses) {
            if (peer != this && peer.keys.prefix().equals(keys.prefix())) {
                peer.dropMatching(pattern);
            }
        }
        if (!tracked) {
            publish("pattern", pattern);
        }
    }

    /** Tells the caches of this process that a tag has another version. */
    void tagChanged(String tag) {
        peers.buses.forEach(peer -> peer.tags.versionChanged(tag));
    }

    private void publish(String kind, String text) {
        try {
            tell(kind, text);
        } catch (StoreException e) {
            LOG.warn("Other processes will learn later that {} {} has changed", kind, keys.prefix() + text, e);
            recovery.later("message " + kind + " " + text, () -> tell(kind, text));
        }
    }

    private boolean tell(String kind, String text) {
        store.publish(channel, (context.instance() + " " + kind + " " + text).getBytes(StandardCharsets.UTF_8));
        return true;
    }

    /** Has all processes forget what they hold of this cache. */
    void forgetAll() {
        near.dropAll();
        changedMatching("*");
    }

    @Override
    public void close() {
        peers.buses.remove(this);
        subscriptions.forEach(Subscription::close);
    }
}
