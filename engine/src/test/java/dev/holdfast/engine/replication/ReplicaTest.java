package dev.holdfast.engine.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.client.NoLink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReplicaTest {
    private static final byte[] MARK = "m".repeat(Replica.MARK_BYTES).getBytes(StandardCharsets.US_ASCII);

    private final Spool spool = new Spool(Path.of(""));

    /** What a replica reads when the link is kept alive before its snapshot begins, and again before the first byte of it. */
    private String sent(String... capabilities) throws IOException {
        try (Holdfast store = Holdfast.open()) {
            Replica replica = new Replica(store.engine()
                    .newClient(NoLink.INSTANCE, store.engine().statistics().newLane()));
            for (String capability : capabilities) {
                replica.addCapability(capability, store.engine().config().replication);
            }
            ByteBuffer into = ByteBuffer.allocate(200);
            replica.await(0);
            replica.keepAlive();
            replica.read(into);
            spool.retain();
            replica.begin("+FULLRESYNC id 0\r\n", spool, null, replica.readsMark() ? MARK : new byte[0], 0);
            replica.read(into);
            replica.keepAlive();
            replica.read(into);
            spool.write("data".getBytes(StandardCharsets.US_ASCII), 0, 4);
            spool.complete();
            replica.read(into);
            replica.read(into);
            return new String(into.array(), 0, into.position(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void nothingStandsBetweenTheAnnouncementOfAMarkAndTheSnapshot() throws IOException {
        String mark = new String(MARK, StandardCharsets.US_ASCII);
        assertEquals("\n+FULLRESYNC id 0\r\n$EOF:" + mark + "\r\ndata" + mark, sent("eof", "psync2"));
    }

    @Test
    void aReplicaThatWaitsForTheLengthIsKeptAlive() throws IOException {
        assertEquals("\n+FULLRESYNC id 0\r\n\n$4\r\ndata", sent());
    }
}
