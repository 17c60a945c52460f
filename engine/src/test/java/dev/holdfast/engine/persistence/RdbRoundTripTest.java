package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RdbRoundTripTest {
    @Test
    void everyTypeComesBack() throws IOException {
        for (boolean compress : List.of(true, false)) {
            try (TestStore from = RdbFiles.everything();
                    TestStore to = new TestStore("enable-debug-command", "yes")) {
                byte[] file = RdbFiles.write(from.engine(), compress);
                assertEquals(file.length, RdbFiles.load(to.engine(), file));
                assertSame(from, to);
            }
        }
    }

    /** With reads of a few bytes, items are found incomplete at every place. */
    @Test
    void everyTypeComesBackInSmallPieces() throws IOException {
        try (TestStore from = RdbFiles.everything();
                TestStore to = new TestStore("enable-debug-command", "yes")) {
            byte[] file = RdbFiles.write(from.engine(), true);
            RdbFiles.load(to.engine(), file, RdbReader.Options.DEFAULT, 7);
            assertSame(from, to);
        }
    }

    static void assertSame(TestStore from, TestStore to) {
        if (!(from.run("KEYS", "*") instanceof List<?> keys)) {
            throw new AssertionError("no list of keys");
        }
        for (Object key : keys) {
            String name = String.valueOf(key);
            assertFalse(from.run("DEBUG", "DIGEST-VALUE", name) instanceof ReplyError);
            assertEquals(
                    from.run("DEBUG", "DIGEST-VALUE", name), to.run("DEBUG", "DIGEST-VALUE", name), "value of " + name);
            assertEquals(from.run("OBJECT", "ENCODING", name), to.run("OBJECT", "ENCODING", name), name);
            assertEquals(from.run("PEXPIRETIME", name), to.run("PEXPIRETIME", name), name);
        }
        assertEquals(from.run("DBSIZE"), to.run("DBSIZE"));
        assertEquals(from.run("DEBUG", "DIGEST"), to.run("DEBUG", "DIGEST"));
        assertEquals(
                from.run("XINFO", "STREAM", "stream", "FULL", "COUNT", "0"),
                to.run("XINFO", "STREAM", "stream", "FULL", "COUNT", "0"));
        assertEquals(from.run("XINFO", "STREAM", "emptied", "FULL"), to.run("XINFO", "STREAM", "emptied", "FULL"));
        assertEquals(
                from.run("HPEXPIRETIME", "expiring hash", "FIELDS", "3", "a", "b", "c"),
                to.run("HPEXPIRETIME", "expiring hash", "FIELDS", "3", "a", "b", "c"));
    }
}
