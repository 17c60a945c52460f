package dev.holdfast.toolkit.cpe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What names mean, by a small dictionary and names of our own making. */
class GuesserTest {
    private static final double MIN_RIGHT = 0.9;

    private static String resource(String name) {
        try (InputStream in = GuesserTest.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("there is no " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Guesser guesser(String... lines) {
        Map<CpeName, Long> counts = new LinkedHashMap<>();
        for (String line : lines) {
            String[] fields = line.split(",", -1);
            counts.merge(CpeName.of(fields[0], fields[1]), 1L, Long::sum);
        }
        return new Guesser(Index.of(counts));
    }

    private static Guesser dictionary() {
        String[] lines = resource("dictionary.csv").split("\n", -1);
        return guesser(java.util.Arrays.copyOfRange(lines, 1, lines.length - 1));
    }

    private static List<String> guess(Guesser guesser, String name) {
        return guesser.guess(name, 5).stream()
                .map(guess -> CpeName.unescaped(guess.cpe()).substring("cpe:2.3:a:".length()))
                .toList();
    }

    @Test
    void ownNamesAreFound() {
        Guesser guesser = dictionary();
        List<String> wrong = new ArrayList<>();
        int names = 0;
        for (String line : resource("names.tsv").split("\n", -1)) {
            String[] fields = line.split("\t", -1);
            if (fields.length < 4 || fields[0].equals("query")) {
                continue;
            }
            names++;
            List<String> guesses = guess(guesser, fields[0]);
            if (fields[1].equals("-")) {
                assertEquals(List.of(), guesses, fields[0]);
            } else if (guesses.isEmpty() || !guesses.getFirst().equals(fields[1] + ":" + fields[2])) {
                wrong.add(fields[0] + ": " + guesses);
            }
        }
        assertTrue(wrong.size() <= names * (1 - MIN_RIGHT), wrong.toString());
    }

    @Test
    void whatIsWrittenOtherwiseIsFound() {
        Guesser guesser = guesser("redhat,web_panel", "acme,rocketlauncher", "acme,anvil");
        assertEquals(List.of("redhat:web_panel"), guess(guesser, "Red Hat WebPanel"));
        assertEquals(List.of("acme:rocketlauncher"), guess(guesser, "Acme Rocket-Launcher 2.1.0 (x64)"));
        assertEquals(List.of("acme:rocketlauncher"), guess(guesser, "rocketluancher"));
        assertEquals(List.of("acme:anvil"), guess(guesser, "Anvils"));
    }

    @Test
    void theVendorDecides() {
        Guesser guesser = guesser("acme,editor", "zeta,editor", "editor_project,editor");
        assertEquals("zeta:editor", guess(guesser, "Zeta Editor").getFirst());
        assertEquals("acme:editor", guess(guesser, "Acme Editor").getFirst());
        assertEquals("editor_project:editor", guess(guesser, "Editor").getFirst());
    }

    @Test
    void saysWhy() {
        Guesser guesser = guesser("acme,personal_web_server", "acme,anvil");
        Explanation why = guesser.explain("Acme PWS", 1).getFirst();
        assertEquals(1, why.nameShare(), 0.001);
        assertEquals(1, why.vendorShare(), 0.001);
        assertEquals(
                List.of(
                        "product personal (its initial)",
                        "product web (its initial)",
                        "product server (its initial)",
                        "vendor acme"),
                why.found());
        assertEquals(List.of(), why.missing());
    }

    @Test
    void noTextIsTooOdd() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Guesser guesser = dictionary();
        String alphabet = "aB9 ._-/@:()\\\u00e9\ud83d\ude00\n\u0000\u0130";
        for (int i = 0; i < 3000; i++) {
            StringBuilder name = new StringBuilder();
            for (int length = random.nextInt(i % 100 == 0 ? 3000 : 30); length > 0; length--) {
                name.append(
                        random.nextInt(4) == 0
                                ? "sql"
                                : String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))));
            }
            for (Explanation why : guesser.explain(name.toString(), 3)) {
                double score = why.guess().score();
                assertTrue(score > 0 && score <= 100, "seed " + seed + ": " + name);
                assertFalse(why.found().isEmpty(), "seed " + seed + ": " + name);
            }
        }
        assertEquals(List.of(), guess(guesser(), "anything"));
    }
}
