package dev.holdfast.engine;

import dev.holdfast.engine.protocol.Args;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Commands that need not see each other's answers, while {@link Calls#pipeline} lets them be added. They run a batch at a time, as soon
 * as one is full; what the commands of a batch will read is fetched from memory together. For one thread at a time.
 */
public final class Pipeline {
    private final Caller caller;
    private final List<@Nullable Object> answers = new ArrayList<>();
    private boolean ended;

    Pipeline(Caller caller) {
        this.caller = caller;
    }

    /**
     * Adds a command; its name and arguments are those of {@link Calls#call}. Byte arrays must not change before the pipeline has ended.
     *
     * @throws IllegalArgumentException where {@link Calls#call} would throw it; the command is not added then
     * @throws IllegalStateException if the pipeline has ended
     */
    public Pipeline call(String command, Object... arguments) {
        if (ended) {
            throw new IllegalStateException("the pipeline has ended");
        }
        Calls.refuseState(caller, command, arguments);
        byte[][] words = new byte[arguments.length][];
        for (int i = 0; i < words.length; i++) {
            words[i] = Words.of(arguments[i]);
        }
        if (caller.isBatchFull()) {
            run();
        }
        Args args = caller.add(Words.name(command));
        for (byte[] word : words) {
            args.add(word);
        }
        return this;
    }

    private void run() {
        int count = caller.fetch();
        try {
            for (int i = 0; i < count; i++) {
                Answer answer = caller.run(i);
                ErrorReplyException error = answer.error();
                answers.add(error == null ? answer.toObject() : error);
            }
        } finally {
            caller.endBatch();
        }
    }

    /** Runs what has not run yet. Returns all answers. */
    List<@Nullable Object> answers() {
        run();
        return answers;
    }

    /** Forgets what has not run. Nothing can be added any more. */
    void end() {
        ended = true;
        caller.endBatch();
    }
}
