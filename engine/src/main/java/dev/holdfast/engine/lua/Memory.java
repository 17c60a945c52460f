package dev.holdfast.engine.lua;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The account of what the programs of one interpreter take, and its limit.
 *
 * <p>The JVM's collector frees what is no longer used without a word. So every allocation is charged, and when the sum
 * passes a threshold, what can be reached from the interpreter's roots is measured; that becomes the new sum. Only when that
 * is more than the budget of all interpreters still has does the program fail, with Lua's own {@code not enough memory}. A program that makes much garbage
 * pays for a measurement now and then; one that makes little never does.
 */
public final class Memory {
    private static final long LEAST_THRESHOLD = 16 << 20;

    /** What an interpreter may take before it measures at all is a small part of the budget, since there may be several. */
    private static final int PARTS = 16;

    private static final long SETTLED_EVERY = 64 << 10;

    /** Strings up to this length are counted for each reference to them, longer ones once. */
    private static final int SHORT_STRING = 64;

    private final MemoryBudget budget;
    private final long leastThreshold;
    private final Deque<Object> pending = new ArrayDeque<>();
    private Consumer<Consumer<@Nullable Object>> roots = visitor -> {};
    private long charged;
    private long share;
    private long threshold;
    private int measurement;
    private long settled;

    /** An account that takes its share of a budget. */
    Memory(MemoryBudget budget) {
        this.budget = budget;
        this.leastThreshold = Math.min(budget.limit() / PARTS, LEAST_THRESHOLD);
        this.threshold = leastThreshold;
    }

    /** Says from where everything in use can be reached. */
    void setRoots(Consumer<Consumer<@Nullable Object>> roots) {
        this.roots = roots;
    }

    /** Bytes in use, and what has become garbage since that was last measured. */
    public long charged() {
        return charged;
    }

    /** Takes note of an allocation that is about to be made. */
    public void charge(long bytes) {
        charged += bytes;
        if (charged > threshold) {
            makeRoom(bytes);
        }
    }

    /** Measures anew between two programs, if enough has been charged since that was last done. */
    public void settle() {
        if (charged - settled > Math.max(SETTLED_EVERY, settled / 2)) {
            charged = measure();
            settled = charged;
            threshold = Math.min(budget.limit(), Math.max(leastThreshold, charged * 2));
            if (budget.exchange(share, charged)) {
                share = charged;
            }
        }
    }

    /** Gives the share back; the interpreter is not used any more. */
    void giveBack() {
        budget.exchange(share, 0);
        share = 0;
    }

    private void makeRoom(long bytes) {
        charged = measure();
        long wanted = charged + bytes;
        if (!budget.exchange(share, wanted)) {
            throw new LuaError(LuaString.of("not enough memory"));
        }
        share = wanted;
        charged = wanted;
        threshold = Math.min(budget.limit(), Math.max(leastThreshold, charged * 2));
    }

    /** The bytes of all that can be reached. */
    private long measure() {
        measurement++;
        long sum = 0;
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        roots.accept(this::visit);
        for (Object next = pending.poll(); next != null; next = pending.poll()) {
            sum += switch (next) {
                case LuaString string
                when string.length() <= SHORT_STRING || seen.add(string) -> LuaString.OBJECT_BYTES + string.length();
                case LuaTable table when table.measured != measurement -> measure(table);
                case Closure closure
                when seen.add(closure) -> {
                    closure.forEachUpvalue(this::visit);
                    yield closure.sizeBytes();
                }
                case Coroutine coroutine
                when seen.add(coroutine) -> {
                    coroutine.thread().forEachValue(this::visit);
                    yield coroutine.thread().sizeBytes();
                }
                case Cell cell
                when seen.add(cell) -> {
                    visit(cell.value);
                    yield Cell.BYTES;
                }
                default -> 0;
            };
        }
        return sum;
    }

    private long measure(LuaTable table) {
        table.measured = measurement;
        visit(table.metatable());
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            visit(table.key(place));
            visit(table.value(place));
        }
        return table.sizeBytes();
    }

    private void visit(@Nullable Object value) {
        if (value != null && !(value instanceof Double)) {
            pending.add(value);
        }
    }
}
