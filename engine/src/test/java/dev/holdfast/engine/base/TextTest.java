package dev.holdfast.engine.base;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class TextTest {
    @Test
    void utf8IsReadAsSuch() {
        for (String text : new String[] {"", "plain", "größer", "語", "😀 and more", "\uFFFD itself"}) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            assertEquals(text, Text.decode(bytes));
            assertArrayEquals(bytes, Text.encode(text));
        }
    }

    @Test
    void namesThatDifferRemainTwo() {
        assertNotEquals(Text.decode(new byte[] {'a', (byte) 0xFE}), Text.decode(new byte[] {'a', (byte) 0xFF}));
    }

    @RepeatedTest(100)
    void anyBytesComeOutAsTheyWentIn(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        byte[] bytes = new byte[random.nextInt(40)];
        for (int i = 0; i < bytes.length; i++) {
            // Pieces of characters of all lengths, and plain ones.
            bytes[i] = (byte)
                    new int[] {'a', 0x80, 0xBF, 0xC3, 0xE2, 0xED, 0xF0, 0xFF, random.nextInt(256)}[random.nextInt(9)];
        }
        assertArrayEquals(bytes, Text.encode(Text.decode(bytes)), () -> "seed " + repetition.getCurrentRepetition());
        byte[] framed = new byte[bytes.length + 2];
        System.arraycopy(bytes, 0, framed, 1, bytes.length);
        assertEquals(Text.decode(bytes), Text.decode(framed, 1, bytes.length));
    }
}
