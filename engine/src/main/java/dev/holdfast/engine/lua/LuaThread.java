package dev.holdfast.engine.lua;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The state of a running program: its values and its calls, both on stacks of their own.
 *
 * <p>A call of one Lua function by another is a {@link Frame} on an array, not a call in Java. Three things follow. A program
 * can stop in the middle, return from {@link Interpreter#execute}, and go on later on, which is how coroutines yield and how a
 * program that runs for too long lets its host do something else. How deeply it may recurse is a number, not the size of the
 * JVM's stack. And {@code pcall} is a mark on a frame.
 *
 * <p>Only where Java code calls back (a metamethod, the function given to {@code gsub} or {@code sort}) does one run of the
 * interpreter stand inside another. A program cannot be suspended there, and such nesting has a limit as in C.
 */
final class LuaThread {
    static final int MAX_NESTING = 200;
    private static final LuaString HANDLER_FAILED = LuaString.of("error in error handling");
    private static final LuaString CALLS_A_BOOLEAN = LuaString.of("attempt to call a boolean value");
    private static final @Nullable Object[] SUSPENDED = new Object[0];

    /** How many values a native function of the original may hold at a time; deeply nested ones are refused beyond. */
    static final int MAX_NATIVE_SLOTS = 8000;

    private static final int MAX_CALLS = 20_000;
    private static final int MAX_STACK = 1_000_000;
    private static final int SLOT_BYTES = 8;
    private static final int FRAME_BYTES = 64;

    /** Why the interpreter has stopped. */
    enum Stop {
        FINISHED,
        SUSPENDED,
        YIELDED
    }

    /** What a native function has left to do when its program was suspended in the middle of it. */
    @FunctionalInterface
    interface Rest {
        /** Goes on. Returns what the function returns, or what {@link LuaThread#suspend} does. */
        @Nullable
        Object proceed();
    }

    /** A function that is being run. */
    static final class Frame {
        Closure closure;

        /** Where its registers begin. */
        int base;

        /** The instruction being run; in a function that waits for another, the one to go on with. */
        int pc;

        /** Where its results go. */
        int results;

        /** How many of them are wanted. */
        int wanted;

        /** The arguments beyond those with names. */
        @Nullable
        Object[] varargs = Values.NONE.array();

        /** Whether Java code has called it, so that the interpreter returns when it does. */
        boolean entry;

        /** Whether it was called by {@code pcall}. */
        boolean isProtected;

        /** The handler of {@code xpcall}; it need not be a function. */
        @Nullable
        Object handler;

        Frame(Closure closure) {
            this.closure = closure;
        }
    }

    final Lua lua;

    @Nullable
    Coroutine coroutine;

    int depthOfResumes;

    @Nullable
    Object[] stack = new Object[128];

    Frame[] frames = new Frame[16];
    int depth = -1;

    /** The end of what is in use, where the number of values is open. */
    int top;

    /** The depth at which a native function was called by another, so that its errors have no position; else -2. */
    private int positionless = -2;

    private int highest;
    private int nesting;
    private @Nullable Object[] yielded = Values.NONE.array();
    private int resumeAt;
    private int resumeWanted;
    private @Nullable Rest rest;

    LuaThread(Lua lua) {
        this.lua = lua;
    }

    // ---- from outside ----

    /** Runs a function from its beginning. Returns whether it has ended. */
    boolean start(LuaFunction function, @Nullable Object[] arguments) {
        depth = -1;
        nesting = 0;
        top = 0;
        ensure(arguments.length + 1);
        stack[0] = function;
        System.arraycopy(arguments, 0, stack, 1, arguments.length);
        top = arguments.length + 1;
        return run(() -> enter(0, arguments.length, Op.OPEN) ? Interpreter.run(this, 0) : Stop.FINISHED);
    }

    /** Goes on after having been suspended. */
    boolean proceed() {
        return run(() -> Interpreter.run(this, 0));
    }

    /** Goes on after a yield, which has these results. */
    boolean resume(@Nullable Object[] arguments) {
        return run(() -> {
            deliver(resumeAt, resumeWanted, arguments);
            return depth < 0 ? Stop.FINISHED : Interpreter.run(this, 0);
        });
    }

    private boolean run(java.util.function.Supplier<Stop> work) {
        nesting = 1;
        Stop stop = Stop.FINISHED;
        try {
            stop = work.get();
            return stop == Stop.FINISHED;
        } catch (StackOverflowError e) {
            throw errorAt(1, "stack overflow");
        } finally {
            nesting = 0;
            if (stop == Stop.FINISHED && coroutine == null) {
                // What stays behind on the stack would otherwise be in use for ever.
                Arrays.fill(stack, top, Math.max(top, highest), null);
                highest = top;
                depth = -1;
            }
        }
    }

    @Nullable
    Object result() {
        return top > 0 ? stack[0] : null;
    }

    @Nullable
    Object[] results() {
        return Arrays.copyOfRange(stack, 0, top);
    }

    @Nullable
    Object[] takeYielded() {
        @Nullable Object[] values = yielded;
        yielded = Values.NONE.array();
        return values;
    }

    long sizeBytes() {
        return (long) stack.length * SLOT_BYTES + (long) frames.length * FRAME_BYTES;
    }

    void forEachValue(Consumer<@Nullable Object> visitor) {
        int end = Math.min(stack.length, Math.max(top, highest));
        for (int i = 0; i < end; i++) {
            visitor.accept(stack[i]);
        }
        for (int i = 0; i <= depth; i++) {
            visitor.accept(frames[i].closure);
            for (Object value : frames[i].varargs) {
                visitor.accept(value);
            }
        }
    }

    // ---- calls ----

    /** Calls a function from Java and returns its results. */
    @Nullable
    Object[] call(@Nullable Object function, @Nullable Object... arguments) {
        int at = depth >= 0 ? Math.max(top, frames[depth].base + frames[depth].closure.prototype.registers) : top;
        int before = top;
        ensure(at + arguments.length + 1);
        stack[at] = function;
        System.arraycopy(arguments, 0, stack, at + 1, arguments.length);
        top = at + 1 + arguments.length;
        nest(before);
        try {
            if (enter(at, arguments.length, Op.OPEN)) {
                frames[depth].entry = true;
                Interpreter.run(this, depth);
            }
            return Arrays.copyOfRange(stack, at, top);
        } finally {
            nesting--;
            top = before;
        }
    }

    private void nest(int topOtherwise) {
        if (nesting >= MAX_NESTING) {
            top = topOtherwise;
            throw errorAt(1, "C stack overflow");
        }
        nesting++;
    }

    @Nullable
    Object callForOne(@Nullable Object function, @Nullable Object... arguments) {
        @Nullable Object[] results = call(function, arguments);
        return results.length == 0 ? null : results[0];
    }

    /** Whether this is a place where the program can be suspended or can yield. */
    boolean canStop() {
        return nesting == 1;
    }

    /**
     * Begins a call: the function stands at {@code at} with {@code count} arguments behind it.
     *
     * @return true if it is a Lua function, which now has a frame; false if it was a native one and has run
     */
    boolean enter(int at, int count, int wanted) {
        int arguments = count;
        Object function = stack[at];
        if (!(function instanceof LuaFunction)) {
            function = makeCallable(at, count, function);
            arguments++;
        }
        if (function instanceof Closure closure) {
            push(closure, at + 1, arguments, at, wanted);
            return true;
        }
        NativeFunction nativeFunction = (NativeFunction) function;
        top = at + 1 + arguments;
        return switch (nativeFunction.kind) {
            case PCALL -> enterProtected(at, arguments, wanted);
            case XPCALL -> enterWithHandler(nativeFunction, at, arguments, wanted);
            default -> {
                Object result = nativeFunction.call(new Arguments(this, nativeFunction, at + 1, arguments));
                if (result == Values.LATER) {
                    resumeAt = at;
                    resumeWanted = wanted;
                } else {
                    deliver(at, wanted, result);
                }
                yield false;
            }
        };
    }

    /** Puts the metamethod {@code __call} in front of what is to be called. */
    private LuaFunction makeCallable(int at, int count, @Nullable Object callee) {
        if (!(Operations.metamethod(lua, callee, Operations.CALL) instanceof LuaFunction handler)) {
            throw Operations.typeError(this, "call", callee, 0);
        }
        ensure(at + count + 2);
        System.arraycopy(stack, at, stack, at + 1, count + 1);
        stack[at] = handler;
        return handler;
    }

    private boolean enterProtected(int at, int count, int wanted) {
        if (count == 0) {
            // The original finds the result that it is about to return in the place of the function.
            deliver(at, wanted, new Object[] {false, CALLS_A_BOOLEAN});
            return false;
        }
        if (stack[at + 1] instanceof Closure closure) {
            push(closure, at + 2, count - 1, at, wanted).isProtected = true;
            return true;
        }
        protect(at, count, wanted, null);
        return false;
    }

    private boolean enterWithHandler(NativeFunction xpcall, int at, int count, int wanted) {
        if (count < 2) {
            throw new Arguments(this, xpcall, at + 1, count).badArgument(2, "value expected");
        }
        Object handler = stack[at + 2] == null ? false : stack[at + 2];
        if (stack[at + 1] instanceof Closure closure) {
            Frame frame = push(closure, at + 2, 0, at, wanted);
            frame.isProtected = true;
            frame.handler = handler;
            return true;
        }
        protect(at, 1, wanted, handler);
        return false;
    }

    /** Calls what is no Lua function, at {@code at + 1}, and catches its error. */
    private void protect(int at, int count, int wanted, @Nullable Object handler) {
        int before = depth;
        int positionlessBefore = positionless;
        nest(top);
        positionless = depth;
        @Nullable Object[] results;
        try {
            if (enter(at + 1, count - 1, Op.OPEN)) {
                frames[depth].entry = true;
                Interpreter.run(this, depth);
            }
            results = new Object[top - at];
            results[0] = true;
            System.arraycopy(stack, at + 1, results, 1, top - at - 1);
        } catch (LuaError e) {
            if (e.isLast()) {
                throw e;
            }
            depth = before;
            results = new Object[] {false, caught(e, handler)};
        } finally {
            nesting--;
            positionless = positionlessBefore;
        }
        deliver(at, wanted, results);
    }

    /** What {@code pcall} returns for an error: of a command's error, the message; what {@code xpcall} does: the handler's answer. */
    private @Nullable Object caught(LuaError e, @Nullable Object handler) {
        if (handler != null && !(handler instanceof LuaFunction)) {
            return HANDLER_FAILED;
        }
        if (handler != null) {
            int before = depth;
            try {
                return callForOne(handler, e.value());
            } catch (LuaError another) {
                if (another.isLast()) {
                    throw another;
                }
                depth = before;
                return HANDLER_FAILED;
            }
        }
        return e.value() instanceof LuaTable table && table.get(Operations.ERR) instanceof LuaString message
                ? message
                : e.value();
    }

    Frame push(Closure closure, int base, int count, int results, int wanted) {
        if (depth + 1 >= MAX_CALLS) {
            throw errorAt(1, "stack overflow");
        }
        Prototype prototype = closure.prototype;
        int end = base + prototype.registers + 1;
        ensure(end);
        highest = Math.max(highest, end);
        depth++;
        if (depth == frames.length) {
            frames = Arrays.copyOf(frames, depth * 2);
        }
        Frame frame = frames[depth];
        if (frame == null) {
            frame = new Frame(closure);
            frames[depth] = frame;
        }
        frame.closure = closure;
        frame.base = base;
        frame.pc = 0;
        frame.results = results;
        frame.wanted = wanted;
        frame.entry = false;
        frame.isProtected = false;
        frame.handler = null;
        int named = prototype.parameters;
        for (int i = count; i < named; i++) {
            stack[base + i] = null;
        }
        frame.varargs = prototype.variadic && count > named
                ? Arrays.copyOfRange(stack, base + named, base + count)
                : Values.NONE.array();
        return frame;
    }

    /** Gives the frame another function, which takes its place: a tail call. */
    void replace(int at, int count) {
        Frame frame = frames[depth];
        boolean entry = frame.entry;
        boolean isProtected = frame.isProtected;
        Object handler = frame.handler;
        int base = frame.base;
        Closure closure = (Closure) stack[at];
        System.arraycopy(stack, at + 1, stack, base, count);
        depth--;
        Frame next = push(closure, base, count, frame.results, frame.wanted);
        next.entry = entry;
        next.isProtected = isProtected;
        next.handler = handler;
    }

    /** Ends the topmost function, whose results stand from {@code from} on. */
    void leave(int from, int count) {
        Frame frame = frames[depth];
        depth--;
        int target = frame.results;
        int total = count;
        if (frame.isProtected) {
            System.arraycopy(stack, from, stack, target + 1, count);
            stack[target] = true;
            total++;
        } else if (from != target) {
            System.arraycopy(stack, from, stack, target, count);
        }
        fill(target, total, frame.wanted);
    }

    private void fill(int target, int count, int wanted) {
        if (wanted == Op.OPEN) {
            top = target + count;
        } else {
            for (int i = count; i < wanted; i++) {
                stack[target + i] = null;
            }
        }
    }

    /** Puts the results of a native function where they are wanted. */
    void deliver(int target, int wanted, @Nullable Object result) {
        if (result instanceof Values values) {
            deliver(target, wanted, values.array());
        } else {
            stack[target] = result;
            fill(target, 1, wanted);
        }
    }

    /** Puts values where they are wanted. */
    void deliver(int target, int wanted, @Nullable Object[] values) {
        int count = wanted == Op.OPEN ? values.length : Math.min(wanted, values.length);
        ensure(target + count + 1);
        System.arraycopy(values, 0, stack, target, count);
        fill(target, count, wanted);
    }

    void ensure(int size) {
        if (size > stack.length) {
            if (size > MAX_STACK) {
                throw errorAt(1, "stack overflow");
            }
            int larger = Math.max(size + 16, stack.length * 2);
            lua.memory().charge((long) (larger - stack.length) * SLOT_BYTES);
            stack = Arrays.copyOf(stack, larger);
        }
        highest = Math.max(highest, size);
    }

    /** Takes note of what {@code coroutine.yield} was given. */
    Values yieldWith(@Nullable Object[] values) {
        if (coroutine == null || !canStop()) {
            throw new LuaError(LuaString.of("attempt to yield across metamethod/C-call boundary"));
        }
        yielded = values.length == 0 ? new Object[0] : values;
        return Values.LATER;
    }

    boolean hasYielded() {
        return yielded != Values.NONE.array();
    }

    /** Whether a native function may call {@link #suspend} now. */
    boolean canSuspend() {
        return depth >= 0 && coroutine == null && canStop();
    }

    /** Suspends the program in the middle of a native function, which returns what this returns. */
    Values suspend(Rest whatIsLeft) {
        rest = whatIsLeft;
        yielded = SUSPENDED;
        return Values.LATER;
    }

    /** Leaves a call that has no results yet: the program goes on at {@code pc}, or first in the native function. */
    Stop stop(Frame frame, int pc) {
        if (rest != null) {
            yielded = Values.NONE.array();
            return Stop.SUSPENDED;
        }
        frame.pc = pc;
        return Stop.YIELDED;
    }

    /** Goes on in the native function in which the program was suspended, if it was in one; false if it is again. */
    boolean finishesNative() {
        Rest left = rest;
        if (left == null) {
            return true;
        }
        rest = null;
        Object result = left.proceed();
        if (result == Values.LATER) {
            yielded = Values.NONE.array();
            return false;
        }
        deliver(resumeAt, resumeWanted, result);
        frames[depth].pc += Op.WORDS;
        return true;
    }

    // ---- errors ----

    /**
     * Ends functions until one that {@code pcall} has called, which then returns the error.
     *
     * @param entry the outermost frame that may be ended
     * @throws LuaError if there is no such function
     */
    void recover(LuaError e, int entry) {
        if (depth >= 0) {
            e.at(frames[depth].closure.prototype.chunk, line(depth));
        }
        while (depth >= entry) {
            Frame frame = frames[depth];
            if (frame.isProtected && !e.isLast()) {
                Object value = caught(e, frame.handler);
                depth--;
                deliver(frame.results, frame.wanted, new Object[] {false, value});
                return;
            }
            depth--;
        }
        throw e;
    }

    private int line(int frame) {
        boolean waits = frame < depth && !frames[frame + 1].entry;
        return frames[frame].closure.prototype.lineAt(Math.max(0, frames[frame].pc - (waits ? Op.WORDS : 0)));
    }

    /** An error of the function so many levels up; 1 is the innermost Lua function. */
    LuaError errorAt(int level, String message) {
        return new LuaError(LuaString.of(where(level) + message));
    }

    String where(int level) {
        // The native function that called a native one is a level, too.
        boolean byNative = depth == positionless;
        int frame = depth - level + (byNative ? 2 : 1);
        if (level <= 0 || frame < 0 || level == 1 && byNative) {
            return "";
        }
        return Chunks.shown(frames[frame].closure.prototype.chunk) + ":" + line(frame) + ": ";
    }

    /** The Lua function so many levels up, or null. */
    @Nullable
    Closure closureAt(int level) {
        int frame = depth - level + 1;
        return level < 1 || frame < 0 ? null : frames[frame].closure;
    }

    /** What the instruction being run calls its operand, or null. */
    @Nullable
    String note(int operand) {
        return depth < 0 || depth == positionless
                ? null
                : frames[depth].closure.prototype.note(frames[depth].pc, operand);
    }

    /** What a native function is called where it is called, or null if that was not directly by a Lua function. */
    @Nullable
    String noteOfCall(NativeFunction function, int at) {
        if (depth < 0 || stack[at] != function) {
            return null;
        }
        Frame frame = frames[depth];
        int[] code = frame.closure.prototype.code;
        int op = code[frame.pc];
        boolean called = (op == Op.CALL || op == Op.TAIL_CALL) && frame.base + code[frame.pc + 1] == at;
        return called ? note(0) : null;
    }
}
