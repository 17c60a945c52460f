package dev.holdfast.examples.lines;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.MapCache;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Schedule;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.queue.QueueConsumer;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.session.Session;
import dev.holdfast.toolkit.session.Sessions;
import dev.holdfast.toolkit.store.Subscription;
import dev.holdfast.toolkit.stream.StreamConsumer;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.Topic;
import dev.holdfast.toolkit.topic.TopicReader;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/** Each pattern in ten lines. The page {@code docs/toolkit/ten-lines.md} shows the bodies of these methods. */
@SuppressWarnings("try") // What is closed is at work meanwhile.
public final class TenLines {
    /** A user. */
    public record User(String name, String language) {}

    /** A mail. */
    public record Mail(String to, String text) {}

    private final Toolkit toolkit;

    public TenLines(Toolkit toolkit) {
        this.toolkit = toolkit;
    }

    private static User fromDatabase(String id) {
        return new User(id, "de");
    }

    public String cache() {
        Cache<User> users = toolkit.cache("users", User.class)
                .ttl(Duration.ofMinutes(5))
                .ttlOf(user -> user.name().isEmpty() ? Duration.ofSeconds(10) : null)
                .build();
        User user = users.get("42", id -> fromDatabase(id));
        users.put("43", new User("ada", "en"), users.options().tags("english"));
        users.invalidateTag("english");
        users.invalidate("42");
        return user == null ? "unknown" : user.language();
    }

    public Map<String, String> mapCache() {
        MapCache settings =
                toolkit.mapCache("settings:").ttl(Duration.ofMinutes(5)).build();
        Map<String, String> found = settings.get("theme", key -> Map.of("colour", "dark"));
        settings.put("theme", Map.of("colour", "light"));
        settings.invalidate("theme");
        return found;
    }

    public Optional<List<Long>> sessions() {
        Sessions sessions = toolkit.sessions("session:")
                .ttl(Duration.ofHours(1))
                .atMost(Duration.ofDays(1))
                .mostPerPrincipal(5)
                .build();
        Session session = sessions.create().principal("ada");
        session.set("seen", List.of(1L, 2L)).save();
        Session found = sessions.find(session.id()).orElseThrow();
        found.rotate();
        return found.get("seen", new TypeReference<List<Long>>() {});
    }

    public boolean limits() {
        RateLimiter limiter = toolkit.rateLimiter("rate:api")
                .limit(Limit.tokenBucket(10, Duration.ofSeconds(1)))
                .limit(Limit.fixedWindow(5000, Duration.ofDays(1)))
                .build();
        Decision decision = limiter.tryAcquire("client-7");
        if (!decision.allowed()) {
            System.out.println("Retry-After: " + decision.retryAfterSeconds());
        }
        limiter.acquire("client-7");
        return decision.allowed();
    }

    public long locks() {
        try (Lease lease = toolkit.locks().mutex("nightly-report").acquire()) {
            lease.onLost(() -> System.out.println("somebody else may have it"));
            return lease.fencingToken();
        }
    }

    public List<Ranking.Scored> ranking() {
        Ranking players = toolkit.ranking("players").tiesByTime().build();
        players.add("ada", 10);
        players.submit(Map.of("grace", 12.0, "alan", 9.0), Ranking.Submit.MAX);
        players.standing("ada").ifPresent(standing -> System.out.println("ada is number " + standing.rank()));
        return players.top(2);
    }

    public @Nullable Mail jobs() throws InterruptedException {
        BlockingQueue<Mail> sent = new LinkedBlockingQueue<>();
        Jobs jobs = toolkit.jobs("app").queue("urgent", 3).queue("default", 1).build();
        jobs.add(NewJob.of("mail", new Mail("ada", "hello")).queue("urgent").attempts(5));
        jobs.schedule("nightly", Schedule.cron("30 4 * * *", ZoneOffset.UTC), () -> NewJob.of("report", "daily"));
        try (Worker worker = jobs.worker()
                .handle("mail", Mail.class, job -> sent.add(job.payload()))
                .handleWithResult("report", String.class, job -> "42 pages")
                .start()) {
            return sent.poll(20, TimeUnit.SECONDS);
        }
    }

    public @Nullable List<Long> queue() throws InterruptedException {
        BlockingQueue<List<Long>> done = new LinkedBlockingQueue<>();
        ReliableQueue<List<Long>> orders = toolkit.queue("orders", new TypeReference<List<Long>>() {})
                .priorities("high", "low")
                .build();
        orders.put("low", List.of(1L, 2L));
        orders.put("high", List.of(3L), Duration.ofSeconds(60));
        try (QueueConsumer<List<Long>> consumer = orders.consume(4, delivery -> done.add(delivery.message()))) {
            return done.poll(20, TimeUnit.SECONDS);
        }
    }

    public @Nullable Mail stream() throws InterruptedException {
        BlockingQueue<Mail> done = new LinkedBlockingQueue<>();
        StreamTasks<Mail> mails =
                toolkit.streamTasks("mails", Mail.class).group("senders").build();
        mails.add(new Mail("ada", "hello"));
        try (StreamConsumer<Mail> consumer = mails.consume(entry -> done.add(entry.value()))) {
            return done.poll(20, TimeUnit.SECONDS);
        }
    }

    public @Nullable Mail topic() throws InterruptedException {
        BlockingQueue<Mail> heard = new LinkedBlockingQueue<>();
        Topic<Mail> news = toolkit.topic("news", Mail.class);
        try (Subscription subscription = news.subscribe((channel, mail) -> heard.add(mail))) {
            news.publish(new Mail("all", "hello"));
            return heard.poll(20, TimeUnit.SECONDS);
        }
    }

    public @Nullable Mail durableTopic() throws InterruptedException {
        BlockingQueue<Mail> read = new LinkedBlockingQueue<>();
        DurableTopic<Mail> history =
                toolkit.durableTopic("history", Mail.class).keep(10_000).build();
        history.publish(new Mail("all", "hello"));
        try (TopicReader<Mail> reader =
                history.read("archive", DurableTopic.Start.OLDEST, (id, mail) -> read.add(mail))) {
            return read.poll(20, TimeUnit.SECONDS);
        }
    }
}
