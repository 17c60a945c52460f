package dev.holdfast.conformance.script;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.holdfast.conformance.access.AccessPath;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Store;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Runs every scenario of every script on every way into the store, and on a real server, which must agree. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScriptTest {
    /** Its wall-clock time goes a hundred times slower: a second does not pass while a store is loaded again. */
    private static final class SlowClock implements InstantSource {
        private final Instant start = Instant.now();

        @Override
        public Instant instant() {
            return start.plus(Duration.between(start, Instant.now()).dividedBy(100));
        }
    }

    private final List<Script> scripts = Script.all();
    private final OurServer ours = new OurServer();
    private final OurServer withFiles;
    private final RealServer real = RealServer.start();

    ScriptTest(@TempDir Path directory) {
        withFiles = new OurServer(
                directory,
                new SlowClock(),
                "save",
                "",
                "appendonly",
                "yes",
                "appendfsync",
                "no",
                "enable-debug-command",
                "local");
    }

    @BeforeAll
    void say() {
        System.out.println("Scripts are judged by " + real);
    }

    @AfterAll
    void close() {
        ours.close();
        withFiles.close();
        real.close();
    }

    @TestFactory
    List<DynamicNode> scripts() {
        List<DynamicNode> ways = new ArrayList<>();
        for (AccessPath path : AccessPath.values()) {
            List<DynamicNode> tests = new ArrayList<>();
            for (Script script : scripts) {
                for (Script.Scenario scenario : script.scenarios()) {
                    if (runs(scenario, path)) {
                        tests.add(dynamicTest(
                                script.name() + ": " + scenario.title(),
                                () -> new Run(store(path), path, script, scenario).run()));
                    }
                }
            }
            ways.add(dynamicContainer(path.toString(), tests));
        }
        return ways;
    }

    private Store store(AccessPath path) {
        return path.isReal() ? real : path.needsFiles() ? withFiles : ours;
    }

    private boolean runs(Script.Scenario scenario, AccessPath path) {
        return switch (path) {
            case EMBEDDED -> !scenario.forbids("embedded");
            case RESP2 -> !scenario.forbids("resp2");
            case RESP3 -> true;
            case MULTI -> scenario.isPlain() && !scenario.forbids("multi");
            case SCRIPT -> scenario.isPlain() && !scenario.forbids("multi") && !scenario.forbids("script");
            case RELOADED -> scenario.isPlain() && !scenario.forbids("reloaded");
            case REPLAYED -> scenario.isPlain() && !scenario.forbids("replayed");
            case REAL_RESP2 ->
                real.version() >= scenario.since() && !scenario.forbids("resp2") && !scenario.forbids("real");
            case REAL_RESP3 -> real.version() >= scenario.since() && !scenario.forbids("real");
        };
    }

    /** A real server that were too old for most scenarios would judge nothing. */
    @Test
    void mostScenariosAreJudged() {
        long all =
                scripts.stream().mapToLong(script -> script.scenarios().size()).sum();
        List<Script.Scenario> judged = scripts.stream()
                .flatMap(script -> script.scenarios().stream())
                .filter(scenario -> runs(scenario, AccessPath.REAL_RESP3))
                .toList();
        long leftOut = judged.stream()
                .flatMap(scenario -> scenario.steps().stream())
                .filter(step -> real.version() < step.since())
                .count();
        String sentence = "%s judges %d of %d scenarios, and is not asked %d of their lines"
                .formatted(real, judged.size(), all, leftOut);
        System.out.println(sentence);
        assertTrue(judged.size() * 2L >= all, sentence);
    }
}
