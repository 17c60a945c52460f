package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Outbox;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer of a group on a WebSocket: is sent messages as long as it has fewer than it may have unacknowledged. What it has when it
 * goes is given back at once.
 */
final class GroupConsumer implements Runnable, AutoCloseable {
    /** How long it takes at most until a message that falls due is seen. */
    static final Duration LOOKS_EVERY = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(GroupConsumer.class);
    private static final long WAIT_MILLIS = 10;

    private final Relay relay;
    private final Topic topic;
    private final String group;
    private final Groups.Settings settings;
    private final String name;
    private final int most;
    private final Outbox out;

    /** The messages that it has, until when. */
    private final Map<String, Long> held = new ConcurrentHashMap<>();

    private final Semaphore news = new Semaphore(0);
    private volatile boolean closed;

    GroupConsumer(Relay relay, Topic topic, String group, String name, int most, Outbox out) {
        this.relay = relay;
        this.topic = topic;
        this.group = group;
        this.settings = relay.groups().settings(topic, group);
        this.name = name;
        this.most = most;
        this.out = out;
    }

    Topic topic() {
        return topic;
    }

    @Override
    public void run() {
        try (Feed.Registration registration = relay.feed().register(topic, batch -> news.release())) {
            registration.hear();
            while (!closed && out.isOpen()) {
                if (!send()) {
                    await(news, LOOKS_EVERY.toNanos());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (HttpError e) {
            out.close(1008, "the group has been removed");
        } catch (StoreException | IllegalStateException e) {
            LOG.debug("A consumer of {} cannot be served", topic, e);
            out.close(1011, "the store cannot be read; come back");
        }
        giveBack();
    }

    /** Sends what there is. Returns whether there was anything. */
    private boolean send() throws InterruptedException {
        long now = System.nanoTime();
        held.values().removeIf(until -> until - now <= 0);
        int room = most - held.size();
        if (room <= 0) {
            return false;
        }
        relay.groups().settings(topic, group);
        List<Groups.Delivered> taken = relay.groups().take(topic, group, settings, name, room);
        for (Groups.Delivered each : taken) {
            held.put(each.message().id().toString(), now + settings.visibility().toNanos());
        }
        for (Groups.Delivered each : taken) {
            String frame = each.json("\"type\":\"delivery\",\"group\":\"" + group + "\",", topic.address());
            while (out.offer(frame) == Outbox.Outcome.FULL) {
                Thread.sleep(WAIT_MILLIS);
            }
        }
        return !taken.isEmpty();
    }

    private void giveBack() {
        try {
            relay.groups().dueIn(topic, group, settings, name, new ArrayList<>(held.keySet()), Duration.ZERO);
        } catch (StoreException | IllegalStateException e) {
            LOG.debug("Messages of {} fall due by themselves", topic, e);
        }
    }

    long acknowledge(List<String> ids) {
        long done = relay.groups().acknowledge(topic, group, ids);
        ids.forEach(held::remove);
        news.release();
        return done;
    }

    /** Gives messages back, for another delivery after a time that is less than the visibility time-out. */
    long giveBack(List<String> ids, Duration delay) {
        long changed = relay.groups().dueIn(topic, group, settings, name, ids, delay);
        ids.forEach(held::remove);
        news.release();
        return changed;
    }

    /** Keeps messages as if they had just been delivered. */
    long keep(List<String> ids) {
        long changed = relay.groups().dueIn(topic, group, settings, name, ids, settings.visibility());
        long until = System.nanoTime() + settings.visibility().toNanos();
        ids.forEach(id -> held.computeIfPresent(id, (same, before) -> until));
        return changed;
    }

    @Override
    public void close() {
        closed = true;
        news.release();
    }

    /** Waits until there is news, and takes all of it, or until time is over. */
    static void await(Semaphore news, long nanos) throws InterruptedException {
        if (news.tryAcquire(Math.max(0, nanos), TimeUnit.NANOSECONDS)) {
            news.drainPermits();
        }
    }
}
