package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that decode the items an {@link RdbReader} has found, and insert them at the end.
 *
 * <p>A run is a piece of an array with whole items, each with the opcodes before it. The database may change within a run; the
 * reader, which sees all runs in order, notes with which one a run begins. Arrays go round: a worker gives back what it has read.
 */
final class RdbWorkers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RdbWorkers.class);
    private static final int MOST_THREADS = 4;
    private static final int RUNS_AHEAD = 3;
    private static final int FEW_ITEMS = 10_000;
    private static final int LOGGED_EMPTY_KEYS = 10;

    private final Keyspace keyspace;
    private final Config config;
    private final RdbReader.Options options;
    private final long nowMillis;
    private final @Nullable ExpiredKeys expiredKeys;
    private final BlockingQueue<Run> runs = new ArrayBlockingQueue<>(RUNS_AHEAD);
    private final BlockingQueue<byte[]> arrays = new ArrayBlockingQueue<>(RUNS_AHEAD + MOST_THREADS + 1);
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder expired = new LongAdder();
    private final LongAdder empty = new LongAdder();
    private final Arrivals arrivals;
    private final Decoder inline;
    private volatile @Nullable Throwable failure;
    private boolean foreign;
    private int database;
    private int runDatabase;

    /** Whole items from an array; without bytes, the sign to stop. */
    private static final class Run {
        final byte[] bytes;
        final int from;
        final int to;
        final int database;

        Run(byte[] bytes, int from, int to, int database) {
            this.bytes = bytes;
            this.from = from;
            this.to = to;
            this.database = database;
        }
    }

    private static final Run STOP = new Run(new byte[0], 0, 0, 0);

    /** @param expiredKeys takes the names of keys whose time is over, or null */
    RdbWorkers(
            Keyspace keyspace,
            Config config,
            RdbReader.Options options,
            long nowMillis,
            @Nullable ExpiredKeys expiredKeys) {
        this.expiredKeys = expiredKeys;
        this.keyspace = keyspace;
        this.config = config;
        this.options = options;
        this.nowMillis = nowMillis;
        this.arrivals = new Arrivals(keyspace, options.allowDuplicates());
        this.inline = new Decoder();
    }

    void begin(boolean foreignVersion) {
        foreign = foreignVersion;
    }

    // ---- the reader's side ----

    /**
     * Passes over one item with the opcodes before it, or over one opcode that stands alone.
     *
     * @return the type of the item, or the opcode that the reader has to see to
     */
    int skim(RdbInput in) throws IOException {
        while (true) {
            int opcode = in.readByte();
            switch (opcode) {
                case RdbFormat.EXPIRETIME_MS -> in.skip(8);
                case RdbFormat.EXPIRETIME -> in.skip(4);
                case RdbFormat.IDLE -> in.readLength();
                case RdbFormat.FREQ -> in.skip(1);
                case RdbFormat.SELECTDB -> {
                    database = selected(in);
                    return RdbFormat.STRING;
                }
                case RdbFormat.RESIZEDB -> {
                    in.readLength();
                    in.readLength();
                    return RdbFormat.STRING;
                }
                case RdbFormat.SLOT_INFO -> {
                    in.readLength();
                    in.readLength();
                    in.readLength();
                    return RdbFormat.STRING;
                }
                default -> {
                    if (opcode >= RdbFormat.SLOT_IMPORT) {
                        return opcode;
                    }
                    in.skipString();
                    if (!RdbSkimmer.skip(opcode, foreign, in)) {
                        throw new RdbException("to be read by the reader itself");
                    }
                    return opcode;
                }
            }
        }
    }

    private int selected(RdbInput in) throws IOException {
        long number = in.readLength();
        if (number < 0 || number >= keyspace.databases()) {
            throw new RdbException(
                    "FATAL: Data file was created with a Valkey server configured to handle more than %d databases. Exiting"
                            .formatted(keyspace.databases()));
        }
        return (int) number;
    }

    /** Hands over a run of items; the input goes on in another array. */
    void submit(RdbInput in, int from, int to) throws IOException {
        byte[] fresh = arrays.poll();
        int length = in.arrayLength();
        byte[] bytes = in.exchange(fresh != null && fresh.length == length ? fresh : new byte[length]);
        Run run = new Run(bytes, from, to, runDatabase);
        runDatabase = database;
        if (options.alone()) {
            read(run, inline, new RdbInput(STOP.bytes, 0, 0));
        } else {
            startThreads(this::work, MOST_THREADS);
            put(run);
        }
    }

    private void put(Run run) throws IOException {
        try {
            while (!runs.offer(run, 100, TimeUnit.MILLISECONDS)) {
                throwFailure();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while loading", e);
        }
        throwFailure();
    }

    private void throwFailure() throws IOException {
        Throwable cause = failure;
        if (cause instanceof IOException e) {
            throw e;
        }
        if (cause != null) {
            throw new IllegalStateException("a thread that loads has failed", cause);
        }
    }

    /** Starts a thread for each processor, but for no more than {@code most}, unless they run already. */
    private void startThreads(Runnable work, int most) {
        int wanted = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, most);
        while (threads.size() < wanted) {
            Thread thread = new Thread(work, "holdfast-load-" + threads.size());
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private void joinThreads() throws IOException {
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while loading", e);
        }
        threads.clear();
        throwFailure();
    }

    /** Reads one item, or an opcode that concerns the items, on the calling thread. */
    void readInline(RdbInput in) throws IOException {
        inline.select(runDatabase);
        inline.readOne(in);
        database = inline.selected;
        runDatabase = database;
    }

    /** Waits until everything has been decoded. */
    void decodeAll() throws IOException {
        for (int i = 0; i < threads.size(); i++) {
            put(STOP);
        }
        joinThreads();
        inline.gatherer.handOver();
    }

    /** Inserts what has been decoded. */
    void finish() throws IOException {
        if (!options.alone() && arrivals.count() > FEW_ITEMS) {
            startThreads(this::settle, MOST_THREADS - 1);
        }
        settle();
        joinThreads();
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }

    long loaded() {
        return arrivals.count();
    }

    long expired() {
        return expired.sum();
    }

    long empty() {
        return empty.sum();
    }

    // ---- the workers' side ----

    private void work() {
        Decoder decoder = new Decoder();
        RdbInput in = new RdbInput(STOP.bytes, 0, 0);
        try {
            while (failure == null) {
                Run run = runs.take();
                if (run == STOP) {
                    decoder.gatherer.handOver();
                    return;
                }
                read(run, decoder, in);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            failure = e;
        }
    }

    private void settle() {
        try {
            arrivals.settle();
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            failure = e;
        }
    }

    private void read(Run run, Decoder decoder, RdbInput in) throws IOException {
        in.reset(run.bytes, run.from, run.to);
        decoder.select(run.database);
        while (!in.isAtEnd()) {
            decoder.readOne(in);
        }
        arrays.offer(run.bytes);
    }

    /** What one thread needs to decode items. */
    private final class Decoder {
        private final RdbValueReader values = new RdbValueReader(config);
        private final Arrivals.Gatherer gatherer = arrivals.new Gatherer();
        private final Slice key = new Slice();
        private byte[] keyBytes = new byte[64];
        private int selected;
        private long delayed;

        Decoder() {
            if (!options.keepExpired()) {
                values.droppingFieldsExpiredAt(nowMillis);
            }
        }

        void select(int database) {
            selected = database;
            gatherer.select(database);
        }

        /** Reads an item with what stands before it, or one opcode that stands alone. */
        void readOne(RdbInput in) throws IOException {
            long expireAt = KeyRecord.NEVER;
            long idleSeconds = -1;
            int frequency = -1;
            while (true) {
                int opcode = in.readByte();
                switch (opcode) {
                    case RdbFormat.EXPIRETIME_MS -> expireAt = in.readLong();
                    case RdbFormat.EXPIRETIME -> expireAt = in.readInt() * 1000L;
                    case RdbFormat.IDLE -> idleSeconds = in.readLength();
                    case RdbFormat.FREQ -> frequency = in.readByte();
                    case RdbFormat.SELECTDB -> {
                        select(selected(in));
                        return;
                    }
                    case RdbFormat.RESIZEDB -> {
                        in.readLength();
                        in.readLength();
                        return;
                    }
                    case RdbFormat.SLOT_INFO -> {
                        in.readLength();
                        in.readLength();
                        in.readLength();
                        return;
                    }
                    default -> {
                        readItem(opcode, expireAt, idleSeconds, frequency, in);
                        return;
                    }
                }
            }
        }

        private void readItem(int type, long expireAt, long idleSeconds, int frequency, RdbInput in)
                throws IOException {
            Slice read = in.readString(key);
            if (keyBytes.length < read.length()) {
                keyBytes = new byte[read.length()];
            }
            read.copyTo(keyBytes, 0);
            key.set(keyBytes, 0, read.length());
            boolean isOver = expireAt != KeyRecord.NEVER && expireAt < nowMillis && !options.keepExpired();
            Object item = values.read(type, foreign, key, expireAt, in);
            delay();
            if (item == null) {
                if (empty.sum() < LOGGED_EMPTY_KEYS) {
                    LOG.info("rdbLoadObject skipping empty key: {}", key);
                }
                empty.increment();
            } else if (isOver) {
                expired.increment();
                if (expiredKeys != null) {
                    expiredKeys.add(selected, key);
                }
            } else {
                KeyRecord.setAccessClock(KeyTable.record(item), Usage.clock(keyspace.clock(), idleSeconds, frequency));
                gatherer.add(key, item);
            }
        }

        private void delay() {
            int micros = config.persistence.keyLoadDelay.getInt();
            if (micros > 0) {
                LockSupport.parkNanos(micros * 1000L);
            } else if (micros < 0 && ++delayed % -micros == 0) {
                LockSupport.parkNanos(1000);
            }
        }
    }
}
