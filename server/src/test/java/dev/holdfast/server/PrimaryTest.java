package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a replica is sent, byte for byte. */
@Timeout(60)
final class PrimaryTest {
    private final List<AutoCloseable> opened = new ArrayList<>();
    private Holdfast store = Holdfast.open();
    private int port;

    @BeforeEach
    void start() throws Exception {
        store.close();
        Config config = new Config();
        config.set("bind", "127.0.0.1");
        config.set("repl-diskless-sync-delay", "0");
        config.set("repl-backlog-size", "100000");
        config.set("repl-ping-replica-period", "3600");
        store = Holdfast.open(config);
        port = Server.serve(store, 0).port();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        store.close();
    }

    private RawClient connect() throws IOException {
        RawClient client = RawClient.tcp(port);
        opened.addFirst(client);
        return client;
    }

    /** A replica that has read the snapshot and acknowledged it. */
    private RawClient replica() throws IOException {
        RawClient replica = connect();
        assertEquals("+OK", replica.run("REPLCONF listening-port 7000 capa eof capa psync2"));
        String answer = synchronize(replica, "PSYNC ? -1");
        assertTrue(answer.matches("\\+FULLRESYNC [0-9a-f]{40} \\d+"), answer);
        readSnapshot(replica);
        replica.send("REPLCONF ACK " + answer.split(" ")[2] + "\r\n");
        return replica;
    }

    /** Reads a snapshot with a mark at its end; gives what is before the mark. */
    private static String readSnapshot(RawClient replica) throws IOException {
        String head = replica.readLine();
        while (head.isEmpty()) {
            head = replica.readLine();
        }
        assertTrue(head.startsWith("$EOF:") && head.length() == 45, head);
        String mark = head.substring(5);
        StringBuilder snapshot = new StringBuilder();
        while (!snapshot.toString().endsWith(mark)) {
            snapshot.append(replica.readBytes(1));
        }
        return snapshot.substring(0, snapshot.length() - mark.length());
    }

    private String ask(String command, Object... words) {
        return String.valueOf(store.call(command, words));
    }

    /** The answer to PSYNC; empty lines before it say that the link is alive. */
    private static String synchronize(RawClient replica, String command) throws IOException {
        return replica.run(command).strip();
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(Condition condition) throws IOException {
        while (!condition.holds()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static void expect(RawClient replica, String... commands) throws IOException {
        for (String command : commands) {
            assertEquals(command, replica.readCommand());
        }
    }

    @Test
    void theStreamFollowsTheSnapshotOnceThatIsAcknowledged() throws IOException {
        store.set("before", "1");
        RawClient replica = connect();
        assertEquals("+OK", replica.run("REPLCONF listening-port 7000 capa eof capa psync2"));
        assertTrue(synchronize(replica, "PSYNC ? -1").endsWith(" 0"));
        String snapshot = readSnapshot(replica);
        assertTrue(snapshot.startsWith("REDIS0011") && snapshot.contains("before"), snapshot);
        RawClient writer = connect();
        assertEquals("+OK", writer.run("SET after 2"));
        assertEquals(":0", writer.run("WAIT 1 50"));
        assertTrue(writer.run("INFO replication").contains("slave0:ip=127.0.0.1,port=7000,state=online,offset=0"));
        replica.send("REPLCONF ACK 0\r\n");
        expect(replica, "SELECT 0", "SET after 2", "REPLCONF GETACK *");
        writer.send("WAIT 1 0\r\n");
        await(() -> ask("INFO", "clients").contains("blocked_clients:1"));
        replica.send("REPLCONF ACK 1000\r\n");
        assertEquals(":1", writer.read());
    }

    /** A replica's connection for a snapshot alone, and what it was told before the snapshot. */
    private record SnapshotChannel(RawClient client, String offset, String id, String number) {}

    private RawClient mainChannel() throws IOException {
        store.call("CONFIG", "SET", "dual-channel-replication-enabled", "yes");
        RawClient main = connect();
        assertEquals(
                "+OK", main.run("REPLCONF listening-port 7000 capa eof capa psync2 capa dual-channel version 9.1.0"));
        assertEquals("+DUALCHANNELSYNC", main.run("PSYNC ? -1"));
        return main;
    }

    private SnapshotChannel snapshotChannel() throws IOException {
        RawClient channel = connect();
        assertEquals("+OK", channel.run("REPLCONF capa eof rdb-only 1 rdb-channel 1 listening-port 7000"));
        channel.send("SYNC\r\n");
        String place = channel.readLine();
        while (place.isEmpty()) {
            place = channel.readLine();
        }
        assertTrue(place.matches("\\$ENDOFF:\\d+ [0-9a-f]{40} 0 \\d+"), place);
        String[] words = place.split(" ");
        return new SnapshotChannel(channel, words[0].substring("$ENDOFF:".length()), words[1], words[3]);
    }

    @Test
    void aSnapshotMayComeByAConnectionOfItsOwn() throws IOException {
        store.call("HSET", "hash", "field", "value");
        store.call("HPEXPIRE", "hash", "100000", "FIELDS", "1", "field");
        RawClient main = mainChannel();
        SnapshotChannel channel = snapshotChannel();
        String replication = ask("INFO", "replication");
        assertTrue(replication.contains("replicas_waiting_psync:1"), replication);
        store.set("meanwhile", "2");
        assertEquals("-ERR Unrecognized RDB client id 12345", main.run("REPLCONF set-rdb-client-id 12345"));
        assertEquals("+OK", main.run("REPLCONF set-rdb-client-id " + channel.number));
        long next = Long.parseLong(channel.offset) + 1;
        assertEquals("+CONTINUE " + channel.id, main.run("PSYNC " + channel.id + " " + next));
        expect(main, "SELECT 0", "set meanwhile 2");
        replication = ask("INFO", "replication");
        assertTrue(replication.contains("state=bg_transfer,offset=0,lag=0,type=main-channel"), replication);
        assertTrue(replication.contains("replicas_waiting_psync:0"), replication);
        // It has the version of its main connection, so fields that expire are no obstacle.
        assertTrue(readSnapshot(channel.client).startsWith("VALKEY080"));
        main.send("REPLCONF ACK 1\r\n");
        await(() -> ask("INFO", "replication").contains("state=online,offset=1"));
    }

    @Test
    void aSnapshotThatHasArrivedHoldsThePlaceInTheStreamForAWhile() throws IOException {
        RawClient main = mainChannel();
        SnapshotChannel channel = snapshotChannel();
        readSnapshot(channel.client);
        channel.client.close();
        await(() -> ask("INFO", "replication").contains("connected_slaves:0"));
        store.call("CONFIG", "SET", "repl-backlog-size", "16384");
        for (int i = 0; i < 20; i++) {
            store.set("large" + i, "x".repeat(20_000));
        }
        assertEquals("+OK", main.run("REPLCONF set-rdb-client-id " + channel.number));
        long next = Long.parseLong(channel.offset) + 1;
        assertEquals("+CONTINUE " + channel.id, main.run("PSYNC " + channel.id + " " + next));
        expect(main, "SELECT 0", "set large0 " + "x".repeat(20_000));
    }

    @Test
    void aSnapshotThatIsBrokenOffHoldsNoPlace() throws IOException {
        store.call("CONFIG", "SET", "rdb-key-save-delay", "1000000");
        store.set("slow", "1");
        mainChannel();
        snapshotChannel().client.close();
        await(() -> ask("INFO", "replication").contains("replicas_waiting_psync:0"));
    }

    @Test
    void whatChangesNothingIsForReplicasOnlyAndEachDatabaseIsSelected() throws IOException {
        RawClient replica = replica();
        RawClient writer = connect();
        writer.run("PUBLISH channel message");
        writer.run("SELECT 3");
        writer.run("SADD set a");
        writer.run("SPOP set");
        writer.run("GET set");
        writer.run("EVAL \"server.set_repl(server.REPL_AOF); server.call('set','a',1);"
                + " server.set_repl(server.REPL_REPLICA); server.call('set','b',1);"
                + " server.set_repl(server.REPL_NONE); server.call('set','c',1)\" 0");
        writer.run("MULTI");
        writer.run("SET x 1");
        writer.run("INCR x");
        writer.run("EXEC");
        expect(
                replica,
                "SELECT 0",
                "PUBLISH channel message",
                "SELECT 3",
                "SADD set a",
                "SREM set a",
                "set b 1",
                "MULTI",
                "SET x 1",
                "INCR x",
                "EXEC");
    }

    @Test
    void aReplicaGoesOnWhereItsLinkWasBroken() throws IOException {
        RawClient replica = replica();
        RawClient writer = connect();
        writer.run("SET a 1");
        expect(replica, "SELECT 0", "SET a 1");
        replica.close();
        writer.run("SET b 2");
        String id = ask("INFO", "replication").replaceAll("(?s).*master_replid:(\\w+).*", "$1");
        RawClient again = connect();
        again.run("REPLCONF capa eof capa psync2");
        long has = "*2|$6|SELECT|$1|0|*3|$3|SET|$1|a|$1|1|".replace("|", "\r\n").length();
        assertEquals("+CONTINUE " + id, synchronize(again, "PSYNC " + id + " " + (has + 1)));
        expect(again, "SET b 2");
        RawClient other = connect();
        assertTrue(
                synchronize(other, "PSYNC " + "0".repeat(40) + " " + (has + 1)).startsWith("+FULLRESYNC " + id));
    }

    @Test
    void whatExpiredWhileTheStoreWasClosedIsSaidToReplicas(@TempDir Path directory) throws Exception {
        store.close();
        store = Holdfast.open(directory, withFiles());
        port = Server.serve(store, 0).port();
        replica();
        String id = ask("INFO", "replication").replaceAll("(?s).*master_replid:(\\w+).*", "$1");
        long end = System.currentTimeMillis() + 200;
        store.call("SET", "short", "1", "PXAT", "" + end);
        store.call("SAVE");
        String offset = ask("INFO", "replication").replaceAll("(?s).*master_repl_offset:(\\d+).*", "$1");
        store.close();
        await(() -> System.currentTimeMillis() > end);
        store = Holdfast.open(directory, withFiles());
        port = Server.serve(store, 0).port();
        RawClient replica = connect();
        assertEquals("+OK", replica.run("REPLCONF listening-port 7000 capa eof capa psync2"));
        String answer = synchronize(replica, "PSYNC " + id + " " + (Long.parseLong(offset) + 1));
        assertTrue(answer.startsWith("+CONTINUE "), answer);
        expect(replica, "SELECT 0", "UNLINK short");
    }

    private static Config withFiles() throws Exception {
        Config config = new Config();
        config.set("bind", "127.0.0.1");
        config.set("save", "");
        config.set("repl-diskless-sync-delay", "0");
        config.set("repl-ping-replica-period", "3600");
        return config;
    }

    @Test
    void whatTheBacklogHasNoRoomForIsSentAsAWhole() throws Exception {
        RawClient replica = replica();
        String id = ask("INFO", "replication").replaceAll("(?s).*master_replid:(\\w+).*", "$1");
        replica.close();
        await(() -> ask("ROLE").endsWith("[]]"));
        for (int i = 0; i < 40; i++) {
            store.set("key", "x".repeat(10_000));
        }
        RawClient again = connect();
        again.run("REPLCONF capa eof capa psync2");
        assertTrue(synchronize(again, "PSYNC " + id + " 1").startsWith("+FULLRESYNC " + id));
    }

    @Test
    void aReplicaThatDoesNotReadIsClosedAtItsLimit() throws Exception {
        store.call("CONFIG", "SET", "client-output-buffer-limit", "replica 1mb 0 0");
        RawClient replica = replica();
        RawClient writer = connect();
        for (int i = 0; i < 400; i++) {
            assertEquals("+OK", writer.run("SET key " + "x".repeat(60_000)));
        }
        assertTrue(replica.isEnded());
        await(() -> ask("ROLE").endsWith("[]]"));
    }

    @Test
    void writesMayAskForReplicas() throws IOException {
        RawClient writer = connect();
        writer.run("CONFIG SET min-replicas-to-write 1");
        assertEquals("-NOREPLICAS Not enough good replicas to write.", writer.run("SET a 1"));
        replica();
        await(() -> writer.run("SET a 1").equals("+OK"));
    }

    @Test
    void whoWantsNoMoreThanTheSnapshotGetsNoMore() throws IOException {
        store.set("key", "value");
        RawClient client = connect();
        client.run("REPLCONF capa eof rdb-only 1");
        client.send("SYNC\r\n");
        assertTrue(readSnapshot(client).contains("value"));
        assertTrue(client.isEnded());
    }

    @Test
    void aSnapshotWithoutAMarkHasItsLengthBefore() throws IOException {
        store.set("key", "value");
        RawClient client = connect();
        client.send("SYNC\r\n");
        String head = client.readLine();
        while (head.isEmpty()) {
            head = client.readLine();
        }
        String snapshot = client.readBytes(Integer.parseInt(head.substring(1)));
        assertTrue(snapshot.startsWith("REDIS") && snapshot.contains("value"));
        store.set("key", "other");
        expect(client, "SELECT 0", "set key other");
    }

    @Test
    void aReplicaThatIsTooOldForTheDataGetsNone() throws IOException {
        store.call("HSET", "hash", "field", "value");
        store.call("HEXPIRE", "hash", "1000", "FIELDS", "1", "field");
        RawClient old = connect();
        old.run("REPLCONF capa eof capa psync2 version 8.1.0");
        old.send("PSYNC ? -1\r\n");
        assertTrue(old.isEnded());
        RawClient newer = connect();
        newer.run("REPLCONF capa eof capa psync2 version 9.1.0");
        assertTrue(synchronize(newer, "PSYNC ? -1").startsWith("+FULLRESYNC"));
        assertTrue(readSnapshot(newer).startsWith("VALKEY080"));
    }

    @Test
    void aCallerInTheSameProcessCannotBeAReplica() {
        assertTrue(ask("ROLE").endsWith("[]]"));
        assertFalse(store.engine().changes().isOn());
        try {
            store.call("SYNC");
        } catch (RuntimeException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("a caller in the same process cannot be a replica"));
        }
        assertFalse(store.engine().changes().isOn());
    }
}
