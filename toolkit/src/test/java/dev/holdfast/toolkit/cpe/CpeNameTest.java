package dev.holdfast.toolkit.cpe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CpeNameTest {
    private static String parsed(String text) {
        return CpeName.parse(text).toString();
    }

    @Test
    void formattedStrings() {
        assertEquals("cpe:2.3:a:acme:widget", parsed("cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*"));
        assertEquals("cpe:2.3:a:acme:widget", parsed("cpe:2.3:a:acme:widget"));
        assertEquals("cpe:2.3:o:acme:os", parsed("cpe:2.3:o:acme:os:-:*:*:*:*:*:*:*"));
        assertEquals("cpe:2.3:a:1c:1c\\:enterprise", parsed("cpe:2.3:a:1c:1c\\:enterprise:8.3:*:*:*:*:*:*:*"));
        assertEquals("cpe:2.3:a:a:b\\\\c", parsed("cpe:2.3:a:a:b\\\\c:1:*:*:*:*:*:*:*"));
        assertEquals("1c:enterprise", CpeName.unescaped("1c\\:enterprise"));
    }

    @Test
    void forgottenBackslashes() {
        assertEquals("cpe:2.3:a:at\\&t:c\\+\\+", parsed("cpe:2.3:a:at&t:c++:1.0:*:*:*:*:*:*:*"));
    }

    @Test
    void uris() {
        assertEquals("cpe:2.3:a:acme:widget", parsed("cpe:/a:acme:widget:1.0"));
        assertEquals("cpe:2.3:a:acme:rocket\\/launcher", parsed("cpe:/a:acme:rocket%2flauncher"));
        assertEquals("cpe:2.3:a:at\\&t:c\\+\\+", parsed("cpe:/a:at%26t:c%2b%2b:1.0::~~~wordpress~~"));
        assertEquals("cpe:2.3:a:acme:caf\u00e9", parsed("cpe:/a:acme:caf%c3%a9"));
    }

    @Test
    void tables() {
        assertEquals(
                "cpe:2.3:a:acme_inc:web_\\(panel\\)",
                CpeName.of(" Acme Inc ", "Web (Panel)").toString());
        assertEquals("cpe:2.3:a:acme:1c\\:e", CpeName.of("acme", "1c\\:e").toString());
    }

    @Test
    void whatIsNone() {
        for (String text : new String[] {
            "",
            "acme",
            "cpe:2.3:",
            "cpe:2.3:a:acme",
            "cpe:2.3:x:acme:widget",
            "cpe:2.3:a:*:widget",
            "cpe:2.3:a:acme:-",
            "cpe:2.3:a::widget",
            "cpe:2.3:a:b:c:d:e:f:g:h:i:j:k:l:m",
            "cpe:2.3:a:acme:wid\nget",
            "cpe:/a:acme",
            "cpe:/a:acme:50%",
            "cpe:/a:acme:50%zz",
            "cpe:2.3:a:acme:" + "x".repeat(CpeName.MAX_LENGTH)
        }) {
            assertThrows(IllegalArgumentException.class, () -> CpeName.parse(text), text);
        }
        assertThrows(IllegalArgumentException.class, () -> CpeName.of("", "widget"));
    }

    /** What is read is written so that it is read again as the same. */
    @Test
    void anyTextIsReadOrRefused() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String alphabet = "a:\\%*?-._~&/2fF\u00e9 \n";
        int read = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "cpe:2.3:a:" : "cpe:/a:");
            for (int length = random.nextInt(16); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            CpeName name;
            try {
                name = CpeName.parse(text.toString());
            } catch (IllegalArgumentException e) {
                continue;
            }
            read++;
            assertEquals(name, CpeName.parse(name.toString()), "seed " + seed + ": " + text);
        }
        assertTrue(read > 1000, "seed " + seed + ": " + read);
    }
}
