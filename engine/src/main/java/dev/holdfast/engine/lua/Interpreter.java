package dev.holdfast.engine.lua;

import dev.holdfast.engine.lua.LuaThread.Frame;
import dev.holdfast.engine.lua.LuaThread.Stop;
import org.jspecify.annotations.Nullable;

/** Runs instructions. */
final class Interpreter {
    private Interpreter() {}

    /** Runs until the frame number {@code entry} has returned, or the program stops before. */
    static Stop run(LuaThread thread, int entry) {
        while (true) {
            try {
                return thread.finishesNative() ? execute(thread, entry) : Stop.SUSPENDED;
            } catch (LuaError e) {
                thread.recover(e, entry);
            } catch (StackOverflowError e) {
                thread.recover(thread.errorAt(1, "stack overflow"), entry);
            }
            if (thread.depth < entry) {
                return Stop.FINISHED;
            }
        }
    }

    private static @Nullable Object value(
            @Nullable Object[] stack, @Nullable Object[] constants, int base, int operand) {
        return operand >= 0 ? stack[base + operand] : constants[~operand];
    }

    // This method must stay below 8,000 bytes of bytecode: larger ones are never compiled to machine code.
    private static Stop execute(LuaThread thread, int entry) {
        Lua lua = thread.lua;
        newFrame:
        while (true) {
            Frame frame = thread.frames[thread.depth];
            Closure closure = frame.closure;
            int[] code = closure.prototype.code;
            @Nullable Object[] constants = closure.prototype.constants;
            @Nullable Object[] stack = thread.stack;
            int base = frame.base;
            int pc = frame.pc;
            while (true) {
                int at = pc;
                frame.pc = at;
                int a = code[at + 1];
                int b = code[at + 2];
                int c = code[at + 3];
                pc = at + Op.WORDS;
                switch (code[at]) {
                    case Op.MOVE -> stack[base + a] = stack[base + b];
                    case Op.CONSTANT -> stack[base + a] = constants[b];
                    case Op.NIL -> {
                        for (int i = a; i <= b; i++) {
                            stack[base + i] = null;
                        }
                    }
                    case Op.BOOL -> stack[base + a] = b != 0;
                    case Op.NEW_CELL -> stack[base + a] = new Cell(stack[base + a]);
                    case Op.GET_CELL -> stack[base + a] = ((Cell) stack[base + b]).value;
                    case Op.SET_CELL -> ((Cell) stack[base + a]).value = value(stack, constants, base, b);
                    case Op.GET_UPVALUE -> stack[base + a] = closure.upvalues[b].value;
                    case Op.SET_UPVALUE -> closure.upvalues[a].value = value(stack, constants, base, b);
                    case Op.GET_GLOBAL -> {
                        LuaString name = (LuaString) constants[b];
                        Object value = closure.globals.get(name);
                        if (value == null) {
                            value = Operations.index(thread, closure.globals, name);
                            stack = thread.stack;
                        }
                        stack[base + a] = value;
                    }
                    case Op.SET_GLOBAL -> {
                        Operations.setIndex(thread, closure.globals, constants[a], value(stack, constants, base, b));
                        stack = thread.stack;
                    }
                    case Op.GET_TABLE -> {
                        Object key = value(stack, constants, base, c);
                        Object value = stack[base + b] instanceof LuaTable table ? table.get(key) : null;
                        if (value == null) {
                            value = Operations.index(thread, stack[base + b], key);
                            stack = thread.stack;
                        }
                        stack[base + a] = value;
                    }
                    case Op.SET_TABLE -> {
                        Object key = value(stack, constants, base, b);
                        Operations.setIndex(thread, stack[base + a], key, value(stack, constants, base, c));
                        stack = thread.stack;
                    }
                    case Op.SELF -> {
                        Object object = stack[base + b];
                        Object method = Operations.index(thread, object, constants[~c]);
                        stack = thread.stack;
                        stack[base + a + 1] = object;
                        stack[base + a] = method;
                    }
                    case Op.NEW_TABLE -> stack[base + a] = new LuaTable(lua.memory(), b, c);
                    case Op.SET_LIST -> {
                        LuaTable table = (LuaTable) stack[base + a];
                        int count = b == Op.OPEN ? thread.top - base - a - 1 : b;
                        for (int i = 1; i <= count; i++) {
                            table.set(c + i, stack[base + a + i]);
                        }
                    }
                    case Op.ADD -> {
                        Object x = value(stack, constants, base, b);
                        Object y = value(stack, constants, base, c);
                        if (x instanceof Double p && y instanceof Double q) {
                            stack[base + a] = LuaNumbers.box(p + q);
                        } else {
                            Object result = Operations.arithmetic(thread, Op.ADD, x, y);
                            stack = thread.stack;
                            stack[base + a] = result;
                        }
                    }
                    case Op.SUB -> {
                        Object x = value(stack, constants, base, b);
                        Object y = value(stack, constants, base, c);
                        if (x instanceof Double p && y instanceof Double q) {
                            stack[base + a] = LuaNumbers.box(p - q);
                        } else {
                            Object result = Operations.arithmetic(thread, Op.SUB, x, y);
                            stack = thread.stack;
                            stack[base + a] = result;
                        }
                    }
                    case Op.MUL, Op.DIV, Op.MOD, Op.POW -> {
                        Object x = value(stack, constants, base, b);
                        Object y = value(stack, constants, base, c);
                        if (x instanceof Double p && y instanceof Double q) {
                            stack[base + a] = LuaNumbers.box(Operations.arithmetic(code[at], p, q));
                        } else {
                            Object result = Operations.arithmetic(thread, code[at], x, y);
                            stack = thread.stack;
                            stack[base + a] = result;
                        }
                    }
                    case Op.NEGATE -> {
                        Object result = Operations.negate(thread, stack[base + b]);
                        stack = thread.stack;
                        stack[base + a] = result;
                    }
                    case Op.NOT -> stack[base + a] = !Lua.isTrue(stack[base + b]);
                    case Op.LENGTH -> {
                        Object result = Operations.length(thread, stack[base + b]);
                        stack = thread.stack;
                        stack[base + a] = result;
                    }
                    case Op.CONCAT -> {
                        Object result = Operations.concat(thread, base + b, base + c);
                        stack = thread.stack;
                        stack[base + a] = result;
                    }
                    case Op.JUMP -> pc = a;
                    case Op.LOOP -> {
                        pc = a;
                        if (--lua.turns < 0 && suspends(thread, frame, pc)) {
                            return Stop.SUSPENDED;
                        }
                    }
                    case Op.IF_NOT -> pc = Lua.isTrue(stack[base + b]) ? pc : a;
                    case Op.IF -> pc = Lua.isTrue(stack[base + b]) ? a : pc;
                    case Op.IF_EQ, Op.IF_NE -> {
                        boolean equal = Operations.equals(
                                thread, value(stack, constants, base, b), value(stack, constants, base, c));
                        stack = thread.stack;
                        pc = equal == (code[at] == Op.IF_EQ) ? a : pc;
                    }
                    case Op.IF_LT, Op.IF_NOT_LT -> {
                        boolean less = Operations.lessThan(
                                thread, value(stack, constants, base, b), value(stack, constants, base, c));
                        stack = thread.stack;
                        pc = less == (code[at] == Op.IF_LT) ? a : pc;
                    }
                    case Op.IF_LE, Op.IF_NOT_LE -> {
                        boolean less = Operations.lessOrEqual(
                                thread, value(stack, constants, base, b), value(stack, constants, base, c));
                        stack = thread.stack;
                        pc = less == (code[at] == Op.IF_LE) ? a : pc;
                    }
                    case Op.CALL -> {
                        int function = base + a;
                        int count = b == Op.OPEN ? thread.top - function - 1 : b;
                        if (--lua.turns < 0 && suspends(thread, frame, at)) {
                            return Stop.SUSPENDED;
                        }
                        if (stack[function] instanceof Closure callee) {
                            thread.push(callee, function + 1, count, function, c);
                            frame.pc = pc;
                            continue newFrame;
                        }
                        if (thread.enter(function, count, c)) {
                            frame.pc = pc;
                            continue newFrame;
                        }
                        stack = thread.stack;
                        if (thread.hasYielded()) {
                            return thread.stop(frame, pc);
                        }
                    }
                    case Op.TAIL_CALL -> {
                        int function = base + a;
                        int count = b == Op.OPEN ? thread.top - function - 1 : b;
                        if (--lua.turns < 0 && suspends(thread, frame, at)) {
                            return Stop.SUSPENDED;
                        }
                        if (stack[function] instanceof Closure) {
                            thread.replace(function, count);
                            continue newFrame;
                        }
                        if (thread.enter(function, count, Op.OPEN)) {
                            frame.pc = pc;
                            continue newFrame;
                        }
                        stack = thread.stack;
                        if (thread.hasYielded()) {
                            return thread.stop(frame, pc);
                        }
                    }
                    case Op.RETURN -> {
                        boolean last = frame.entry || thread.depth == entry;
                        thread.leave(base + a, b == Op.OPEN ? thread.top - base - a : b);
                        if (last) {
                            return Stop.FINISHED;
                        }
                        continue newFrame;
                    }
                    case Op.VARARG -> {
                        thread.deliver(base + a, b, frame.varargs);
                        stack = thread.stack;
                    }
                    case Op.CLOSURE ->
                        stack[base + a] = closure(lua, closure, closure.prototype.children[b], stack, base);
                    case Op.FOR_PREPARE -> {
                        if (!prepareLoop(thread, base + b)) {
                            pc = a;
                        }
                    }
                    case Op.FOR_NEXT -> {
                        double step = (Double) stack[base + b + 2];
                        double next = (Double) stack[base + b] + step;
                        double limit = (Double) stack[base + b + 1];
                        if (step > 0 ? next <= limit : limit <= next) {
                            Double index = LuaNumbers.box(next);
                            stack[base + b] = index;
                            stack[base + b + 3] = index;
                            pc = a;
                            if (--lua.turns < 0 && suspends(thread, frame, pc)) {
                                return Stop.SUSPENDED;
                            }
                        }
                    }
                    case Op.FOR_CALL -> {
                        int function = base + a;
                        if (stack[function] instanceof NativeFunction next
                                && next.kind == NativeFunction.Kind.NEXT
                                && stack[function + 1] instanceof LuaTable table) {
                            BaseLibrary.next(thread, table, function, b);
                        } else {
                            stack[function + 3] = stack[function];
                            stack[function + 4] = stack[function + 1];
                            stack[function + 5] = stack[function + 2];
                            if (thread.enter(function + 3, 2, b)) {
                                frame.pc = pc;
                                continue newFrame;
                            }
                            stack = thread.stack;
                            if (thread.hasYielded()) {
                                return thread.stop(frame, pc);
                            }
                        }
                    }
                    case Op.FOR_EACH -> {
                        if (stack[base + b + 3] != null) {
                            stack[base + b + 2] = stack[base + b + 3];
                            pc = a;
                            if (--lua.turns < 0 && suspends(thread, frame, pc)) {
                                return Stop.SUSPENDED;
                            }
                        }
                    }
                    default -> throw new IllegalStateException("no such instruction");
                }
            }
        }
    }

    /** Looks at the program. If it is to be suspended, it will go on at {@code pc}. */
    private static boolean suspends(LuaThread thread, Frame frame, int pc) {
        if (thread.lua.look(thread.canSuspend())) {
            frame.pc = pc;
            return true;
        }
        return false;
    }

    private static Closure closure(Lua lua, Closure outer, Prototype prototype, @Nullable Object[] stack, int base) {
        int[] captures = prototype.captures;
        Cell[] cells = new Cell[captures.length];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = captures[i] >= 0 ? (Cell) stack[base + captures[i]] : outer.upvalues[~captures[i]];
        }
        Closure closure = new Closure(prototype, cells, outer.globals);
        lua.memory().charge(closure.sizeBytes() + (long) cells.length * Cell.BYTES);
        return closure;
    }

    /** Converts the three numbers of a loop. Returns whether it has a first turn, for which its variable is then set. */
    private static boolean prepareLoop(LuaThread thread, int at) {
        @Nullable Object[] stack = thread.stack;
        Double start = LuaNumbers.of(stack[at]);
        Double limit = LuaNumbers.of(stack[at + 1]);
        Double step = LuaNumbers.of(stack[at + 2]);
        if (start == null) {
            throw thread.errorAt(1, "'for' initial value must be a number");
        }
        if (limit == null) {
            throw thread.errorAt(1, "'for' limit must be a number");
        }
        if (step == null) {
            throw thread.errorAt(1, "'for' step must be a number");
        }
        // As Lua has it: the first turn is like any other, one step after a start that is one step too early.
        double first = start - step + step;
        stack[at] = LuaNumbers.box(first);
        stack[at + 1] = limit;
        stack[at + 2] = step;
        stack[at + 3] = stack[at];
        return step > 0 ? first <= limit : limit <= first;
    }
}
