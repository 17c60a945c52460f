package dev.holdfast.toolkit.store;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.push.PushListener;
import io.lettuce.core.codec.StringCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server-assisted invalidation: CLIENT TRACKING in broadcasting mode, on the very connections that carry the commands, with
 * NOLOOP, so that a server tells of every change under the prefixes but those that were made here.
 *
 * <p>Tracking belongs to a connection and ends with it. So whenever a connection is made, here or to another node of a cluster,
 * tracking is begun again on all of them, and every listener hears that anything may have changed, after that and not before:
 * what is read from then on is tracked.
 */
final class RemoteTracking {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteTracking.class);
    private static final long AGAIN_MILLIS = 200;

    private final RemoteStore store;
    private final Connector connector;
    private final StatefulConnection<byte[], byte[]> connection;
    private final ScheduledExecutorService timer;
    private final Map<Tracked, Boolean> listeners = new ConcurrentHashMap<>();
    private final Set<StatefulRedisConnection<byte[], byte[]>> heard = Collections.newSetFromMap(new WeakHashMap<>());
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private boolean listening;
    private volatile boolean supported = true;
    private volatile boolean active;

    RemoteTracking(
            RemoteStore store,
            Connector connector,
            StatefulConnection<byte[], byte[]> connection,
            ScheduledExecutorService timer) {
        this.store = store;
        this.connector = connector;
        this.connection = connection;
        this.timer = timer;
    }

    synchronized Optional<Subscription> track(String prefix, InvalidationListener listener) {
        Tracked tracked = new Tracked(prefix, listener);
        listeners.put(tracked, true);
        if (!listening) {
            listening = true;
            connector.onConnect(this::beginAgain);
        }
        begin();
        if (!supported) {
            listeners.remove(tracked);
            return Optional.empty();
        }
        return Optional.of(tracked);
    }

    private void beginAgain() {
        active = false;
        if (!listeners.isEmpty() && scheduled.compareAndSet(false, true)) {
            schedule(0);
        }
    }

    private void schedule(long millis) {
        try {
            timer.schedule(
                    () -> {
                        scheduled.set(false);
                        begin();
                    },
                    millis,
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The store is closing", e);
        }
    }

    /** Begins tracking on all connections, with the prefixes of all listeners, and tells these to forget what they know. */
    private synchronized void begin() {
        List<String> words = new ArrayList<>(List.of("TRACKING", "ON", "BCAST", "NOLOOP"));
        for (String prefix : coveringPrefixes()) {
            words.add("PREFIX");
            words.add(prefix);
        }
        try {
            for (StatefulRedisConnection<byte[], byte[]> node : connector.primaries(connection)) {
                if (heard.add(node)) {
                    node.addListener((PushListener) push -> receive(push.getContent(LettuceOptions::bytes)));
                }
                store.call(node, Command.of("CLIENT", "TRACKING", "OFF"));
                if (words.size() > 4) {
                    store.call(node, Command.of("CLIENT", words.toArray()));
                }
            }
            active = true;
        } catch (RuntimeException e) {
            if (e instanceof CommandFailedException failed && !Retry.isPassing(failed)) {
                LOG.info("The server does not track keys: {}", e.getMessage());
                supported = false;
            } else {
                LOG.debug("Tracking could not begin yet", e);
                if (scheduled.compareAndSet(false, true)) {
                    schedule(AGAIN_MILLIS);
                }
            }
        }
        listeners.keySet().forEach(tracked -> tracked.listener.allInvalidated());
    }

    /** The prefixes without those that begin with another: the server refuses prefixes that overlap. */
    private Set<String> coveringPrefixes() {
        TreeSet<String> covering = new TreeSet<>();
        TreeSet<String> all = new TreeSet<>();
        listeners.keySet().forEach(tracked -> all.add(tracked.prefix));
        for (String prefix : all) {
            if (covering.isEmpty() || !prefix.startsWith(covering.last())) {
                covering.add(prefix);
            }
        }
        return covering;
    }

    private void receive(List<Object> push) {
        if (!"invalidate".equals(text(push.getFirst()))) {
            return;
        }
        if (!(push.getLast() instanceof List<?> keys)) {
            listeners.keySet().forEach(tracked -> tracked.listener.allInvalidated());
            return;
        }
        for (Object key : keys) {
            byte[] bytes = key instanceof byte[] raw ? raw : text(key).getBytes(StandardCharsets.UTF_8);
            for (Tracked tracked : listeners.keySet()) {
                if (tracked.covers(bytes)) {
                    tracked.listener.invalidated(bytes);
                }
            }
        }
    }

    private static String text(Object word) {
        return word instanceof byte[] bytes
                ? StringCodec.UTF8.decodeValue(java.nio.ByteBuffer.wrap(bytes))
                : String.valueOf(word);
    }

    /** One listener and its prefix. */
    private final class Tracked implements Subscription {
        private final String prefix;
        private final byte[] prefixBytes;
        private final InvalidationListener listener;

        Tracked(String prefix, InvalidationListener listener) {
            this.prefix = prefix;
            this.prefixBytes = prefix.getBytes(StandardCharsets.UTF_8);
            this.listener = listener;
        }

        boolean covers(byte[] key) {
            int length = prefixBytes.length;
            return key.length >= length && java.util.Arrays.equals(key, 0, length, prefixBytes, 0, length);
        }

        @Override
        public boolean isActive() {
            return active && listeners.containsKey(this);
        }

        @Override
        public void close() {
            listeners.remove(this);
        }
    }
}
