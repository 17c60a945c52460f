package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.NoLink;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Repeats commands of a log that have one key each on several threads. A key's shard decides on the lane, so commands of one key
 * run in their order; those of different lanes have nothing in common.
 *
 * <p>Commands gather in {@link #add}. {@link #start} has them run while others gather; {@link #finish} returns when all have run.
 *
 * <p>Most of a log is often SETs without options. What such a one gives its key does not depend on what is there, so it is not run
 * ({@link Engine#blindItem}): its item waits with others ({@link Arrivals}) until another command looks at the shard, or all must have run.
 */
final class ReplayLanes implements AutoCloseable {
    private static final int MOST_LANES = 4;
    private static final int BATCH = 16;
    private static final int REPLY_BYTES = 1024;

    /** So few commands are run faster than they are handed over. */
    private static final int FEW_COMMANDS = 64;

    private final Engine engine;
    private final Keyspace keyspace;
    private final Arrivals arrivals;

    private final Lane[] lanes;
    private final ExecutorService threads;
    private final List<Future<?>> running = new ArrayList<>();
    private int gathered;

    /** @param alone whether the calling thread holds all locks, so that no other one gets any */
    ReplayLanes(Engine engine, boolean alone) {
        this.engine = engine;
        this.keyspace = engine.keyspace();
        this.arrivals = new Arrivals(keyspace, true);
        int count = alone ? 1 : Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_LANES);
        this.lanes = new Lane[count];
        Arrays.setAll(lanes, Lane::new);
        this.threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "holdfast-replay");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Adds the command that stands in the present buffer at {@code offset}. */
    void add(Slice key, int offset) {
        gathered++;
        int shard = keyspace.shardOf(key).number();
        lanes[shard % lanes.length].gathering.add(offset, shard);
    }

    /**
     * Has what has gathered run in a database, once all that was started before has run.
     *
     * @param buffer where the commands are; it must stay as it is until they have run
     */
    void start(byte[] buffer, int database) {
        awaitAll();
        boolean here = lanes.length == 1 || gathered < FEW_COMMANDS;
        for (Lane lane : lanes) {
            Commands commands = lane.turn();
            if (commands.count > 0) {
                if (here) {
                    lane.run(buffer, commands, database);
                } else {
                    running.add(threads.submit(() -> lane.run(buffer, commands, database)));
                }
            }
        }
        gathered = 0;
    }

    /** Runs what has gathered, and returns when everything has run. */
    void finish(byte[] buffer, int database) {
        start(buffer, database);
        awaitAll();
        settle();
    }

    /** Inserts what has arrived; each lane its own. */
    private void settle() {
        for (Lane lane : lanes) {
            if (lane.arrived > FEW_COMMANDS && lanes.length > 1) {
                running.add(threads.submit(lane::settleAll));
            } else if (lane.arrived > 0) {
                lane.settleAll();
            }
        }
        awaitAll();
    }

    private void awaitAll() {
        try {
            for (Future<?> task : running) {
                task.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while loading", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            running.clear();
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        for (Lane lane : lanes) {
            engine.disconnect(lane.client);
        }
    }

    /** Where in the buffer some commands begin, and the shards of their keys. Its lane reads a command again. */
    private static final class Commands {
        private int[] offsets = new int[1024];
        private byte[] shards = new byte[1024];
        private int count;

        void add(int offset, int shard) {
            if (count == offsets.length) {
                offsets = Arrays.copyOf(offsets, 2 * count);
                shards = Arrays.copyOf(shards, 2 * count);
            }
            offsets[count] = offset;
            shards[count++] = (byte) shard;
        }
    }

    /** The commands of some shards, and the client for which they run. */
    private final class Lane {
        private final Client client =
                engine.connect(NoLink.INSTANCE, engine.statistics().newLane());
        private final RespReply reply = new RespReply(REPLY_BYTES);
        private final AofParser parser = new AofParser();
        private final Args[] batch = new Args[BATCH];

        /** What the commands of the batch store whatever is there; null for those that run. */
        private final @Nullable Object[] items = new Object[BATCH];

        private final long shards;
        private final Arrivals.Gatherer gatherer = arrivals.new Gatherer();
        private long arrived;
        private Commands gathering = new Commands();
        private Commands other = new Commands();

        Lane(int number) {
            client.setReplaying(true);
            Arrays.setAll(batch, i -> new Args());
            long mask = 0;
            for (int shard = number; shard < keyspace.shardCount(); shard += lanes.length) {
                mask |= 1L << shard;
            }
            shards = mask;
        }

        /** What has gathered, which is to run; others gather meanwhile. */
        Commands turn() {
            Commands gathered = gathering;
            gathering = other;
            other = gathered;
            return gathered;
        }

        /** Runs commands. Their locks are taken once for all of them. */
        void run(byte[] buffer, Commands commands, int database) {
            keyspace.lock(shards);
            try {
                client.select(database);
                gatherer.select(database);
                for (int from = 0; from < commands.count; from += BATCH) {
                    int some = Math.min(BATCH, commands.count - from);
                    int blind = 0;
                    for (int i = 0; i < some; i++) {
                        parser.read(buffer, commands.offsets[from + i], batch[i]);
                        items[i] = engine.blindItem(batch[i]);
                        blind += items[i] == null ? 0 : 1;
                    }
                    if (blind < some) {
                        engine.prefetcher().look(client, batch, some);
                    }
                    for (int i = 0; i < some; i++) {
                        Object item = items[i];
                        if (item != null) {
                            gatherer.add(batch[i].get(1), item);
                            arrived++;
                        } else {
                            run(batch[i], commands.shards[from + i]);
                        }
                    }
                }
            } finally {
                keyspace.unlock(shards);
                commands.count = 0;
            }
        }

        private void run(Args args, int shard) {
            if (arrived > 0) {
                settle(shard);
            }
            engine.replay(client, args, reply);
            reply.clear(REPLY_BYTES);
        }

        /** Inserts what has arrived for any shard. */
        void settleAll() {
            keyspace.lock(shards);
            try {
                for (long left = shards; left != 0; left &= left - 1) {
                    settle(Long.numberOfTrailingZeros(left));
                }
            } finally {
                keyspace.unlock(shards);
            }
            engine.statistics().changesSinceSave.add(arrived);
            arrived = 0;
        }

        private void settle(int shard) {
            try {
                gatherer.settle(shard);
            } catch (RdbException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
