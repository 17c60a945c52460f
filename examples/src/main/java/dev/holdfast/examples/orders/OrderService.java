package dev.holdfast.examples.orders;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.queue.QueueStats;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.ranking.Ranking.Scored;
import dev.holdfast.toolkit.topic.Topic;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A service whose recipes are the usual ones, under their usual keys: {@code queue:high}, {@code rate:api:…}, {@code limit:action:…},
 * {@code ranking:active:users}, {@code lock:…}, and the channel {@code events:order:created}.
 */
public final class OrderService implements AutoCloseable {
    /** An order. */
    public record Order(String id, String user, String kind) {}

    private final Toolkit toolkit;
    private final ReliableQueue<Order> queue;
    private final RateLimiter requests;
    private final RateLimiter logins;
    private final Ranking active;
    private final Topic<Order> created;

    public OrderService(Toolkit toolkit) {
        this.toolkit = toolkit;
        this.queue = toolkit.queue("queue", Order.class).build();
        this.requests = toolkit.rateLimiter("rate:api")
                .limit(Limit.slidingLog(100, Duration.ofMinutes(1)))
                .build();
        this.logins = toolkit.rateLimiter("limit:action")
                .limit(Limit.fixedWindow(5, Duration.ofHours(1)))
                .build();
        this.active = toolkit.ranking("active:users").build();
        this.created = toolkit.topic("events:order:created", Order.class);
    }

    /** Takes an order, if the client has not sent too many requests. */
    public Decision order(String client, Order order) {
        Decision decision = requests.tryAcquire(client + ":orders");
        if (decision.allowed()) {
            queue.put(order.kind().equals("critical") ? "high" : "medium", order);
            active.add("user:" + order.user(), 1);
            created.publish(order);
        }
        return decision;
    }

    /** Whether a user may try to log in once more. */
    public boolean mayLogIn(String user) {
        return logins.tryAcquire(user + ":login").allowed();
    }

    /** Works orders off, ten at once. */
    public void work(Consumer<Order> what) {
        queue.consume(10, delivery -> what.accept(delivery.message()));
    }

    /** The ten users who have ordered most. */
    public List<Scored> mostActive() {
        return active.top(10);
    }

    /** Does something that must not be done by two instances at once; returns false if another is at it. */
    public boolean migrate(Runnable migration) {
        Optional<Lease> lease = toolkit.locks().mutex("database:migration").tryAcquire();
        lease.ifPresent(held -> {
            try (held) {
                migration.run();
            }
        });
        return lease.isPresent();
    }

    /** How the queues stand. */
    public QueueStats stats() {
        return queue.stats();
    }

    @Override
    public void close() {
        toolkit.close();
    }

    public static void main(String[] args) throws InterruptedException {
        try (OrderService service = new OrderService(Toolkit.open("embedded:"))) {
            service.work(order -> System.out.println("worked off: " + order));
            service.order("client123", new Order("1", "ada", "normal"));
            service.order("client123", new Order("2", "ada", "critical"));
            service.order("client123", new Order("3", "grace", "normal"));
            System.out.println("migrated: " + service.migrate(() -> {}));
            Thread.sleep(500);
            System.out.println(service.mostActive());
            System.out.println(service.stats());
        }
    }
}
