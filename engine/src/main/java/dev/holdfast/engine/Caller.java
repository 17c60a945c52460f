package dev.holdfast.engine;

import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What one thread at a time needs to run commands: a client of the engine, a place for the words and one for the answer.
 *
 * <p>A command that has to wait parks its thread, virtual or not, until another thread delivers the answer. An interrupt or the
 * end of the store gives the wait up; should the answer come at that very moment, it counts.
 */
final class Caller implements Link {
    private static final String GIVEN_UP = "ERR the caller no longer waits";
    private static final int KEEP_BYTES = 8192;

    /** How many commands of a batch have what they will read fetched together. */
    static final int BATCH = ThreadStatistics.MOST_PREFETCHED;

    private final CallerPool pool;
    private final Engine engine;
    private final Client client;
    private final boolean hasState;
    private final int place;
    private final Answer answer = new Answer();
    private Args args = new Args();

    /** The commands of a batch, the first {@link #batchCount} of them. The others are for batches to come. */
    private Args[] batch = {};

    private int batchCount;

    private volatile @Nullable Reply delivered;
    private volatile @Nullable Thread waiting;

    /**
     * @param place the caller's place in the pool, or -1
     * @param hasState whether commands of other threads never come between, so that the connection's state means something
     */
    Caller(CallerPool pool, Engine engine, ThreadStatistics lane, int place, boolean hasState) {
        this.pool = pool;
        this.engine = engine;
        this.place = place;
        this.hasState = hasState;
        this.client = engine.newClient(this, lane);
        client.setResp3(true);
        client.setUser(engine.acl().owner());
        engine.connect(client);
    }

    Client client() {
        return client;
    }

    int place() {
        return place;
    }

    boolean hasState() {
        return hasState;
    }

    // ---- running a command ----

    /** Begins a command. */
    Caller command(byte[] name) {
        args.clear();
        args.add(name);
        return this;
    }

    Caller word(byte[] word) {
        args.add(word);
        return this;
    }

    /** Runs the command as if it had come from outside. */
    Answer run() {
        return run(args);
    }

    private Answer run(Args words) {
        pool.checkOpen();
        answer.clear();
        return answerOf(engine.execute(client, words, answer));
    }

    /** Runs the command, which is that of {@code verb}. */
    Answer run(Verb verb) {
        return run(verb, args);
    }

    private Answer run(Verb verb, Args words) {
        if (hasState) {
            return run(words);
        }
        pool.checkOpen();
        answer.clear();
        return answerOf(engine.execute(client, pool.declaration(verb), words, answer));
    }

    private Answer answerOf(boolean answered) {
        engine.changes().commitIfUrgent();
        return answered ? answer : await();
    }

    /** Lets go of long arguments, which would otherwise be kept until the next command. */
    void forgetLongWords() {
        if (args.sizeBytes() > KEEP_BYTES) {
            args = new Args();
        }
    }

    // ---- running commands together ----

    /** Adds a command to the batch, which must not be full. Its words are what {@link Args#add(byte[])} is given. */
    Args add(byte[] name) {
        if (batch.length == 0) {
            batch = new Args[BATCH];
            Arrays.setAll(batch, i -> new Args());
        }
        Args words = batch[batchCount++];
        words.clear();
        words.add(name);
        return words;
    }

    boolean isBatchFull() {
        return batchCount == BATCH;
    }

    /** Fetches what the commands of the batch will read. Returns how many they are; {@link #run(int)} runs each. */
    int fetch() {
        if (batchCount > 1) {
            engine.prefetcher().look(client, batch, batchCount);
        }
        return batchCount;
    }

    /** Runs a command of the batch. */
    Answer run(int index) {
        return run(batch[index]);
    }

    /** Runs a command of the batch, which is that of {@code verb}. */
    Answer run(Verb verb, int index) {
        return run(verb, batch[index]);
    }

    /** Forgets the batch. */
    void endBatch() {
        long bytes = 0;
        for (int i = 0; i < batchCount; i++) {
            bytes += batch[i].sizeBytes();
        }
        if (bytes > KEEP_BYTES) {
            batch = new Args[] {};
        }
        batchCount = 0;
    }

    private Answer await() {
        waiting = Thread.currentThread();
        boolean interrupted = false;
        while (delivered == null) {
            if (Thread.interrupted()) {
                interrupted = true;
                engine.blocking().unblock(client, GIVEN_UP);
            }
            if (pool.isClosed()) {
                engine.blocking().unblock(client, GIVEN_UP);
                break;
            }
            if (delivered == null) {
                LockSupport.park(this);
            }
        }
        waiting = null;
        Answer result = (Answer) delivered;
        delivered = null;
        engine.changes().commitIfUrgent();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (result == null || result.isError(GIVEN_UP)) {
            pool.checkOpen();
            throw new CallInterruptedException();
        }
        return result;
    }

    /** Ends a wait because the store closes. */
    void wake() {
        Thread thread = waiting;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    // ---- the engine's side ----

    @Override
    public Reply resumeReply() {
        return new Answer();
    }

    @Override
    public void resume(Reply reply) {
        delivered = reply;
        wake();
    }

    /** In-process callers subscribe with {@link Subscriber}s. */
    @Override
    public void push(byte[] message) {}

    @Override
    public void close(boolean afterReplies) {
        engine.blocking().unblock(client, "ERR the client was killed");
    }
}
