package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.cpe.CpeImportResult;
import dev.holdfast.toolkit.cpe.CpeLayout;
import dev.holdfast.toolkit.cpe.CpeProgress;
import dev.holdfast.toolkit.cpe.Guess;
import dev.holdfast.toolkit.cpe.MalformedFileException;
import dev.holdfast.toolkit.store.HashTag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a dictionary of CPE names does. */
@ContractTest
class CpeContract extends Contract {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static CpeDictionary of(Toolkit toolkit) {
        return toolkit.cpeDictionary().refreshEvery(Duration.ofMillis(20)).build();
    }

    private static List<String> names(List<Guess> guesses) {
        return guesses.stream().map(Guess::cpe).toList();
    }

    /** A key of the dictionary as it is in this store. */
    private String key(String key) {
        return store().isCluster() ? HashTag.of("cpe") + ":" + key : key;
    }

    private Path acme() throws IOException {
        return file("acme.csv", """
                vendor,product
                acme,rocket_launcher
                acme,rocket_launcher
                acme,widget
                apache,http_server
                apache,tomcat
                mozilla,firefox
                """);
    }

    @Test
    void whatIsImportedIsFound() throws IOException {
        CpeDictionary dictionary = of(toolkit());
        assertEquals(List.of(), dictionary.guess("Mozilla Firefox", 5));
        CpeImportResult result = dictionary.importFile(acme(), CpeProgress.NONE);
        assertEquals(6, result.names());
        assertEquals(5, result.products());
        assertEquals(0, result.rejected());
        assertEquals(5, dictionary.size());
        assertEquals(
                "cpe:2.3:a:mozilla:firefox",
                names(dictionary.guess("Mozilla Firefox (x64 en-US)", 5)).getFirst());
        assertEquals(
                "cpe:2.3:a:apache:tomcat",
                dictionary.best("tomcat").orElseThrow().cpe());
        assertEquals(List.of(), dictionary.guess("Screwdriver", 5));
    }

    @Test
    void theStoreHoldsWhatCpeGuesserReads() throws IOException {
        CpeDictionary dictionary = of(toolkit());
        dictionary.importFile(acme(), CpeProgress.NONE);
        assertEquals(
                Set.of("cpe:2.3:a:acme:rocket_launcher", "cpe:2.3:a:acme:widget"),
                new TreeSet<>(store().call("SMEMBERS", key("w:acme")).texts()));
        assertEquals(
                List.of("cpe:2.3:a:acme:rocket_launcher"),
                store().call("SINTER", key("w:acme"), key("w:rocket")).texts());
        assertEquals(
                2,
                store().call("ZSCORE", key("s:rocket"), "cpe:2.3:a:acme:rocket_launcher")
                        .real());
        assertEquals(
                6,
                store().call("ZSCORE", key("rank:cpe"), "cpe:2.3:a:acme:rocket_launcher")
                        .real());
        assertEquals(5, store().call("ZCARD", key("rank:vendor_product")).number());
    }

    @Test
    void oneKeyIsEnough() throws IOException {
        CpeDictionary dictionary =
                toolkit().cpeDictionary().layout(CpeLayout.RANK_ONLY).build();
        dictionary.importFile(acme(), CpeProgress.NONE);
        assertEquals(
                0,
                store().call("EXISTS", key("w:acme"), key("s:acme"), key("rank:vendor_product"))
                        .number());
        assertEquals(
                "cpe:2.3:a:acme:widget",
                dictionary.best("Acme Widget").orElseThrow().cpe());
    }

    @Test
    void whatOthersImportIsFoundToo() throws IOException {
        CpeDictionary here = of(toolkit());
        CpeDictionary there = of(another());
        there.importFile(acme(), CpeProgress.NONE);
        eventually(() -> here.size() == 5);
        assertEquals(
                "cpe:2.3:a:mozilla:firefox", here.best("firefox").orElseThrow().cpe());
        store().call("ZINCRBY", key("rank:cpe"), 2, "cpe:2.3:a:mozilla:thunderbird");
        eventually(() -> there.best("Thunderbird.app").isPresent());
        here.clear();
        assertEquals(0, here.size());
        eventually(() -> there.size() == 0);
        assertEquals(0, store().call("EXISTS", key("rank:cpe"), key("w:acme")).number());
    }

    @Test
    void aFileCountsOnce() throws IOException {
        CpeDictionary dictionary = of(toolkit());
        dictionary.importFile(acme(), CpeProgress.NONE);
        Path copy = Files.copy(directory.resolve("acme.csv"), directory.resolve("copy.csv"));
        CpeImportResult again = dictionary.importFile(copy, CpeProgress.NONE);
        assertTrue(again.known());
        assertEquals(
                6,
                store().call("ZSCORE", key("rank:cpe"), "cpe:2.3:a:acme:rocket_launcher")
                        .real());
        CpeImportResult more = dictionary.importFile(file("more.csv", "acme,widget\nacme,anvil\n"), CpeProgress.NONE);
        assertFalse(more.known());
        assertEquals(6, dictionary.size());
        assertEquals(
                4,
                store().call("ZSCORE", key("rank:cpe"), "cpe:2.3:a:acme:widget").real());
    }

    @Test
    void aDamagedFileChangesNothing() throws IOException {
        CpeDictionary dictionary = of(toolkit());
        dictionary.importFile(acme(), CpeProgress.NONE);
        StringBuilder many = new StringBuilder("{\"products\":[");
        for (int i = 0; i < 3000; i++) {
            many.append("{\"cpe\":{\"cpeName\":\"cpe:2.3:a:v:p").append(i).append(":*:*:*:*:*:*:*:*\"}},\n");
        }
        String last = "{\"cpe\":{\"cpeName\":\"cpe:2.3:a:v:q\"}}]}";
        Path damaged = file("damaged.json", many + last.replace("{\"cpeName", "}{\"cpeName"));
        String message = String.valueOf(
                assertThrows(MalformedFileException.class, () -> dictionary.importFile(damaged, CpeProgress.NONE))
                        .getMessage());
        assertTrue(message.startsWith("damaged.json, line 3001, column 8"), message);
        dictionary.refresh();
        assertEquals(5, dictionary.size());
        CpeImportResult mended = dictionary.importFile(file("mended.json", many + last), CpeProgress.NONE);
        assertEquals(3001, mended.names());
    }

    @Test
    void anImportGoesOnWhereItWas() throws IOException {
        StringBuilder table = new StringBuilder("vendor,product\n");
        for (int i = 0; i < 5000; i++) {
            table.append("vendor").append(i % 100).append(",product_").append(i).append('\n');
        }
        Path file = file("table.csv", table.toString());
        CpeDictionary dictionary = of(toolkit());
        RuntimeException cut = new RuntimeException("cut");
        assertEquals(
                cut,
                assertThrows(
                        RuntimeException.class,
                        () -> dictionary.importFile(file, (read, all, names) -> {
                            if (names > 2500) {
                                throw cut;
                            }
                        })));
        assertEquals(0, store().call("EXISTS", key("rank:cpe")).number());
        CpeImportResult result = dictionary.importFile(file, CpeProgress.NONE);
        assertEquals(2000, result.resumed());
        assertEquals(5000, result.names());
        assertEquals(5000, dictionary.size());
        assertEquals(
                3,
                store().call("ZSCORE", key("rank:cpe"), "cpe:2.3:a:vendor7:product_7")
                        .real());
        assertEquals(5000, store().call("SCARD", key("w:product")).number());
        Set<String> left = new TreeSet<>();
        store().scan("*cpe:import:*", batch -> batch.forEach(key -> left.add(new String(key, StandardCharsets.UTF_8))));
        assertEquals(Set.of(), left);
    }
}
