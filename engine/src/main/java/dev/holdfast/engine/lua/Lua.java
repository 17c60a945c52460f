package dev.holdfast.engine.lua;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An interpreter: its global variables, its account of memory, and the thread that runs what it is given. */
public final class Lua {
    /** Looks at a program while it runs. */
    @FunctionalInterface
    public interface Watch {
        /**
         * Called now and then. May throw an error into the program.
         *
         * @param maySuspend whether the program is at a place where it can be suspended
         * @return whether it is to be suspended
         */
        boolean look(boolean maySuspend);
    }

    /** How many calls and turns of loops go by between two looks at a running program. */
    private static final int TURNS_BETWEEN_LOOKS = 20_000;

    /** How many bytes are copied in about the time of a turn. */
    private static final int BYTES_PER_TURN = 256;

    private final Memory memory;
    private final LuaTable globals;
    private final LuaThread main;
    private LuaTable environment;
    private @Nullable LuaTable stringMetatable;
    private Watch watch = maySuspend -> false;
    private Consumer<Consumer<@Nullable Object>> furtherRoots = visitor -> {};

    /** The thread that is running: the main one or a coroutine's. */
    LuaThread running;

    /** Turns until the next look. */
    int turns = TURNS_BETWEEN_LOOKS;

    /**
     * An interpreter without any library.
     *
     * @param budget what its values may take, together with those of the other interpreters of the budget
     */
    public Lua(MemoryBudget budget) {
        memory = new Memory(budget);
        globals = new LuaTable(memory, 0, 64);
        environment = globals;
        main = new LuaThread(this);
        running = main;
        memory.setRoots(this::roots);
    }

    private void roots(Consumer<@Nullable Object> visitor) {
        visitor.accept(globals);
        visitor.accept(environment);
        visitor.accept(stringMetatable);
        main.forEachValue(visitor);
        if (running != main) {
            running.forEachValue(visitor);
        }
        furtherRoots.accept(visitor);
    }

    /** Names what Java code keeps of this interpreter's values. */
    public void setFurtherRoots(Consumer<Consumer<@Nullable Object>> roots) {
        furtherRoots = roots;
    }

    public void setWatch(Watch watch) {
        this.watch = watch;
    }

    /** Forbids programs to change what strings find their methods in. */
    public void lockStrings() {
        LuaTable metatable = stringMetatable;
        if (metatable != null) {
            metatable.setReadOnly(true);
        }
    }

    boolean look(boolean maySuspend) {
        turns = TURNS_BETWEEN_LOOKS;
        return watch.look(maySuspend);
    }

    public Memory memory() {
        return memory;
    }

    /**
     * Takes note of what a native function has done, so that the next look at the program is no later than where it would
     * have done as much by itself.
     *
     * @param bytes how many bytes it has read or written, or what takes as long
     */
    public void spend(long bytes) {
        turns -= (int) Math.min(bytes / BYTES_PER_TURN, TURNS_BETWEEN_LOOKS);
    }

    public LuaTable globals() {
        return globals;
    }

    /** Chooses where the programs that are loaded from now on look for global variables. */
    public void setEnvironment(LuaTable environment) {
        this.environment = environment;
    }

    public LuaTable newTable() {
        return new LuaTable(memory);
    }

    public LuaString newString(byte[] bytes) {
        memory.charge(LuaString.OBJECT_BYTES + bytes.length);
        return new LuaString(bytes);
    }

    @Nullable
    LuaTable stringMetatable() {
        return stringMetatable;
    }

    public void setStringMetatable(LuaTable metatable) {
        stringMetatable = metatable;
    }

    /**
     * Compiles a program.
     *
     * @param chunk its name, with a mark in front: {@code @} for a file's, {@code =} for any other; without one, it is source
     * @throws LuaError if it is not well-formed; the value is the message
     */
    public LuaFunction load(byte[] source, String chunk) {
        memory.charge(source.length * 8L);
        return closure(compile(source, chunk));
    }

    /** A compiled program as a function of this interpreter. */
    public LuaFunction closure(Prototype program) {
        return new Closure(program, new Cell[0], environment);
    }

    /** As {@link #load}, but for any interpreter: {@link #closure} makes a function of it. */
    public static Prototype compile(byte[] source, String chunk) {
        try {
            return Compiler.compile(source, chunk);
        } catch (StackOverflowError e) {
            throw new LuaError(LuaString.of(Chunks.shown(chunk) + ": chunk has too many syntax levels"));
        }
    }

    /**
     * Runs a function from its beginning.
     *
     * @return false if it has been suspended; {@link #proceed} goes on with it
     * @throws LuaError if it fails
     */
    public boolean start(LuaFunction function, @Nullable Object... arguments) {
        turns = TURNS_BETWEEN_LOOKS;
        return main.start(function, arguments);
    }

    /** Goes on with what has been suspended. Returns false if it is suspended again. */
    public boolean proceed() {
        return main.proceed();
    }

    /** Says that the interpreter will not be used again, so that others may have its share of the memory. */
    public void close() {
        memory.giveBack();
    }

    /** The first result of what has run. */
    public @Nullable Object result() {
        return main.result();
    }

    /** Defines a function in a table. */
    public static void define(LuaTable table, String name, NativeFunction.Body body) {
        table.set(name, new NativeFunction(name, body));
    }

    /** What a value is, as {@code type} says. */
    public static String typeOf(@Nullable Object value) {
        return switch (value) {
            case null -> "nil";
            case LuaString it -> "string";
            case Double it -> "number";
            case LuaTable it -> "table";
            case LuaFunction it -> "function";
            case Boolean it -> "boolean";
            case Coroutine it -> "thread";
            default -> "userdata";
        };
    }

    public static boolean isTrue(@Nullable Object value) {
        return value != null && value != Boolean.FALSE;
    }
}
