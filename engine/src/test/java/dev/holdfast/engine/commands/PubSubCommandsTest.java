package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.holdfast.engine.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PubSubCommandsTest {
    private final TestStore store = new TestStore();
    private final TestStore.Session subscriber = store.connect();

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void deliversToChannelsAndPatterns() {
        assertEquals(
                "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n",
                subscriber.resp(false, "SUBSCRIBE", "a", "b"));
        assertEquals("*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:3\r\n", subscriber.resp(false, "PSUBSCRIBE", "a*"));
        assertEquals(2L, store.run("PUBLISH", "a", "m"));
        assertEquals(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n", subscriber.push());
        assertEquals(">4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$1\r\nm\r\n", subscriber.push());
        assertNull(subscriber.push());
        assertEquals(0L, store.run("PUBLISH", "c", "m"));
        assertEquals(0L, store.run("SPUBLISH", "a", "m"));
    }

    @Test
    void pushesInResp3() {
        assertEquals(">3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n", subscriber.resp(true, "SSUBSCRIBE", "a"));
        assertEquals(1L, store.run("SPUBLISH", "a", "m"));
        assertEquals(">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nm\r\n", subscriber.push());
        assertEquals(">3\r\n$12\r\nsunsubscribe\r\n$1\r\na\r\n:0\r\n", subscriber.resp(true, "SUNSUBSCRIBE"));
        assertEquals(">3\r\n$12\r\nsunsubscribe\r\n_\r\n:0\r\n", subscriber.resp(true, "SUNSUBSCRIBE"));
    }

    @Test
    void aResp2SubscriberMaySayLittleElse() {
        subscriber.resp(false, "SUBSCRIBE", "a");
        assertEquals(
                "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this"
                        + " context\r\n",
                subscriber.resp(false, "GET", "a"));
        assertEquals("*2\r\n$4\r\npong\r\n$0\r\n\r\n", subscriber.resp(false, "PING"));
        subscriber.resp(false, "UNSUBSCRIBE");
        assertEquals("+PONG\r\n", subscriber.resp(false, "PING"));
    }

    @Test
    void tellsWhoIsSubscribed() {
        subscriber.run("SUBSCRIBE", "news", "nets");
        subscriber.run("PSUBSCRIBE", "x*");
        assertEquals("*1\r\n$4\r\nnews\r\n", store.resp2("PUBSUB", "CHANNELS", "new?"));
        assertEquals(":1\r\n", store.resp2("PUBSUB", "NUMPAT"));
        assertEquals("*4\r\n$4\r\nnews\r\n:1\r\n$4\r\nnone\r\n:0\r\n", store.resp2("PUBSUB", "NUMSUB", "news", "none"));
        subscriber.close();
        assertEquals("*0\r\n", store.resp2("PUBSUB", "CHANNELS"));
    }

    @Test
    void tellsOfKeyspaceEvents() {
        store.run("CONFIG", "SET", "notify-keyspace-events", "KEA");
        subscriber.resp(true, "PSUBSCRIBE", "__key*");
        store.run("SET", "a", "1");
        assertEquals(
                ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$16\r\n__keyspace@0__:a\r\n$3\r\nset\r\n", subscriber.push());
        assertEquals(
                ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$18\r\n__keyevent@0__:set\r\n$1\r\na\r\n", subscriber.push());
    }
}
