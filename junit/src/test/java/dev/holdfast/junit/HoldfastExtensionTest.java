package dev.holdfast.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.holdfast.engine.Holdfast;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs small test classes with JUnit's own test kit. */
class HoldfastExtensionTest {
    private static final List<URI> URIS = new ArrayList<>();

    private static void passes(int tests, Class<?>... classes) {
        URIS.clear();
        EngineTestKit.engine("junit-jupiter")
                .selectors(Arrays.stream(classes).map(type -> selectClass(type)).toArray(DiscoverySelector[]::new))
                .execute()
                .testEvents()
                .assertStatistics(events -> events.started(tests).succeeded(tests));
    }

    @HoldfastTest(uriProperty = "holdfast.test.uri")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Parameters {
        private final Holdfast holdfast;

        Parameters(Holdfast holdfast) {
            this.holdfast = holdfast;
        }

        @Test
        void first(TestStore store, URI uri, Holdfast parameter) {
            assertEquals(holdfast, parameter);
            assertEquals(holdfast, store.holdfast());
            assertEquals(store.uri(), uri);
            assertEquals(uri.toString(), System.getProperty("holdfast.test.uri"));
            holdfast.set("key", "1");
            store.fillMemory();
            store.advance(Duration.ofDays(1));
        }

        @Test
        void second(TestStore store) {
            assertNull(holdfast.get("key"));
            holdfast.set("key", "1");
            assertTrue(store.now().isBefore(Instant.now().plus(Duration.ofHours(1))));
        }
    }

    @Test
    void parametersAreGivenAndEachTestBeginsAnew() {
        passes(2, Parameters.class);
        assertNull(System.getProperty("holdfast.test.uri"));
    }

    @HoldfastTest(flush = false)
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Kept {
        @BeforeAll
        static void prepare(Holdfast holdfast) {
            holdfast.set("count", "1");
        }

        @Test
        void first(Holdfast holdfast) {
            assertEquals(2L, holdfast.call("INCR", "count"));
        }

        @Test
        void second(Holdfast holdfast) {
            assertEquals(3L, holdfast.call("INCR", "count"));
        }
    }

    @Test
    void dataMayBeKept() {
        passes(2, Kept.class);
    }

    @HoldfastTest
    static class Outer {
        @Test
        void outer(URI uri) {
            URIS.add(uri);
        }

        @Nested
        class Inner {
            @Test
            void inner(URI uri) {
                URIS.add(uri);
            }
        }
    }

    @Test
    void nestedClassesShareTheStore() {
        passes(2, Outer.class);
        assertEquals(URIS.getFirst(), URIS.getLast());
    }

    @HoldfastTest(scope = HoldfastTest.Scope.SUITE)
    static class OneOfTwo {
        @Test
        void test(URI uri, Holdfast holdfast) {
            URIS.add(uri);
            assertNull(holdfast.get("key"));
            holdfast.set("key", "1");
        }
    }

    @HoldfastTest(scope = HoldfastTest.Scope.SUITE)
    static class TheOther extends OneOfTwo {}

    @HoldfastTest(scope = HoldfastTest.Scope.SUITE, config = "databases 1")
    static class Different extends OneOfTwo {}

    @Test
    void classesOfTheSameConfigurationMayShareAStore() {
        passes(3, OneOfTwo.class, TheOther.class, Different.class);
        assertEquals(2, URIS.stream().distinct().count());
    }

    @HoldfastTest(config = "maxmemory lots")
    static class Wrong {
        @Test
        void test() {}
    }

    @Test
    void aWrongConfigurationSaysWhatIsWrong() {
        List<String> messages = EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(Wrong.class))
                .execute()
                .containerEvents()
                .failed()
                .stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow()
                        .getMessage())
                .toList();
        assertEquals(1, messages.size());
        assertTrue(messages.getFirst().contains("maxmemory lots"), messages::toString);
    }
}
