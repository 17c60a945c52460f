package dev.holdfast.conformance.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.access.Store;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** FAILOVER and SHUTDOWN: a primary and its replica exchange roles, or the primary ends, and nothing that was acknowledged is lost. */
class FailoverTest extends ReplicatedServers {
    private static final int WRITERS = 3;
    private static final int ITEMS = 50;

    private static void follow(Session replica, Store primary) {
        assertEquals(
                "OK", replica.run("REPLICAOF", "127.0.0.1", "" + port(primary)).text());
        awaitUp(replica);
    }

    private static void awaitUp(Session replica) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(replica, "master_link_status").equals("up"));
    }

    @Test
    void amongOurs() throws Exception {
        test(ours(), ours());
    }

    @Test
    void fromOursToARealOneAndBack() throws Exception {
        RealServer real = open(RealServer.start());
        if (real.isValkey()) {
            test(ours(), real);
        }
    }

    private void test(Store first, Store second) throws Exception {
        Session one = open(first.connect(Form.RESP2));
        Session two = open(second.connect(Form.RESP2));
        one.run("CONFIG", "SET", "repl-diskless-sync-delay", "0");
        two.run("CONFIG", "SET", "repl-diskless-sync-delay", "0");
        one.run("SET", "before", "1");
        follow(two, first);
        NumberedWriters writers = open(new NumberedWriters(WRITERS, first, second));
        writers.awaitMore(ITEMS);
        exchange(one, two, second);
        writers.awaitMore(ITEMS);
        exchange(two, one, first);
        writers.awaitMore(ITEMS);
        writers.stop();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(one, "master_repl_offset").equals(info(two, "master_repl_offset")));
        writers.expectAllIn(one);
        writers.expectAllIn(two);
    }

    private static void exchange(Session primary, Session replica, Store target) {
        String id = info(primary, "master_replid");
        awaitOnline(primary);
        assertEquals(
                "OK",
                primary.run("FAILOVER", "TO", "127.0.0.1", "" + port(target)).text());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(primary, "master_failover_state").equals("no-failover")
                        && info(primary, "master_link_status").equals("up"));
        assertEquals("master", info(replica, "role"));
        assertEquals("slave", info(primary, "role"));
        assertEquals(id, info(replica, "master_replid2"), "one history up to the exchange");
        assertEquals(id, info(primary, "master_replid2"), "one history up to the exchange");
        assertEquals(info(primary, "second_repl_offset"), info(replica, "second_repl_offset"));
    }

    private static void awaitOnline(Session primary) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(primary, "slave0").contains("state=online"));
    }

    @Test
    void anExchangeThatCannotSucceedIsGivenUp() {
        OurServer first = ours();
        OurServer second = ours();
        Session one = open(first.connect(Form.RESP2));
        Session two = open(second.connect(Form.RESP2));
        assertEquals(
                "ERR FAILOVER requires connected replicas.", one.run("FAILOVER").text());
        assertEquals(
                "ERR No failover in progress.", one.run("FAILOVER", "ABORT").text());
        follow(two, first);
        awaitOnline(one);
        String target = "" + second.port();
        assertEquals(
                "ERR FAILOVER is not valid when server is a replica.",
                two.run("FAILOVER").text());
        assertEquals(
                "ERR FAILOVER target HOST and PORT is not a replica.",
                one.run("FAILOVER", "TO", "127.0.0.1", "1").text());
        assertEquals(
                "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
                one.run("FAILOVER", "TO", "127.0.0.1", target, "FORCE").text());
        assertEquals(
                "ERR FAILOVER timeout must be greater than 0",
                one.run("FAILOVER", "TIMEOUT", "0").text());
        assertEquals("ERR syntax error", one.run("FAILOVER", "TO", "127.0.0.1").text());
        // The target agrees to everything but to PSYNC.
        two.run("ACL", "SETUSER", "default", "-psync");
        one.run("SET", "a", "1");
        String id = info(one, "master_replid");
        assertEquals("OK", one.run("FAILOVER", "TO", "127.0.0.1", target).text());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(one, "master_failover_state").equals("no-failover"));
        assertEquals("master", info(one, "role"));
        assertEquals("OK", one.run("SET", "a", "2").text());
        assertNotEquals(id, info(one, "master_replid"), "what came after has a history of its own");
        awaitUp(two);
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> two.run("GET", "a").text().equals("2"));
    }

    @Test
    void aClientThatCanIsSentToThePrimary() {
        OurServer first = ours();
        OurServer second = ours();
        Session two = open(second.connect(Form.RESP2));
        follow(two, first);
        String elsewhere = "REDIRECT 127.0.0.1:" + first.port();
        assertEquals(
                "READONLY You can't write against a read only replica.",
                two.run("SET", "a", "1").text());
        two.run("CLIENT", "CAPA", "REDIRECT");
        assertEquals(elsewhere, two.run("SET", "a", "1").text());
        assertEquals(elsewhere, two.run("GET", "a").text());
        assertEquals("PONG", two.run("PING").text());
        two.run("READONLY");
        assertTrue(!two.run("GET", "a").text().startsWith("REDIRECT"));
        assertEquals(elsewhere, two.run("SET", "a", "1").text());
    }

    @Test
    void aShutdownWaitsForReplicasAndMayBeGivenUp() {
        OurServer first = ours();
        Session one = open(first.connect(Form.RESP2));
        Session replica = open(first.connect(Form.RESP2));
        Session ending = open(first.connect(Form.RESP2));
        assertEquals(
                "ERR No shutdown in progress.", one.run("SHUTDOWN", "ABORT").text());
        // A replica that acknowledges nothing.
        replica.run("REPLCONF", "listening-port", "7", "capa", "eof", "capa", "psync2");
        replica.send(List.of("PSYNC", "?", "-1"));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(one, "connected_slaves").equals("1"));
        one.run("SET", "a", "1");
        ending.send(List.of("SHUTDOWN", "NOSAVE"));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> one.run("INFO", "server").text().contains("shutdown_in_milliseconds"));
        assertEquals("OK", one.run("SHUTDOWN", "ABORT").text());
        assertEquals(
                "ERR Errors trying to SHUTDOWN. Check logs.", ending.receive().text());
        assertEquals("OK", one.run("SET", "a", "2").text());
    }
}
