package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
        ByteBuf whole = LoopBuffers.forWriting(1);
        assertSame(first, whole);
        whole.release();
    }

    @Test
    void aWriterFindsRoomWhenTheBufferIsFull() {
        String half = "x".repeat(Loop.KEPT_BYTES / 2);
        List<ByteBuf> buffers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            buffers.add(written(half));
        }
        ByteBuf own = buffers.getLast();
        assertEquals(half, text(own));
        own.release();
        assertEquals(0, own.refCnt());
        buffers.getFirst().release();
        buffers.get(1).release();
    }

    private static ByteBuf written(String text) {
        ByteBuf buffer = LoopBuffers.forWriting(text.length());
        assertEquals(0, buffer.readableBytes());
        return buffer.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(ByteBuf buffer) {
        return buffer.toString(StandardCharsets.US_ASCII);
    }
}
