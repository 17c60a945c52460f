package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LoopBuffersTest {
    @Test
    void writesThatWaitTogetherShareTheBuffer() {
        ByteBuf first = written("first");
        ByteBuf second = written("second");
        ByteBuf third = written("third");
        assertEquals(first.memoryAddress() + "first".length(), second.memoryAddress());
        assertEquals("first second third", text(first) + " " + text(second) + " " + text(third));
        first.release();
        third.release();
        ByteBuf fourth = written("fourth");
        assertEquals("second fourth", text(second) + " " + text(fourth));
        second.release();
        fourth.release();
        ByteBuf whole = Objects.requireNonNull(LoopBuffers.forWriting(1));
        assertSame(first, whole);
        whole.release();
    }

    @Test
    void aWriterWaitsWhenTheBufferIsFull() {
        String half = "x".repeat(Loop.KEPT_BYTES / 2);
        ByteBuf first = written(half);
        ByteBuf second = written(half);
        assertNull(LoopBuffers.forWriting(1));
        first.release();
        assertNull(LoopBuffers.forWriting(1));
        second.release();
        written(half).release();
    }

    @Test
    void whatHasWaitedIsSentThroughAnotherBuffer() {
        ByteBuf spill = Objects.requireNonNull(LoopBuffers.forSpilling());
        assertNull(LoopBuffers.forSpilling());
        spill.release();
        Objects.requireNonNull(LoopBuffers.forSpilling()).release();
    }

    private static ByteBuf written(String text) {
        ByteBuf buffer = Objects.requireNonNull(LoopBuffers.forWriting(text.length()));
        assertEquals(0, buffer.readableBytes());
        return buffer.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(ByteBuf buffer) {
        return buffer.toString(StandardCharsets.US_ASCII);
    }
}
