import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.queue.Delivery;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The toolkit as a process of its own, beside programs in other languages: takes one request a line, words separated by tabs, and
 * answers each with one line, which begins with "= "; the log may stand between. Called with the URI of the store.
 */
void main(String[] arguments) throws Exception {
    try (Toolkit toolkit = Toolkit.open(arguments[0])) {
        var queue = toolkit.queue("queue", String.class).build();
        var settings = toolkit.mapCache("cache:db:").build();
        var tasks = toolkit.streamTasks("tasks:email").group("workers").build();
        var taken = new LinkedBlockingQueue<Map<String, String>>();
        Map<String, Lease> leases = new java.util.HashMap<>();
        for (String line; (line = IO.readln()) != null; ) {
            List<String> words = List.of(line.split("\t"));
            String answer =
                    switch (words.getFirst()) {
                        case "queue-put" -> {
                            queue.put(words.get(1), words.get(2));
                            yield "ok";
                        }
                        case "queue-take" -> {
                            Optional<Delivery<String>> delivery = queue.take(Duration.ofSeconds(20));
                            delivery.ifPresent(Delivery::done);
                            yield delivery.map(Delivery::message).orElse("none");
                        }
                        case "lock" -> {
                            Optional<Lease> lease = toolkit.locks().mutex(words.get(1)).tryAcquire();
                            lease.ifPresent(held -> leases.put(words.get(1), held));
                            yield String.valueOf(lease.isPresent());
                        }
                        case "unlock" -> {
                            leases.remove(words.get(1)).close();
                            yield "ok";
                        }
                        case "limit" -> // prefix, subject, how many in a minute
                            String.valueOf(toolkit.rateLimiter(words.get(1))
                                    .limit(Limit.fixedWindow(Integer.parseInt(words.get(3)), Duration.ofMinutes(1)))
                                    .build()
                                    .tryAcquire(words.get(2))
                                    .allowed());
                        case "rank" ->
                            String.valueOf(toolkit.ranking(words.get(1)).build().add(words.get(2), Double.parseDouble(words.get(3))));
                        case "settings" -> settings.get("settings", _ -> Map.of()).toString();
                        case "settings-put" -> {
                            settings.put("settings", Map.of(words.get(1), words.get(2)));
                            yield "ok";
                        }
                        case "task-add" -> tasks.add(Map.of("type", words.get(1), "payload", words.get(2)));
                        case "task-consume" -> {
                            tasks.consume(entry -> taken.add(entry.value()));
                            yield "ok";
                        }
                        case "task-taken" -> {
                            Map<String, String> task = taken.poll(20, TimeUnit.SECONDS);
                            yield task == null ? "none" : task.get("type") + " " + task.get("payload");
                        }
                        default -> "unknown request";
                    };
            IO.println("= " + answer);
        }
    }
}
