package dev.holdfast.examples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.examples.evi.Backend;
import dev.holdfast.examples.orders.OrderService;
import dev.holdfast.examples.orders.OrderService.Order;
import dev.holdfast.examples.pages.PageCache;
import dev.holdfast.examples.reports.Reports;
import dev.holdfast.examples.zerotrace.Scanner;
import dev.holdfast.toolkit.Toolkit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The examples do what they say, over a store in this JVM. */
class ExamplesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

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
    void aReportIsTheSumOfItsParts() {
        try (Reports reports = new Reports(Toolkit.open("embedded:"))) {
            reports.start();
            Reports.Part part = new Reports.Part("a", List.of(1, 2));
            assertEquals(9, reports.report("spring", List.of(part, part, part)));
            assertTrue(reports.failures().isEmpty());
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

    @Test
    void emailsAreSentThoughTheFirstTryFails() {
        try (Toolkit toolkit = Toolkit.open("embedded:");
                Backend backend = new Backend(toolkit)) {
            List<Map<String, String>> tried = new CopyOnWriteArrayList<>();
            AtomicBoolean first = new AtomicBoolean(true);
            backend.email("welcome", "{\"user\":1}");
            backend.work(email -> {
                tried.add(email);
                if (first.getAndSet(false)) {
                    throw new IllegalStateException("this is a test");
                }
            });
            toolkit.store().call("XADD", "stream:tasks:email", "*", "type", "notify", "payload", "by another program");
            await().atMost(PATIENCE)
                    .until(() -> tried.size() == 3
                            && toolkit.store()
                                            .call("XPENDING", "stream:tasks:email", "workers")
                                            .list()
                                            .getFirst()
                                            .number()
                                    == 0);
            assertEquals(
                    List.of("notify", "welcome", "welcome"),
                    tried.stream().map(email -> email.get("type")).sorted().toList());
        }
    }

    @Test
    void findingsAreLookedUpOnce() {
        try (Scanner scanner = new Scanner(Toolkit.open("embedded:"))) {
            scanner.start();
            scanner.scan(new Scanner.Host("web-1", List.of("nginx", "openssl")), "critical");
            await().atMost(PATIENCE).until(() -> scanner.enriched() == 2);
            scanner.scan(new Scanner.Host("web-2", List.of("nginx", "php")), "low");
            await().atMost(PATIENCE).until(() -> scanner.enriched() == 4);
            assertEquals(3, scanner.lookups());
        }
    }

    @Test
    void ordersAreWorkedOff() {
        try (Toolkit toolkit = Toolkit.open("embedded:");
                OrderService service = new OrderService(toolkit)) {
            List<String> done = new CopyOnWriteArrayList<>();
            assertTrue(service.order("c", new Order("1", "ada", "normal")).allowed());
            assertTrue(service.order("c", new Order("2", "ada", "critical")).allowed());
            assertTrue(service.order("c", new Order("3", "grace", "normal")).allowed());
            assertEquals(1, toolkit.store().call("LLEN", "queue:high").number());
            service.work(order -> done.add(order.id()));
            await().atMost(PATIENCE).until(() -> done.size() == 3);
            assertEquals("user:ada", service.mostActive().getFirst().member());
            for (int i = 0; i < 5; i++) {
                assertTrue(service.mayLogIn("ada"));
            }
            assertFalse(service.mayLogIn("ada"));
            toolkit.store().call("SET", "lock:database:migration", "somebody else", "NX", "PX", 60_000);
            assertFalse(service.migrate(() -> {}));
            toolkit.store().call("DEL", "lock:database:migration");
            assertTrue(service.migrate(() -> {}));
        }
    }
}
