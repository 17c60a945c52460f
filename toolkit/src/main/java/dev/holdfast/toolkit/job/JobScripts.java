package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.store.Script;

/** The atomic steps of jobs; {@code common.lua} stands before each, and {@code commit.lua} after it. */
final class JobScripts {
    static final Script ENQUEUE = script("enqueue").or(new EnqueueStep());
    static final Script TAKE = script("take").or(new TakeStep());
    static final Script FINISH = script("finish").or(new FinishStep());
    static final Script HEARTBEAT = script("heartbeat");
    static final Script PROGRESS = script("progress");
    static final Script MOVE = script("move");
    static final Script LOOK = script("look");
    static final Script STATS = script("stats");
    static final Script CHILDREN = script("children");
    static final Script MINUTES = script("minutes");

    /**
     * The version of what is stored, which grows when a program of before cannot read it any more. It stands under the key {@code
     * :version}, and each step refuses a newer one.
     */
    static final int VERSION = 1;

    private JobScripts() {}

    private static Script script(String name) {
        return Script.of(
                name,
                JobField.declaration() + "local VERSION = " + VERSION + "\n" + source("common")
                        + "local function step()\n" + source(name) + "end\nlocal answer = step()\n" + source("commit")
                        + "return answer\n");
    }

    private static String source(String name) {
        return Script.of(JobScripts.class, name).source();
    }
}
