package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.Subscription;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What scripts publish for those who wait: that a job is to stop, and that one has ended. A message is only a reason to look sooner;
 * a thread that waits looks by itself, too, so that nothing depends on it.
 */
final class JobEvents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobEvents.class);
    private static final String CANCEL = "cancel:";
    private static final String ENDED = "ended:";

    private final Jobs jobs;
    private final Set<Runnable> onCancel = ConcurrentHashMap.newKeySet();
    private final Map<String, Set<Semaphore>> waiting = new ConcurrentHashMap<>();
    private @Nullable Subscription subscription;
    private boolean closed;

    JobEvents(Jobs jobs) {
        this.jobs = jobs;
    }

    /** Listens from now on, unless it does; if the store cannot be reached, from a later call on. */
    synchronized void listen() {
        if (subscription != null || closed) {
            return;
        }
        try {
            subscription = jobs.context().store().subscribe(Channels.named(jobs.base() + ":events"), new Listener());
            // What was said before may have been missed.
            onCancel.forEach(Runnable::run);
        } catch (StoreException e) {
            LOG.debug("Nothing is heard of jobs for the moment: {}", e.toString());
        }
    }

    private final class Listener implements MessageListener {
        @Override
        public void message(String channel, byte[] payload) {
            String message = new String(payload, StandardCharsets.UTF_8);
            if (message.startsWith(CANCEL)) {
                onCancel.forEach(Runnable::run);
            } else if (message.startsWith(ENDED)) {
                wake(message.substring(ENDED.length()));
            }
        }

        @Override
        public void gap() {
            onCancel.forEach(Runnable::run);
            waiting.keySet().forEach(JobEvents.this::wake);
        }
    }

    private void wake(String id) {
        waiting.getOrDefault(id, Set.of()).forEach(Semaphore::release);
    }

    /** Has something done soon after a job has been told to stop. */
    void onCancel(Runnable action) {
        onCancel.add(action);
        jobs.context().errands().execute(this::listen);
    }

    void removeOnCancel(Runnable action) {
        onCancel.remove(action);
    }

    /** Gets a permit whenever a job has ended; to be {@linkplain #forget taken back}. */
    Semaphore awaitEnd(String id) {
        Semaphore signal = new Semaphore(0);
        waiting.compute(id, (ignored, all) -> {
            Set<Semaphore> signals = all == null ? ConcurrentHashMap.newKeySet() : all;
            signals.add(signal);
            return signals;
        });
        listen();
        return signal;
    }

    void forget(String id, Semaphore signal) {
        waiting.computeIfPresent(id, (ignored, signals) -> {
            signals.remove(signal);
            return signals.isEmpty() ? null : signals;
        });
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (subscription != null) {
            subscription.close();
        }
    }
}
