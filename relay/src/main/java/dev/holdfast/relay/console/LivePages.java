package dev.holdfast.relay.console;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Outbox;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.relay.http.WebSocketListener;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The overview, once and live. While a tab listens, one thread reads the store's figures each second, for all tabs; nothing is read
 * when none does.
 *
 * <p>Messages of the socket: {@code {"type": "history", "samples": […]}} first, then each second {@code {"type": "sample", "sample": …,
 * "commands": […]}}, and with each fifth of them the {@code overview}. Clients send nothing.
 */
final class LivePages implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LivePages.class);
    private static final Duration BETWEEN = Duration.ofSeconds(1);
    private static final int SAMPLES = 300;
    private static final int SELDOM = 5;
    private static final int MOST_TABS = 100;
    private static final int OUTBOX_BYTES = 256 * 1024;
    private static final int POLICY_VIOLATION = 1008;

    private final Access access;
    private final Overview overview;
    private final Set<Tab> tabs = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Map<String, @Nullable Object>> samples = new ArrayDeque<>();
    private @Nullable Thread thread;
    private volatile boolean closed;

    private record Tab(Outbox out, Login.Principal principal) {}

    LivePages(Access access, Overview overview) {
        this.access = access;
        this.overview = overview;
    }

    void add(Routes routes) {
        routes.get("/console/api/overview", access.reading(request -> Response.json(overview.page(overview.look()))))
                .get("/console/api/live", this::listen);
    }

    private Response listen(Request request) {
        Login.Principal principal = access.login().of(request, User.READ);
        if (tabs.size() >= MOST_TABS) {
            throw new HttpError(429, "at most " + MOST_TABS + " tabs listen at once");
        }
        return Response.webSocket(OUTBOX_BYTES, out -> open(out, principal));
    }

    private WebSocketListener open(Outbox out, Login.Principal principal) {
        Tab tab = new Tab(out, principal);
        lock.lock();
        try {
            out.offer(Json.write(Map.of("type", "history", "samples", List.copyOf(new ArrayList<>(samples)))));
            tabs.add(tab);
            if (thread == null && !closed) {
                samples.clear();
                thread = Thread.ofVirtual().name("holdfast-console-live").start(this::run);
            }
        } finally {
            lock.unlock();
        }
        out.onClose(() -> tabs.remove(tab));
        return text -> {};
    }

    private void run() {
        Overview.Moment before = null;
        int round = 0;
        try {
            while (!isOver()) {
                before = step(before, round++);
                Thread.sleep(BETWEEN);
            }
        } catch (InterruptedException e) {
            LOG.debug("The console's figures end");
        }
    }

    /** Ends the thread where no tab is left; decided together with whether a new one begins it. */
    private boolean isOver() {
        lock.lock();
        try {
            if (tabs.isEmpty() || closed) {
                thread = null;
                return true;
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    private Overview.@Nullable Moment step(Overview.@Nullable Moment before, int round) {
        try {
            Overview.Moment now = overview.look();
            Map<String, @Nullable Object> message = new java.util.LinkedHashMap<>();
            message.put("type", "sample");
            if (before != null) {
                Map<String, @Nullable Object> sample = overview.sample(before, now);
                remember(sample);
                message.put("sample", sample);
                message.put("commands", overview.commands(before, now));
            }
            boolean seldom = round % SELDOM == 0;
            if (seldom) {
                message.put("overview", overview.page(now));
            }
            say(Json.write(message), seldom);
            return now;
        } catch (StoreException e) {
            say(Json.write(Map.of("type", "failure", "detail", String.valueOf(e.getMessage()))), true);
            return null;
        } catch (RuntimeException e) {
            LOG.error("The console's figures failed", e);
            return null;
        }
    }

    private void remember(Map<String, @Nullable Object> sample) {
        lock.lock();
        try {
            samples.add(sample);
            if (samples.size() > SAMPLES) {
                samples.remove();
            }
        } finally {
            lock.unlock();
        }
    }

    /** A tab that does not read misses samples; one whose user may not look any more is closed. */
    private void say(byte[] message, boolean check) {
        tabs.removeIf(tab -> tab.out.offer(message) == Outbox.Outcome.CLOSED);
        if (check) {
            for (Tab tab : tabs) {
                if (!isStillIn(tab.principal)) {
                    tab.out.close(POLICY_VIOLATION, "log in again");
                }
            }
        }
    }

    private boolean isStillIn(Login.Principal principal) {
        try {
            return access.login().isStillIn(principal);
        } catch (StoreException e) {
            // The store cannot say, and no figures are shown either.
            return true;
        }
    }

    @Override
    public void close() {
        closed = true;
        lock.lock();
        try {
            if (thread != null) {
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }
}
