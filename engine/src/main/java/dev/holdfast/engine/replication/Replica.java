package dev.holdfast.engine.replication;

import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Feed;
import dev.holdfast.engine.config.ReplicationParameters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica as its primary sees it: what it has said of itself, and what its connection draws.
 *
 * <p>What it is sent comes in a fixed order: a head, the answer to PSYNC; where everything is sent, the spool of a snapshot and the mark
 * of its end; then the stream, from the cursor on. A replica that recognises the end of the snapshot by the mark gets nothing behind
 * it before its first acknowledgement, since it reads whole buffers. The connection that brings only the snapshot of a replica with two
 * channels gets nothing of the stream; its cursor holds the place for the other one.
 */
public final class Replica implements Feed {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
    static final int MARK_BYTES = 40;

    /** How far it has come; the text is what INFO shows. */
    enum State {
        /** Has said something of itself, or nothing; it is no replica yet. */
        HANDSHAKE(""),
        /** Needs a snapshot that has not begun. */
        WAIT_SNAPSHOT("wait_bgsave"),
        /** Its snapshot is being written and nothing of it can be sent yet. */
        SPOOLING("wait_bgsave"),
        SENDING("send_bulk"),
        /** Is sent the stream while it loads a snapshot that another connection has brought. */
        BACKGROUND_LOAD("bg_transfer"),
        /** Has been sent the whole snapshot, but has not said so. */
        SENT("online"),
        ONLINE("online"),
        /** Wanted the snapshot alone and has it. */
        RDB_DONE("rdb_transmitted");

        private final String text;

        State(String text) {
            this.text = text;
        }
    }

    private final Client client;
    private volatile State state = State.HANDSHAKE;
    private volatile int listeningPort;
    private volatile String announcedIp = "";
    private volatile int version;
    private volatile boolean readsMark;
    private volatile boolean psync2;
    private volatile boolean twoChannels;
    private volatile boolean rdbOnly;
    private volatile boolean snapshotChannel;

    /** The number of the connection that brings its snapshot, of which this is the main one; -1 where there is none. */
    private volatile long snapshotClient = -1;

    private volatile boolean withoutData;
    private volatile boolean withoutFunctions;

    /** Whether it has come with SYNC, and so acknowledges nothing. */
    private volatile boolean silent;

    private volatile long waitingSinceMillis;
    private volatile long movedMillis;
    private volatile long leftMillis;
    private volatile boolean holdsEmptyPlace;
    private volatile long ackOffset;
    private volatile long fileOffset;
    private volatile long ackMillis;

    // What it is sent; guarded by this object.
    private ByteBuffer head = ByteBuffer.allocate(0);
    private @Nullable Spool spool;
    private long spoolPosition;
    private byte[] mark = new byte[0];
    private volatile Backlog.@Nullable Cursor cursor;
    private boolean ended;

    Replica(Client client) {
        this.client = client;
    }

    // ---- what it says of itself ----

    public Client client() {
        return client;
    }

    /** The address at which clients reach it. */
    public String ip() {
        if (!announcedIp.isEmpty()) {
            return announcedIp;
        }
        String address = client.link().address();
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? address : address.substring(0, colon);
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    public int port() {
        return listeningPort;
    }

    /** Its name in the log. */
    String shown() {
        return ip() + ":" + (listeningPort > 0 ? listeningPort : "<unknown-replica-port>");
    }

    public String stateText() {
        // As in Valkey, where a snapshot that is sent while it is written is not told from one that is only written.
        return state == State.SENDING && mark.length > 0 ? State.SPOOLING.text : state.text;
    }

    /** What the connection is for, as INFO shows it. */
    public String typeText() {
        return snapshotChannel ? "rdb-channel" : state == State.BACKGROUND_LOAD ? "main-channel" : "replica";
    }

    State state() {
        return state;
    }

    public boolean isOnline() {
        return state == State.ONLINE || state == State.SENT;
    }

    /** How far it has applied the stream. */
    public long ackOffset() {
        return ackOffset;
    }

    /** How far its append-only file is durable. */
    public long fileOffset() {
        return fileOffset;
    }

    /** How many seconds ago it has last acknowledged anything. */
    public long lagSeconds(long nowMillis) {
        return isOnline() ? nowMillis / 1000 - ackMillis / 1000 : 0;
    }

    public void setListeningPort(int port) {
        listeningPort = port;
    }

    public void setAnnouncedIp(String ip) {
        announcedIp = ip;
    }

    public void setVersion(int version) {
        this.version = version;
    }

    /** As {@code 0x090100} for 9.1.0; 0 where it has not said. */
    int version() {
        return version;
    }

    /** What it says it can; what is not known here is passed over. */
    public void addCapability(String capability, ReplicationParameters parameters) {
        readsMark |= capability.equals("eof");
        psync2 |= capability.equals("psync2");
        if (capability.equals("dual-channel") && parameters.dualChannel.get()) {
            if (parameters.disklessSync.get()) {
                twoChannels = true;
            } else {
                LOG.info("Dual channel capability ignored: repl-diskless-sync disabled");
            }
        }
    }

    /** Whether it wants a snapshot by a connection of its own. */
    boolean usesTwoChannels() {
        return twoChannels;
    }

    /** This connection brings only the snapshot of a replica whose main connection is another one. */
    public void setSnapshotChannel(boolean only) {
        snapshotChannel = only;
    }

    boolean isSnapshotChannel() {
        return snapshotChannel;
    }

    void setSnapshotClient(long number) {
        snapshotClient = number;
    }

    long snapshotClient() {
        return snapshotClient;
    }

    boolean understandsPsync2() {
        return psync2;
    }

    boolean readsMark() {
        return readsMark;
    }

    public void setRdbOnly(boolean rdbOnly) {
        this.rdbOnly = rdbOnly;
    }

    boolean isRdbOnly() {
        return rdbOnly;
    }

    /** Leaves parts of the data out of the snapshot. */
    public void setFilter(boolean withoutData, boolean withoutFunctions) {
        this.withoutData = withoutData;
        this.withoutFunctions = withoutFunctions;
    }

    public boolean isFiltered() {
        return withoutData || withoutFunctions;
    }

    boolean withoutData() {
        return withoutData;
    }

    boolean withoutFunctions() {
        return withoutFunctions;
    }

    void setSilent() {
        silent = true;
    }

    boolean isSilent() {
        return silent;
    }

    long waitingSinceMillis() {
        return waitingSinceMillis;
    }

    /** Whether the same snapshot serves both. */
    boolean sharesSnapshotWith(Replica other) {
        return withoutData == other.withoutData
                && withoutFunctions == other.withoutFunctions
                && snapshotChannel == other.snapshotChannel;
    }

    // ---- its way ----

    /** It waits for a snapshot. */
    void await(long nowMillis) {
        waitingSinceMillis = nowMillis;
        state = State.WAIT_SNAPSHOT;
    }

    /** Lets it know that the link is alive while it waits. All that follows the announcement of a mark is the snapshot. */
    synchronized void keepAlive() {
        if ((state == State.WAIT_SNAPSHOT || state == State.SPOOLING && mark.length == 0) && !head.hasRemaining()) {
            head = ByteBuffer.wrap(new byte[] {'\n'});
        }
        client.link().feed();
    }

    /**
     * Its snapshot begins; all shards are locked.
     *
     * @param answer what is sent before the snapshot
     * @param at where the stream goes on; null if it wants none
     * @param endMark what ends the snapshot; empty if it is sent behind its length, when that is known
     */
    synchronized void begin(String answer, Spool from, Backlog.@Nullable Cursor at, byte[] endMark, long nowMillis) {
        String text = answer + (endMark.length > 0 ? "$EOF:" + ascii(endMark) + "\r\n" : "");
        movedMillis = nowMillis;
        addToHead(text.getBytes(StandardCharsets.US_ASCII));
        spool = from;
        spoolPosition = 0;
        mark = endMark;
        cursor = at;
        state = State.SPOOLING;
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private void addToHead(byte[] bytes) {
        ByteBuffer both = ByteBuffer.allocate(head.remaining() + bytes.length);
        head = both.put(head).put(bytes).flip();
    }

    /**
     * It goes on where its last link has ended, or a snapshot that it is still loading.
     *
     * @param loads whether it is loading one
     */
    synchronized void resume(String answer, Backlog.Cursor at, boolean loads, long nowMillis) {
        addToHead(answer.getBytes(StandardCharsets.US_ASCII));
        cursor = at;
        ackMillis = nowMillis;
        state = loads ? State.BACKGROUND_LOAD : State.ONLINE;
    }

    /** Whether it takes nothing of the snapshot that it could have. */
    synchronized boolean isStuck(long nowMillis, long timeoutMillis) {
        Spool from = spool;
        return from != null
                && (state == State.SENDING || from.isComplete())
                && spoolPosition < from.size()
                && nowMillis - movedMillis > timeoutMillis;
    }

    /** Whether all of its snapshot has been handed to the connection. */
    boolean hasWholeSnapshot() {
        return state == State.RDB_DONE;
    }

    /** When its connection has ended while it holds a place for the main one; 0 while it has not. */
    long leftMillis() {
        return leftMillis;
    }

    /** Its connection has ended; the place in the backlog stays. */
    void leave(long nowMillis) {
        leftMillis = nowMillis;
    }

    /** The stream goes on behind the place that it holds. */
    void streamed() {
        if (holdsEmptyPlace) {
            holdsEmptyPlace = false;
            LOG.debug("Dual channel replication: Attach replica rdb client {} to repl buf block", client.id());
        }
        client.link().feed();
    }

    /** It holds a place behind which there is nothing yet. */
    void holdEmptyPlace() {
        holdsEmptyPlace = true;
    }

    /** The main connection has come to the place that was held for it. */
    synchronized void letGo() {
        Backlog.Cursor held = cursor;
        if (held != null) {
            held.close();
            cursor = null;
        }
    }

    /**
     * It has acknowledged the stream up to an offset.
     *
     * @param durable how far its append-only file is durable; -1 where it does not say
     */
    void acknowledge(long offset, long durable, long nowMillis) {
        ackOffset = Math.max(ackOffset, offset);
        fileOffset = Math.max(fileOffset, durable);
        ackMillis = nowMillis;
        if (state == State.SENT || state == State.BACKGROUND_LOAD) {
            state = State.ONLINE;
            LOG.info("Synchronization with replica {} succeeded", shown());
            client.link().feed();
        }
    }

    /** It is gone, or has to go. */
    synchronized void end() {
        ended = true;
        letGo();
        Spool from = spool;
        spool = null;
        if (from != null) {
            from.release();
        }
    }

    /** Whether it still reads a snapshot. */
    synchronized boolean reads(Spool other) {
        return spool == other;
    }

    // ---- what its connection draws ----

    @Override
    public synchronized int read(ByteBuffer into) {
        if (ended) {
            return END;
        }
        int start = into.position();
        move(head, into);
        Spool from = spool;
        if (from != null && into.hasRemaining()) {
            try {
                readSpool(from, into);
            } catch (IOException e) {
                LOG.warn("Closing the link to replica {}: {}", shown(), e.getMessage());
                return END;
            }
        }
        Backlog.Cursor at = cursor;
        if ((state == State.ONLINE || state == State.BACKGROUND_LOAD)
                && at != null
                && into.hasRemaining()
                && !head.hasRemaining()) {
            int read = at.read(into);
            if (read < 0) {
                LOG.warn("Closing the link to replica {}: there is no memory for what it has not read", shown());
                return END;
            }
        }
        int count = into.position() - start;
        return count == 0 && state == State.RDB_DONE ? END : count;
    }

    private static void move(ByteBuffer from, ByteBuffer into) {
        int count = Math.min(from.remaining(), into.remaining());
        into.put(into.position(), from, from.position(), count);
        into.position(into.position() + count);
        from.position(from.position() + count);
    }

    private void readSpool(Spool from, ByteBuffer into) throws IOException {
        if (mark.length == 0 && spoolPosition == 0) {
            if (!from.isComplete()) {
                return;
            }
            if (state == State.SPOOLING) {
                addToHead(("$" + from.size() + "\r\n").getBytes(StandardCharsets.US_ASCII));
                state = State.SENDING;
                move(head, into);
            }
        }
        int read = from.read(spoolPosition, into);
        if (read > 0) {
            state = State.SENDING;
            spoolPosition += read;
            movedMillis = System.currentTimeMillis();
            return;
        }
        if (read < 0) {
            addToHead(mark);
            spool = null;
            from.release();
            state = rdbOnly ? State.RDB_DONE : mark.length > 0 ? State.SENT : State.ONLINE;
            ackMillis = System.currentTimeMillis();
            if (state == State.RDB_DONE) {
                LOG.info("RDB transfer completed, rdb only replica ({}) should be disconnected asap", shown());
            } else if (state == State.ONLINE) {
                LOG.info("Synchronization with replica {} succeeded", shown());
            }
            move(head, into);
        }
    }

    /** What waits in the stream; the snapshot is no burden of memory. */
    @Override
    public long pendingBytes() {
        Backlog.Cursor at = cursor;
        return at == null ? 0 : at.behind();
    }
}
