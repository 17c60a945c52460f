package dev.holdfast.engine.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PushTest {
    private static Push push(String text) {
        return Push.of(text.getBytes(UTF_8));
    }

    @Test
    void messagesInvalidationsAndConfirmationsAreRead() {
        Push message = push(">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$6\r\na\r\nb\u00e9\r\n");
        assertEquals("message", message.kind());
        assertArrayEquals("a\r\nb\u00e9".getBytes(UTF_8), message.string(2));
        Push keys = push(">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n");
        assertEquals(
                List.of("a", ""),
                Objects.requireNonNull(keys.strings(1)).stream()
                        .map(key -> new String(key, UTF_8))
                        .toList());
        assertNull(push(">2\r\n$10\r\ninvalidate\r\n_\r\n").strings(1));
        assertEquals(
                "subscribe",
                push(">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:12\r\n").kind());
        assertEquals(
                "unsubscribe", push(">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n").kind());
    }
}
