package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** A thread of a program's own making, which runs while its creator waits. */
public final class Coroutine {
    enum Status {
        SUSPENDED,
        RUNNING,
        /** It has resumed another. */
        NORMAL,
        DEAD
    }

    private final LuaThread thread;
    Status status = Status.SUSPENDED;
    private @Nullable LuaFunction function;

    Coroutine(Lua lua, LuaFunction function) {
        this.thread = new LuaThread(lua);
        this.function = function;
        thread.coroutine = this;
    }

    LuaThread thread() {
        return thread;
    }

    /** Runs until it yields or ends. Returns what it yields or returns. */
    @Nullable
    Object[] resume(@Nullable Object[] arguments) {
        Lua lua = thread.lua;
        LuaThread resumer = lua.running;
        if (resumer.depthOfResumes >= LuaThread.MAX_NESTING) {
            throw new LuaError(LuaString.of("C stack overflow"));
        }
        thread.depthOfResumes = resumer.depthOfResumes + 1;
        Coroutine caller = resumer.coroutine;
        if (caller != null) {
            caller.status = Status.NORMAL;
        }
        status = Status.RUNNING;
        lua.running = thread;
        boolean ended = true;
        try {
            LuaFunction first = function;
            if (first != null) {
                function = null;
                ended = thread.start(first, arguments);
            } else {
                ended = thread.resume(arguments);
            }
            return ended ? thread.results() : thread.takeYielded();
        } finally {
            status = ended ? Status.DEAD : Status.SUSPENDED;
            lua.running = resumer;
            if (caller != null) {
                caller.status = Status.RUNNING;
            }
        }
    }
}
