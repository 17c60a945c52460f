package dev.holdfast.conformance.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.access.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Writers that append numbers to lists of their own, as clients that know several servers do: one that answers that it may not be written
 * to is left for the next. What was acknowledged must be there once, in order.
 */
final class NumberedWriters implements AutoCloseable {
    /** Lists that grow slowly are compared quickly. */
    private static final long PACE_NANOS = 1_000_000;

    private final List<Store> servers;
    private final List<Thread> threads = new ArrayList<>();
    private final List<AtomicInteger> acknowledged = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private volatile boolean ended;

    NumberedWriters(int count, Store... servers) {
        this.servers = List.of(servers);
        for (int i = 0; i < count; i++) {
            String list = "items:" + i;
            AtomicInteger last = new AtomicInteger();
            acknowledged.add(last);
            threads.add(Thread.ofPlatform().start(() -> write(list, last)));
        }
    }

    private void write(String list, AtomicInteger last) {
        List<Session> sessions = new ArrayList<>();
        servers.forEach(server -> sessions.add(server.connect(Form.RESP2)));
        int at = 0;
        while (!ended) {
            Answer answer = sessions.get(at).run("RPUSH", list, "" + (last.get() + 1));
            String text = answer.text();
            if (text.startsWith("READONLY") || text.startsWith("MASTERDOWN") || text.startsWith("LOADING")) {
                at = (at + 1) % sessions.size();
            } else if (text.equals("" + (last.get() + 1))) {
                last.incrementAndGet();
                LockSupport.parkNanos(PACE_NANOS);
            } else {
                synchronized (unexpected) {
                    unexpected.add(list + " " + last + ": " + text);
                }
                ended = true;
            }
        }
        sessions.forEach(Session::close);
    }

    /** Waits until each has written some more. */
    void awaitMore(int items) throws InterruptedException {
        List<Integer> before = acknowledged.stream().map(AtomicInteger::get).toList();
        while (!ended
                && IntStream.range(0, before.size())
                        .anyMatch(i -> acknowledged.get(i).get() < before.get(i) + items)) {
            Thread.sleep(1);
        }
        expectNothingUnexpected();
    }

    private void expectNothingUnexpected() {
        synchronized (unexpected) {
            assertEquals(List.of(), unexpected);
        }
    }

    /** Ends them. */
    void stop() throws InterruptedException {
        ended = true;
        for (Thread thread : threads) {
            thread.join();
        }
        expectNothingUnexpected();
    }

    /** Expects every acknowledged item once and in order. The writers have been stopped. */
    void expectAllIn(Session server) {
        for (int i = 0; i < acknowledged.size(); i++) {
            List<String> wanted = IntStream.rangeClosed(1, acknowledged.get(i).get())
                    .mapToObj(Integer::toString)
                    .toList();
            List<String> found = server.run("LRANGE", "items:" + i, "0", "-1").parts().stream()
                    .map(Answer::text)
                    .toList();
            assertEquals(wanted, found, "items:" + i);
        }
    }

    @Override
    public void close() {
        ended = true;
    }
}
