package dev.holdfast.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.examples.evi.Backend;
import dev.holdfast.examples.pages.PageCache;
import dev.holdfast.toolkit.Toolkit;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The examples do what they say, over a store in this JVM. */
class ExamplesTest {
    @Test
    void pagesAreRenderedOnceAndAgainAfterAnEdit() {
        try (PageCache pages = new PageCache(Map.of("HOLDFAST_URI", "embedded:"))) {
            for (int i = 0; i < 3; i++) {
                assertEquals("<h1>/articles/1</h1>", pages.page("/articles/1"));
                pages.page("/articles/2");
                pages.page("/lists/new");
            }
            assertEquals(3, pages.rendered());
            pages.edited("1");
            pages.page("/articles/1");
            pages.page("/articles/2");
            pages.page("/lists/new");
            assertEquals(5, pages.rendered());
        }
    }

    @Test
    void theBackendsStateIsInFrontOfItsDatabase() throws Exception {
        try (Toolkit toolkit = Toolkit.open("embedded:");
                Backend backend = new Backend(toolkit)) {
            assertEquals(Map.of("theme", "dark", "language", "de"), backend.settings());
            backend.change("theme", "light");
            assertEquals("light", backend.settings().get("theme"));
            assertEquals(
                    "light",
                    toolkit.store().call("HGET", "cache:db:settings", "theme").text());
            for (int i = 0; i < 5; i++) {
                assertTrue(backend.request("user:1").allowed());
            }
            assertFalse(backend.request("user:1").allowed());
            assertTrue(backend.request("user:2").allowed());
        }
    }
}
