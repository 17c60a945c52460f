package dev.holdfast.conformance.script;

import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.conformance.access.AccessPath;
import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.access.Store;
import dev.holdfast.conformance.script.Script.Step;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** One scenario on one way into a store. */
final class Run {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration POLL = Duration.ofMillis(2);

    private final AccessPath path;
    private final Store store;
    private final Script script;
    private final Script.Scenario scenario;
    private final Map<String, Session> clients = new HashMap<>();
    private final Map<String, String> ids = new HashMap<>();

    Run(Store store, AccessPath path, Script script, Script.Scenario scenario) {
        this.store = store;
        this.path = path;
        this.script = script;
        this.scenario = scenario;
    }

    void run() {
        try (Session control = store.connect(Answer.Form.RESP2)) {
            Answer flushed = control.run("FLUSHALL");
            if (flushed.isError()) {
                fail("FLUSHALL: " + flushed);
            }
            for (Step step : scenario.steps()) {
                if (store instanceof RealServer real && real.version() < step.since()) {
                    continue;
                }
                try {
                    take(step, control);
                } catch (RuntimeException e) {
                    throw new AssertionError(place(step) + e.getMessage(), e);
                }
            }
        } finally {
            clients.values().forEach(Session::close);
        }
    }

    private Session client(String name) {
        return clients.computeIfAbsent(name, ignored -> path.connect(store));
    }

    private void take(Step step, Session control) {
        if (step.expected().isEmpty()) {
            throw new IllegalArgumentException("no answer is given");
        }
        if (step.waits()) {
            Session session = client(step.client());
            String id = ids.computeIfAbsent(
                    step.client(), ignored -> session.run("CLIENT", "ID").text());
            session.send(step.words());
            Awaitility.await(place(step) + "waits")
                    .pollInterval(POLL)
                    .atMost(PATIENCE)
                    .until(() -> isBlocked(control, id));
            return;
        }
        Answer expected = step.expected(path.form());
        if (step.until()) {
            Awaitility.await(place(step) + expected)
                    .pollInterval(POLL)
                    .atMost(PATIENCE)
                    .until(() -> expected.accepts(client(step.client()).run(step.words())));
            return;
        }
        Session session = client(step.client());
        Answer actual = step.words().isEmpty() ? session.receive() : session.run(step.words());
        if (!expected.accepts(actual)) {
            fail(place(step) + "\n  expected " + expected + "\n  but was  " + actual);
        }
    }

    private static boolean isBlocked(Session control, String id) {
        String client = control.run(List.of("CLIENT", "LIST", "ID", id)).text();
        int flags = client.indexOf(" flags=") + 7;
        return client.substring(flags, client.indexOf(' ', flags)).contains("b");
    }

    private String place(Step step) {
        return script.name() + ".txt:" + step.line() + " (" + path + ") " + step.command() + ": ";
    }
}
