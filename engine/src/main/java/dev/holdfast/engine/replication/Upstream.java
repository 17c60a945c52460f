package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.client.NoLink;
import dev.holdfast.engine.config.OutputLimits;
import dev.holdfast.engine.config.ReplicationParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.journal.ChangeStream;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ProtocolException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RequestDecoder;
import dev.holdfast.engine.protocol.RespReply;
import dev.holdfast.engine.topology.Peer;
import dev.holdfast.engine.topology.PeerCache;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The primary that this store follows. One thread connects to it, asks for the stream, or for everything first, and runs what comes in its
 * order; when the link breaks it begins again.
 *
 * <p>What the primary sends enters our own replicas' stream byte for byte, a command while its shards are still locked, a transaction as a
 * whole: so our replicas have the same offsets, and a snapshot for one of them stands at one of them.
 *
 * <p>Once {@link #stop} has been called and all shards have been locked since, nothing that the primary has sent changes anything.
 */
final class Upstream implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);

    /** How far it has come; the text is what ROLE shows. */
    enum State {
        CONNECT("connect"),
        CONNECTING("connecting"),
        HANDSHAKE("handshake"),
        TRANSFER("sync"),
        LOADING("sync"),
        CONNECTED("connected");

        private final String text;

        State(String text) {
            this.text = text;
        }
    }

    private static final int READ_BYTES = 256 * 1024;
    private static final int READ_MILLIS = 200;
    private static final long ACK_NANOS = 1_000_000_000L;
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final int REPLY_BYTES = 1024;
    private static final int MOST_POINTS = 64;
    private static final long MOST_WORD_BYTES = Integer.MAX_VALUE - 1024;
    private static final List<String> LATER = List.of("-NOMASTERLINK", "-LOADING", "-BUSY", "-MASTERDOWN");

    /** An offset in the append-only file's stream, and the one in the primary's stream that it is for. */
    private record Point(long file, long offset) {}

    private final ReplicationNode node;
    private final Engine engine;
    private final ReplicationParameters parameters;
    private final ChangeStream stream;
    private final String host;
    private final int port;
    private final Client client;
    private final Handshake handshake;
    private final PendingStream pending;
    private final RespReply reply = new RespReply(REPLY_BYTES);
    private final Deque<Point> points = new ArrayDeque<>();
    private RequestDecoder decoder = new RequestDecoder();

    /** What the primary has sent and what is not in the stream yet. */
    private byte[] raw = new byte[READ_BYTES];

    private int rawStart;
    private int rawEnd;

    private volatile State state = State.CONNECT;
    private volatile boolean stopped;
    private volatile @Nullable Peer peer;

    /** The connection that brings a snapshot, where it is another one. */
    private volatile @Nullable Peer snapshotPeer;

    private volatile @Nullable Thread thread;
    private volatile long lastReadMillis;
    private volatile long downSinceMillis;
    private volatile long transferredBytes;
    private volatile long transferBytes;
    private long durableOffset;
    private long lastAckNanos;
    private boolean ackWanted;

    Upstream(ReplicationNode node, String host, int port) {
        this.node = node;
        this.engine = node.engine();
        this.parameters = engine.config().replication;
        this.stream = engine.changes().replicas();
        this.host = host;
        this.port = port;
        this.handshake = new Handshake(engine, host, port);
        this.pending = new PendingStream(() -> engine.config()
                .network
                .clientOutputBufferLimit
                .limit(OutputLimits.REPLICA)
                .hardBytes());
        this.downSinceMillis = engine.clock().millis();
        this.client = engine.connect(new PrimaryLink(), engine.statistics().newLane());
        client.setPrimary();
    }

    // ---- for others ----

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    boolean isAt(String otherHost, int otherPort) {
        return host.equalsIgnoreCase(otherHost) && port == otherPort;
    }

    String stateText() {
        return state.text;
    }

    boolean isUp() {
        return state == State.CONNECTED;
    }

    boolean isSynchronizing() {
        return state == State.TRANSFER || state == State.LOADING;
    }

    boolean isHandshaking() {
        return state == State.HANDSHAKE;
    }

    /** When something came last; 0 while the link is down. */
    long lastReadMillis() {
        return isUp() ? lastReadMillis : 0;
    }

    long downSinceMillis() {
        return downSinceMillis;
    }

    long transferredBytes() {
        return transferredBytes;
    }

    /** 0 if unknown. */
    long transferBytes() {
        return transferBytes;
    }

    /** What is kept of the stream until the snapshot is loaded. */
    long pendingBytes() {
        return pending.bytes();
    }

    long mostPendingBytes() {
        return pending.peakBytes();
    }

    /** The database in which the next command runs. */
    int database() {
        return client.database();
    }

    /** Chooses the database in which the stream goes on where it is not received anew, however many attempts that takes. */
    void startIn(int selected) {
        client.select(selected);
    }

    void start() {
        Thread started = new Thread(this, "holdfast-primary");
        started.setDaemon(true);
        thread = started;
        started.start();
    }

    /** Ends the link for good. Does not wait. */
    void stop() {
        stopped = true;
        client.closeAfterReply();
        breakLink();
        Thread running = thread;
        if (running != null) {
            LockSupport.unpark(running);
        }
    }

    void breakLink() {
        for (Peer present : new Peer[] {peer, snapshotPeer}) {
            if (present != null) {
                PeerCache.close(present);
            }
        }
    }

    /** While a snapshot is loaded the thread cannot say that it is alive. */
    void keepAlive() {
        Peer present = peer;
        if (state == State.LOADING && present != null) {
            try {
                present.send(new byte[] {'\n'});
            } catch (IOException e) {
                LOG.debug("The primary has gone", e);
            }
        }
    }

    void wantAck() {
        ackWanted = true;
    }

    // ---- the thread ----

    @Override
    public void run() {
        try {
            while (!stopped) {
                try {
                    connect();
                    follow();
                } catch (InterruptedIOException e) {
                    LOG.warn(
                            state == State.TRANSFER
                                    ? "Timeout receiving bulk data from PRIMARY {}:{}. If this goes on, a larger 'repl-timeout' helps"
                                    : "Timeout connecting to the PRIMARY {}:{}...",
                            host,
                            port);
                } catch (IOException e) {
                    if (!stopped) {
                        LOG.warn("The link to the primary {}:{} is down: {}", host, port, Reason.of(e));
                    }
                } catch (RuntimeException | OutOfMemoryError e) {
                    LOG.error("Following the primary {}:{} failed", host, port, e);
                    if (e instanceof OutOfMemoryError) {
                        engine.heapIsFull();
                    }
                }
                linkIsDown();
                if (!stopped) {
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
        } finally {
            engine.disconnect(client);
        }
    }

    private void linkIsDown() {
        breakLink();
        peer = null;
        snapshotPeer = null;
        if (pending.clear()) {
            LOG.info("Dual channel replication: what was kept of the stream is given up");
        }
        if (state == State.CONNECTED) {
            downSinceMillis = engine.clock().millis();
        }
        state = State.CONNECT;
        engine.endTransaction(client);
        rawStart = 0;
        rawEnd = 0;
        decoder.close();
    }

    private void connect() throws IOException {
        state = State.CONNECTING;
        LOG.info("Connecting to PRIMARY {}:{}", host, port);
        Peer opened = handshake.open();
        peer = opened;
        if (stopped) {
            throw new IOException("it is not followed any more");
        }
        state = State.HANDSHAKE;
        handshake.introduce(opened);
    }

    private void follow() throws IOException {
        Peer from = present();
        boolean exchange = node.failover().isUnderWay();
        String[] request = {"PSYNC", node.id(), Long.toString(stream.offset() + 1), "FAILOVER"};
        String answer = Handshake.ask(from, exchange ? request : Arrays.copyOf(request, request.length - 1));
        String[] words = answer.split(" ");
        if (exchange) {
            node.failover().answered(words[0].equals("+CONTINUE") || words[0].equals("+FULLRESYNC"));
        }
        if (words[0].equals("+CONTINUE")) {
            node.resumed(words.length > 1 ? words[1] : node.id());
            beginStream();
            LOG.info("Successful partial resynchronization with primary at offset {}.", stream.offset());
        } else if (words[0].equals("+FULLRESYNC") && words.length == 3) {
            LOG.info("Full resync from primary: {}:{}", words[1], words[2]);
            receive(from, words[1], Long.parseLong(words[2]));
            beginStream();
        } else if (words[0].equals("+DUALCHANNELSYNC")) {
            receiveByTwo(from);
        } else if (LATER.stream().anyMatch(answer::startsWith)) {
            throw new IOException("Primary is currently unable to PSYNC but should be in the future: " + answer);
        } else {
            throw new IOException("Unexpected reply to PSYNC from primary: " + answer);
        }
        state = State.CONNECTED;
        lastReadMillis = engine.clock().millis();
        acknowledge(from);
        apply(from);
    }

    private Peer present() throws IOException {
        Peer present = peer;
        if (present == null) {
            throw new IOException("it is not followed any more");
        }
        return present;
    }

    // ---- everything at once ----

    private void receive(Peer from, String id, long offset) throws IOException {
        state = State.TRANSFER;
        transferredBytes = 0;
        transferBytes = 0;
        Transfer transfer = new Transfer(from, Handshake.readLine(from), this::noteTransferred);
        transferBytes = transfer.length() == Long.MAX_VALUE ? 0 : transfer.length();
        if (node.snapshotLoad().isDirect()) {
            state = State.LOADING;
            client.select(node.snapshotLoad().loadDirectly(this, transfer, transfer.length(), id, offset));
            transfer.drain();
        } else {
            receive(transfer, id, offset);
        }
        LOG.info("PRIMARY <-> REPLICA sync: Finished with success");
    }

    private void receive(Transfer transfer, String id, long offset) throws IOException {
        Spool spool = node.newSpool();
        spool.retain();
        try {
            byte[] buffer = new byte[READ_BYTES];
            int count = transfer.read(buffer, 0, buffer.length);
            while (count >= 0) {
                spool.write(buffer, 0, count);
                count = transfer.read(buffer, 0, buffer.length);
            }
            spool.complete();
            LOG.info("PRIMARY <-> REPLICA sync: {} bytes received", spool.size());
            state = State.LOADING;
            client.select(node.snapshotLoad().load(this, spool, id, offset));
        } finally {
            spool.release();
        }
    }

    /** Receives everything by a connection of its own, while what comes of the stream meanwhile is kept. */
    private void receiveByTwo(Peer main) throws IOException {
        LOG.info("Dual channel replication: PSYNC is not possible, initialize RDB channel.");
        Peer second = handshake.open();
        snapshotPeer = second;
        if (stopped) {
            throw new IOException("it is not followed any more");
        }
        handshake.requestSnapshot(second);
        Handshake.Place place = Handshake.Place.of(Handshake.readLine(second));
        StreamKeeper keeper = new StreamKeeper(
                main, place, pending, engine.debugSettings(), this::noteInput, () -> PeerCache.close(second));
        keeper.start();
        boolean whole;
        try {
            receive(second, place.id(), place.offset());
        } finally {
            whole = keeper.end();
            PeerCache.close(second);
        }
        if (!whole) {
            throw new IOException("the main channel is broken");
        }
        main.setTimeout(READ_MILLIS);
        beginStream();
        for (byte[] part = pending.take(); part != null && !stopped; part = pending.take()) {
            usePending(part);
            acknowledgeInTime(main);
        }
        LOG.info("Dual channel replication: Successfully streamed replication data into memory");
    }

    private void noteTransferred(int more) {
        long before = transferredBytes;
        transferredBytes = before + more;
        noteInput(more);
    }

    private void noteInput(int bytes) {
        engine.statistics().netInputBytes.add(bytes);
        engine.statistics().replicationInputBytes.add(bytes);
    }

    private int read(Peer from, byte[] into, int offset, int length) throws IOException {
        int count = from.read(into, offset, length);
        if (count < 0) {
            throw new EOFException("the primary has closed the connection");
        }
        return count;
    }

    // ---- the stream ----

    /** Nothing of the stream has come on this connection. */
    private void beginStream() {
        decoder = new RequestDecoder();
        decoder.setMaxBulkBytes(MOST_WORD_BYTES);
        rawStart = 0;
        rawEnd = 0;
    }

    private void apply(Peer from) throws IOException {
        from.setTimeout(READ_MILLIS);
        byte[] buffer = new byte[READ_BYTES];
        while (!stopped) {
            try {
                int count = read(from, buffer, 0, Math.min(buffer.length, decoder.most()));
                lastReadMillis = engine.clock().millis();
                noteInput(count);
                use(buffer, count);
            } catch (InterruptedIOException e) {
                long silent = engine.clock().millis() - lastReadMillis;
                if (silent > parameters.timeoutSeconds.get() * 1000) {
                    throw new IOException("nothing has come for " + silent / 1000 + " seconds", e);
                }
            }
            acknowledgeInTime(from);
        }
    }

    private void usePending(byte[] part) throws IOException {
        int at = 0;
        while (at < part.length) {
            int count = Math.min(part.length - at, decoder.most());
            use(at == 0 ? part : Arrays.copyOfRange(part, at, at + count), count);
            at += count;
        }
    }

    private void use(byte[] bytes, int count) throws IOException {
        keepRaw(bytes, count);
        run(bytes, count);
        engine.changes().commit();
    }

    private void acknowledgeInTime(Peer to) throws IOException {
        if (ackWanted || System.nanoTime() - lastAckNanos >= ACK_NANOS) {
            acknowledge(to);
        }
    }

    private void keepRaw(byte[] bytes, int count) {
        if (raw.length - rawEnd < count) {
            int used = rawEnd - rawStart;
            byte[] target = used + count > raw.length ? new byte[Math.max(2 * raw.length, used + count)] : raw;
            System.arraycopy(raw, rawStart, target, 0, used);
            raw = target;
            rawStart = 0;
            rawEnd = used;
        }
        System.arraycopy(bytes, 0, raw, rawEnd, count);
        rawEnd += count;
    }

    private void run(byte[] bytes, int count) throws IOException {
        if (decoder.hasPending()) {
            byte[] space = decoder.space(count);
            if (space == null) {
                throw new OutOfMemoryError("no room for a command of the primary");
            }
            System.arraycopy(bytes, 0, space, decoder.end(), count);
            decoder.appended(count);
        } else {
            decoder.lend(bytes, 0, count);
        }
        try {
            Args spare = new Args();
            for (Args args = decoder.next(spare); args != null && !stopped; args = decoder.next(spare)) {
                if (decoder.hasKept(spare)) {
                    spare = new Args();
                }
                run(args);
            }
        } catch (ProtocolException e) {
            throw new IOException("Protocol error from the primary: " + e.getMessage(), e);
        }
        decoder.keep();
    }

    private void run(Args args) throws IOException {
        int mark = reply.mark();
        try {
            engine.replay(client, args, reply);
        } catch (dev.holdfast.engine.catalog.CommandException e) {
            reply.error(String.valueOf(e.getMessage()));
        }
        if (reply.size() > mark && reply.array()[mark] == '-') {
            failed(args, new String(reply.array(), mark, reply.size() - mark, StandardCharsets.UTF_8).strip());
        }
        reply.clear(REPLY_BYTES);
        applied();
    }

    /** What the primary could do could not be done here: from now on the data may differ. */
    private void failed(Args args, String error) throws IOException {
        engine.statistics().unexpectedErrors.increment();
        LOG.warn(
                "== CRITICAL == This replica is sending an error to its primary: '{}' after processing the command '{}'",
                error,
                args.get(0));
        if (!parameters.propagationErrorBehavior.get().equals("ignore")) {
            throw new IOException(
                    "a command of the primary failed, and propagation-error-behavior says to stop: " + error);
        }
    }

    /** A command has run: its bytes, with those before it that are of no use without it, are part of the stream. */
    void applied() {
        int count = rawEnd - rawStart - decoder.pendingBytes();
        if (client.transaction() == null && count > 0) {
            stream.append(raw, rawStart, count);
            rawStart += count;
        }
    }

    private void acknowledge(Peer to) throws IOException {
        ackWanted = false;
        lastAckNanos = System.nanoTime();
        long synced = node.fileOffset();
        String offset = Long.toString(stream.offset());
        if (synced < 0) {
            points.clear();
            to.send(Handshake.command("REPLCONF", "ACK", offset));
            return;
        }
        Point last = points.peekLast();
        Point now = new Point(engine.changes().offset(), stream.offset());
        if (points.size() < MOST_POINTS && !now.equals(last)) {
            points.add(now);
        }
        while (!points.isEmpty() && points.element().file <= synced) {
            durableOffset = points.remove().offset;
        }
        to.send(Handshake.command("REPLCONF", "ACK", offset, "FACK", Long.toString(durableOffset)));
    }

    /** What CLIENT LIST shows of the primary, and CLIENT KILL ends. */
    private final class PrimaryLink implements Link {
        @Override
        public void push(byte[] message) {}

        @Override
        public Reply resumeReply() {
            return NoLink.INSTANCE.resumeReply();
        }

        @Override
        public void resume(Reply answer) {}

        @Override
        public void close(boolean afterReplies) {
            breakLink();
        }

        @Override
        public String address() {
            return host + ":" + port;
        }

        @Override
        public String localAddress() {
            return "";
        }
    }
}
