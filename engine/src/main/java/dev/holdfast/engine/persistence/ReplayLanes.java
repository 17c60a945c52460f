package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.execution.Client;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Repeats commands of a log that have one key each on several threads. A key's shard decides on the lane, so commands of one key
 * run in their order; those of different lanes have nothing in common. They gather in {@link #add} and run in {@link #run}, which
 * returns when all of them have.
 */
final class ReplayLanes implements AutoCloseable {
    private static final int MOST_LANES = 4;
    private static final int BATCH = 16;
    private static final int REPLY_BYTES = 1024;

    private final Engine engine;
    private final Lane[] lanes;
    private final ExecutorService threads;

    /** @param alone whether the calling thread holds all locks, so that no other one gets any */
    ReplayLanes(Engine engine, boolean alone) {
        this.engine = engine;
        int count = alone ? 1 : Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_LANES);
        this.lanes = new Lane[count];
        Arrays.setAll(lanes, i -> new Lane());
        this.threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "holdfast-replay");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Adds a command. Its words must stay until it has run. Returns other words to be filled. */
    Args add(Args args, Slice key) {
        int shard = engine.keyspace().shardOf(key).number();
        return lanes[shard % lanes.length].add(args);
    }

    /** Runs what has gathered, in a database. */
    void run(int database) {
        List<Future<?>> others = new ArrayList<>(lanes.length);
        for (int i = 1; i < lanes.length; i++) {
            Lane lane = lanes[i];
            if (lane.count > 0) {
                others.add(threads.submit(() -> lane.run(database)));
            }
        }
        lanes[0].run(database);
        for (Future<?> other : others) {
            await(other);
        }
    }

    private static void await(Future<?> task) {
        try {
            task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while loading", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        for (Lane lane : lanes) {
            engine.disconnect(lane.client);
        }
    }

    /** The commands of some shards, and the client for whom they run. */
    private final class Lane {
        private final Client client =
                engine.connect(NoLink.INSTANCE, engine.statistics().newLane());
        private final RespReply reply = new RespReply(REPLY_BYTES);
        private final Args[] batch = new Args[BATCH];
        private Args[] commands = new Args[1024];
        private int count;

        Lane() {
            client.setReplaying(true);
            Arrays.setAll(commands, i -> new Args());
        }

        Args add(Args args) {
            if (count == commands.length) {
                commands = Arrays.copyOf(commands, 2 * count);
                for (int i = count; i < commands.length; i++) {
                    commands[i] = new Args();
                }
            }
            Args free = commands[count];
            commands[count++] = args;
            return free;
        }

        void run(int database) {
            client.select(database);
            for (int from = 0; from < count; from += BATCH) {
                int some = Math.min(BATCH, count - from);
                System.arraycopy(commands, from, batch, 0, some);
                engine.prefetcher().look(client, batch, some);
                for (int i = 0; i < some; i++) {
                    engine.replay(client, batch[i], reply);
                    reply.clear(REPLY_BYTES);
                }
            }
            count = 0;
        }
    }
}
