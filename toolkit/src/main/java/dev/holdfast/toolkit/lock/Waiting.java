package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.Subscription;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those in this process who wait for a lock. One subscription wakes all of them. It is made in the background when somebody waits for
 * the first time, and those who wait by then ask again once it is there; without it they ask again after a while all the same.
 */
final class Waiting {
    private static final Logger LOG = LoggerFactory.getLogger(Waiting.class);

    private final Context context;
    private final Map<String, Set<Semaphore>> waiters = new ConcurrentHashMap<>();
    private boolean subscribing;
    private @Nullable Subscription releases;
    private boolean closed;

    Waiting(Context context) {
        this.context = context;
    }

    /** Begins to wait: the semaphore gets a permit whenever the lock of the channel may be free. */
    void enter(String channel, Semaphore woken) {
        waiters.compute(channel, (name, all) -> {
            Set<Semaphore> some = all == null ? ConcurrentHashMap.newKeySet() : all;
            some.add(woken);
            return some;
        });
        listen();
    }

    void leave(String channel, Semaphore woken) {
        waiters.computeIfPresent(channel, (name, all) -> all.remove(woken) && all.isEmpty() ? null : all);
    }

    int size() {
        return waiters.size();
    }

    private synchronized void listen() {
        if (!subscribing && !closed) {
            subscribing = true;
            try {
                context.errands().execute(this::subscribe);
            } catch (RejectedExecutionException e) {
                LOG.debug("The toolkit is closing", e);
            }
        }
    }

    private void subscribe() {
        try {
            Subscription made = context.store().subscribe(Channels.matching(LockKeys.CHANNELS), new Releases());
            synchronized (this) {
                if (!closed) {
                    releases = made;
                    wakeAll();
                    return;
                }
            }
            made.close();
        } catch (RuntimeException e) {
            LOG.debug("Those who wait for locks ask now and then", e);
            synchronized (this) {
                subscribing = false;
            }
        }
    }

    private void wakeAll() {
        waiters.values().forEach(Waiting::wake);
    }

    private static void wake(Set<Semaphore> some) {
        some.forEach(Semaphore::release);
    }

    /** Hears of what has been given back. */
    private final class Releases implements MessageListener {
        @Override
        public void message(String channel, byte[] payload) {
            Set<Semaphore> some = waiters.get(channel);
            if (some != null) {
                wake(some);
            }
        }

        @Override
        public void gap() {
            wakeAll();
        }
    }

    void close() {
        Subscription made;
        synchronized (this) {
            closed = true;
            made = releases;
            releases = null;
        }
        if (made != null) {
            made.close();
        }
        wakeAll();
    }
}
