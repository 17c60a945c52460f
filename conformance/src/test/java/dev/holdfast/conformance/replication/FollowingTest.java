package dev.holdfast.conformance.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.Session;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A replica of ours: which database the stream goes on in, and what its own clients have written. */
class FollowingTest extends ReplicatedServers {
    private static void follow(Session replica, int port) {
        assertEquals("OK", replica.run("REPLICAOF", "127.0.0.1", "" + port).text());
    }

    private static void awaitSameOffset(Session primary, Session replica) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> info(replica, "master_link_status").equals("up")
                        && info(primary, "master_repl_offset").equals(info(replica, "master_repl_offset")));
    }

    @Test
    void attemptsThatFailDoNotChangeTheDatabaseOfTheStream() throws Exception {
        OurServer first = ours();
        Session primary = open(first.connect(Form.RESP2));
        Session replica = open(ours().connect(Form.RESP2));
        primary.run("SELECT", "3");
        primary.run("SET", "before", "1");
        follow(replica, first.port());
        primary.run("SET", "with", "2");
        awaitSameOffset(primary, replica);
        try (ServerSocket dead = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            follow(replica, dead.getLocalPort());
            dead.accept().close();
            dead.accept().close();
        }
        primary.run("SET", "meanwhile", "3");
        follow(replica, first.port());
        awaitSameOffset(primary, replica);
        assertEquals("1", primary.run("INFO", "stats").text().replaceAll("(?s).*sync_full:(\\d+).*", "$1"));
        assertEquals("0", replica.run("DBSIZE").text());
        replica.run("SELECT", "3");
        assertEquals("3", replica.run("GET", "meanwhile").text());
    }

    @Test
    void whatClientsHaveWrittenToAReplicaExpiresThere() throws Exception {
        OurServer first = ours();
        Session primary = open(first.connect(Form.RESP2));
        Session replica = open(ours().connect(Form.RESP2));
        follow(replica, first.port());
        awaitSameOffset(primary, replica);
        replica.run("CONFIG", "SET", "replica-read-only", "no");
        replica.run("SELECT", "5");
        replica.run("SET", "own", "1", "PX", "20");
        replica.run("SET", "kept", "1");
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> replica.run("DBSIZE").text().equals("1"));
    }
}
