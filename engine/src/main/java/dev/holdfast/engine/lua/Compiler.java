package dev.holdfast.engine.lua;

import dev.holdfast.engine.lua.Syntax.Body;
import dev.holdfast.engine.lua.Syntax.Expression;
import dev.holdfast.engine.lua.Syntax.Operator;
import dev.holdfast.engine.lua.Syntax.Statement;
import dev.holdfast.engine.lua.Syntax.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Translates one function into instructions for a machine with registers. Local variables have a register each, in the order of
 * their declaration; above them, temporary values come and go like a stack.
 */
final class Compiler {
    private static final int MAX_REGISTERS = 250;
    private static final int LIST_PART = 50;

    /** A place in the code that jumps lead to. */
    private static final class Label {
        int target = -1;
        final List<Integer> jumps = new ArrayList<>();
    }

    private final String chunk;
    private final Body body;
    private final List<@Nullable Object> constants = new ArrayList<>();
    private final Map<Object, Integer> constantIndex = new HashMap<>();
    private final List<Prototype> children = new ArrayList<>();
    private final Map<Integer, String[]> notes = new HashMap<>();
    private final List<Label> breaks = new ArrayList<>();
    private int[] code = new int[64];
    private int[] lines = new int[16];
    private int size;
    private int line;
    private int free;
    private int locals;
    private int most = 2;

    private Compiler(String chunk, Body body) {
        this.chunk = chunk;
        this.body = body;
    }

    static Prototype compile(byte[] source, String chunk) {
        return new Compiler(chunk, Parser.parse(source, chunk)).compile();
    }

    private Prototype compile() {
        line = body.line;
        for (Variable parameter : body.parameters) {
            parameter.register = reserve(1);
            locals = free;
        }
        for (Variable parameter : body.parameters) {
            if (parameter.captured) {
                emit(Op.NEW_CELL, parameter.register, 0, 0);
            }
        }
        statements(body.statements);
        line = body.lastLine;
        emit(Op.RETURN, 0, 0, 0);
        int[] captures = new int[body.captures.size()];
        for (int i = 0; i < captures.length; i++) {
            captures[i] = body.captures.get(i) instanceof Variable variable
                    ? variable.register
                    : ~(Integer) body.captures.get(i);
        }
        return new Prototype(
                chunk,
                Arrays.copyOf(code, size),
                Arrays.copyOf(lines, size / Op.WORDS),
                constants.toArray(),
                children.toArray(Prototype[]::new),
                captures,
                notes,
                body.parameters.size(),
                body.variadic,
                most);
    }

    // ---- code ----

    private int emit(int op, int a, int b, int c) {
        if (size + Op.WORDS > code.length) {
            code = Arrays.copyOf(code, code.length * 2);
            lines = Arrays.copyOf(lines, lines.length * 2);
        }
        code[size] = op;
        code[size + 1] = a;
        code[size + 2] = b;
        code[size + 3] = c;
        lines[size / Op.WORDS] = line;
        size += Op.WORDS;
        return size - Op.WORDS;
    }

    private void note(int pc, @Nullable String... names) {
        for (String name : names) {
            if (name != null) {
                notes.put(pc, names);
                return;
            }
        }
    }

    private void jump(int op, Label label, int b, int c) {
        int pc = emit(op, label.target, b, c);
        if (label.target < 0) {
            label.jumps.add(pc);
        }
    }

    private void place(Label label) {
        label.target = size;
        for (int pc : label.jumps) {
            code[pc + 1] = size;
        }
    }

    private int reserve(int count) {
        int first = free;
        free += count;
        if (free > MAX_REGISTERS) {
            throw new LuaError(LuaString.of(Chunks.shown(chunk) + ":" + line + ": function or expression too complex"));
        }
        most = Math.max(most, free + 1);
        return first;
    }

    private int constant(Object value) {
        Object key = value instanceof Double number ? (Object) Double.doubleToRawLongBits(number) : value;
        return constantIndex.computeIfAbsent(key, k -> {
            constants.add(value);
            return constants.size() - 1;
        });
    }

    // ---- statements ----

    private void statements(List<Statement> list) {
        for (Statement statement : list) {
            statement(statement);
            free = locals;
        }
    }

    private void block(List<Statement> list) {
        int outer = locals;
        statements(list);
        locals = outer;
        free = outer;
    }

    /** Makes the topmost registers the homes of new variables. */
    private void activate(List<Variable> variables, int first) {
        for (int i = 0; i < variables.size(); i++) {
            Variable variable = variables.get(i);
            variable.register = first + i;
            if (variable.captured) {
                emit(Op.NEW_CELL, variable.register, 0, 0);
            }
        }
        locals = first + variables.size();
        free = locals;
    }

    private void statement(Statement statement) {
        switch (statement) {
            case Syntax.LocalDeclaration it -> {
                line = it.line();
                int first = free;
                list(it.values(), it.variables().size());
                activate(it.variables(), first);
            }
            case Syntax.LocalFunction it -> localFunction(it);
            case Syntax.Assignment it -> assignment(it);
            case Syntax.CallStatement it -> call(it.call(), 0, false);
            case Syntax.Block it -> block(it.statements());
            case Syntax.While it -> whileLoop(it);
            case Syntax.Repeat it -> repeatLoop(it);
            case Syntax.If it -> ifStatement(it);
            case Syntax.NumericFor it -> numericFor(it);
            case Syntax.GenericFor it -> genericFor(it);
            case Syntax.Return it -> returnStatement(it);
            case Syntax.Break it -> {
                line = it.line();
                jump(Op.JUMP, breaks.getLast(), 0, 0);
            }
        }
    }

    private void localFunction(Syntax.LocalFunction it) {
        line = it.line();
        int register = reserve(1);
        if (it.variable().captured) {
            emit(Op.NIL, register, register, 0);
        }
        activate(List.of(it.variable()), register);
        if (it.variable().captured) {
            int temporary = reserve(1);
            function(it.body(), temporary);
            emit(Op.SET_CELL, register, temporary, 0);
        } else {
            function(it.body(), register);
        }
    }

    private void assignment(Syntax.Assignment it) {
        line = it.line();
        List<Expression> targets = it.targets();
        if (targets.size() == 1 && it.values().size() == 1) {
            assign(targets.getFirst(), it.values().getFirst());
            return;
        }
        int[] objects = new int[targets.size()];
        int[] keys = new int[targets.size()];
        for (int i = 0; i < objects.length; i++) {
            if (targets.get(i) instanceof Syntax.Index index) {
                objects[i] = temporary(index.object());
                keys[i] = index.key() instanceof Syntax.Constant ? operand(index.key()) : temporary(index.key());
            }
        }
        int first = free;
        list(it.values(), targets.size());
        for (int i = targets.size() - 1; i >= 0; i--) {
            store(targets.get(i), objects[i], keys[i], first + i);
        }
    }

    private void assign(Expression target, Expression value) {
        if (target instanceof Syntax.Local local && !local.variable().captured && isSafeInPlace(value)) {
            to(value, local.variable().register);
        } else if (target instanceof Syntax.Index index) {
            int object = register(index.object());
            int key = operand(index.key());
            int result = operand(value);
            line = index.line();
            note(emit(Op.SET_TABLE, object, key, result), describe(index.object()));
        } else {
            store(target, 0, 0, operand(value));
        }
    }

    /** Whether an expression sets its register last of all, so that this may be a variable which the expression uses. */
    private static boolean isSafeInPlace(Expression value) {
        return switch (value) {
            case Syntax.Binary binary ->
                switch (binary.operator()) {
                    case ADD, SUB, MUL, DIV, MOD, POW -> true;
                    default -> false;
                };
            case Syntax.TableConstructor table -> false;
            case Syntax.Parenthesized inner -> isSafeInPlace(inner.inner());
            default -> true;
        };
    }

    private void store(Expression target, int object, int key, int value) {
        switch (target) {
            case Syntax.Local local -> {
                Variable variable = local.variable();
                if (variable.captured) {
                    emit(Op.SET_CELL, variable.register, value, 0);
                } else if (value < 0) {
                    emit(Op.CONSTANT, variable.register, ~value, 0);
                } else if (value != variable.register) {
                    emit(Op.MOVE, variable.register, value, 0);
                }
            }
            case Syntax.Upvalue upvalue -> emit(Op.SET_UPVALUE, upvalue.index(), value, 0);
            case Syntax.Global global -> emit(Op.SET_GLOBAL, constant(global.name()), value, 0);
            case Syntax.Index index -> note(emit(Op.SET_TABLE, object, key, value), describe(index.object()));
            default -> throw new IllegalStateException("not assignable");
        }
    }

    private void whileLoop(Syntax.While it) {
        line = it.line();
        Label start = new Label();
        Label end = new Label();
        place(start);
        branch(it.condition(), false, end);
        breaks.add(end);
        block(it.body());
        breaks.removeLast();
        line = it.lastLine();
        jump(Op.LOOP, start, 0, 0);
        place(end);
    }

    private void repeatLoop(Syntax.Repeat it) {
        Label start = new Label();
        Label end = new Label();
        place(start);
        int outer = locals;
        breaks.add(end);
        statements(it.body());
        breaks.removeLast();
        Label again = new Label();
        branch(it.condition(), true, end);
        place(again);
        jump(Op.LOOP, start, 0, 0);
        locals = outer;
        free = outer;
        place(end);
    }

    private void ifStatement(Syntax.If it) {
        Label end = new Label();
        for (int i = 0; i < it.conditions().size(); i++) {
            Label next = new Label();
            line = it.lines().get(i);
            branch(it.conditions().get(i), false, next);
            free = locals;
            block(it.branches().get(i));
            if (i + 1 < it.branches().size()) {
                jump(Op.JUMP, end, 0, 0);
            }
            place(next);
        }
        if (it.branches().size() > it.conditions().size()) {
            block(it.branches().getLast());
        }
        place(end);
    }

    private void numericFor(Syntax.NumericFor it) {
        line = it.line();
        int outer = locals;
        int first = free;
        to(it.start(), reserve(1));
        to(it.limit(), reserve(1));
        Expression step = it.step();
        to(step == null ? new Syntax.Constant(LuaNumbers.box(1)) : step, reserve(1));
        line = it.line();
        Label end = new Label();
        Label start = new Label();
        locals = free;
        jump(Op.FOR_PREPARE, end, first, 0);
        place(start);
        loopBody(List.of(it.variable()), it.body(), end, () -> {
            line = it.line();
            jump(Op.FOR_NEXT, start, first, 0);
        });
        locals = outer;
        free = outer;
    }

    private void genericFor(Syntax.GenericFor it) {
        line = it.line();
        int outer = locals;
        int first = free;
        list(it.values(), 3);
        locals = free;
        Label start = new Label();
        Label next = new Label();
        line = it.line();
        jump(Op.JUMP, next, 0, 0);
        place(start);
        loopBody(it.variables(), it.body(), new Label(), () -> {
            place(next);
            line = it.line();
            int variables = it.variables().size();
            // The call needs three registers above the loop's own, however few variables there are.
            free = first + 3;
            reserve(Math.max(3, variables) + 1);
            note(emit(Op.FOR_CALL, first, variables, 0), "for iterator");
            jump(Op.FOR_EACH, start, first, 0);
        });
        locals = outer;
        free = outer;
    }

    private void loopBody(List<Variable> variables, List<Statement> statements, Label end, Runnable nextTurn) {
        int hidden = locals;
        int first = reserve(variables.size());
        activate(variables, first);
        breaks.add(end);
        block(statements);
        breaks.removeLast();
        locals = hidden;
        free = hidden;
        nextTurn.run();
        place(end);
    }

    private void returnStatement(Syntax.Return it) {
        line = it.line();
        List<Expression> values = it.values();
        if (values.size() == 1 && values.getFirst() instanceof Syntax.Invocation invocation) {
            int function = call(invocation, Op.OPEN, true);
            emit(Op.RETURN, function, Op.OPEN, 0);
        } else if (values.size() == 1 && !isOpen(values.getFirst())) {
            emit(Op.RETURN, register(values.getFirst()), 1, 0);
        } else {
            int first = free;
            boolean open = !values.isEmpty() && isOpen(values.getLast());
            list(values, open ? Op.OPEN : values.size());
            emit(Op.RETURN, first, open ? Op.OPEN : values.size(), 0);
        }
    }

    // ---- expressions ----

    private static boolean isOpen(Expression expression) {
        return expression instanceof Syntax.Invocation || expression instanceof Syntax.Dots;
    }

    /** Puts the values of a list into the registers from the first free one on: so many, or as many as there are. */
    private void list(List<Expression> values, int wanted) {
        int first = free;
        for (int i = 0; i < values.size(); i++) {
            Expression value = values.get(i);
            boolean last = i == values.size() - 1;
            if (last && isOpen(value) && (wanted == Op.OPEN || wanted > i)) {
                open(value, wanted == Op.OPEN ? Op.OPEN : wanted - i);
                if (wanted != Op.OPEN) {
                    free = first;
                    reserve(wanted);
                }
                return;
            }
            to(value, reserve(1));
        }
        if (wanted > values.size()) {
            int from = reserve(wanted - values.size());
            emit(Op.NIL, from, first + wanted - 1, 0);
        }
        if (wanted != Op.OPEN) {
            free = first + wanted;
        }
    }

    /** Puts so many values of a call or of {@code ...} into the registers from the first free one on. */
    private void open(Expression value, int wanted) {
        if (value instanceof Syntax.Invocation invocation) {
            call(invocation, wanted, false);
        } else {
            int first = free;
            if (wanted > 0) {
                reserve(wanted);
            }
            emit(Op.VARARG, first, wanted, 0);
        }
    }

    /** Emits a call whose results follow from the returned register on, which is the first free one before. */
    private int call(Syntax.Invocation it, int wanted, boolean tail) {
        int function = free;
        LuaString method = it.method();
        if (method != null) {
            int object = register(it.function());
            free = function;
            reserve(2);
            line = it.line();
            note(emit(Op.SELF, function, object, ~constant(method)), describe(it.function()));
        } else {
            to(it.function(), reserve(1));
        }
        int first = free;
        List<Expression> arguments = it.arguments();
        boolean open = !arguments.isEmpty() && isOpen(arguments.getLast());
        list(arguments, open ? Op.OPEN : arguments.size());
        int count = open ? Op.OPEN : arguments.size() + first - function - 1;
        line = it.line();
        int pc = emit(tail ? Op.TAIL_CALL : Op.CALL, function, count, wanted);
        note(pc, method != null ? "method '" + method + "'" : describe(it.function()));
        free = function;
        if (wanted > 0) {
            reserve(wanted);
        } else {
            reserve(1);
            free = function;
        }
        return function;
    }

    /** A register that holds the value: the variable's own, or a temporary one. */
    private int register(Expression expression) {
        if (expression instanceof Syntax.Local local && !local.variable().captured) {
            return local.variable().register;
        }
        return temporary(expression);
    }

    private int temporary(Expression expression) {
        int register = reserve(1);
        to(expression, register);
        return register;
    }

    /** A register or, as complement, a constant. */
    private int operand(Expression expression) {
        return expression instanceof Syntax.Constant constant ? ~constant(constant.value()) : register(expression);
    }

    /** As {@link #register} or {@link #operand}, but a value on its way to a temporary register needs no other one. */
    private int operand(Expression expression, int target) {
        boolean stands = expression instanceof Syntax.Constant
                || expression instanceof Syntax.Local local && !local.variable().captured;
        if (stands || target < locals || target != free - 1) {
            return operand(expression);
        }
        to(expression, target);
        return target;
    }

    private void to(Expression expression, int target) {
        switch (expression) {
            case Syntax.Nil it -> emit(Op.NIL, target, target, 0);
            case Syntax.True it -> emit(Op.BOOL, target, 1, 0);
            case Syntax.False it -> emit(Op.BOOL, target, 0, 0);
            case Syntax.Constant it -> emit(Op.CONSTANT, target, constant(it.value()), 0);
            case Syntax.Dots it -> emit(Op.VARARG, target, 1, 0);
            case Syntax.Function it -> function(it.body(), target);
            case Syntax.Local it -> {
                Variable variable = it.variable();
                if (variable.captured) {
                    emit(Op.GET_CELL, target, variable.register, 0);
                } else if (variable.register != target) {
                    emit(Op.MOVE, target, variable.register, 0);
                }
            }
            case Syntax.Upvalue it -> emit(Op.GET_UPVALUE, target, it.index(), 0);
            case Syntax.Global it -> {
                line = it.line();
                emit(Op.GET_GLOBAL, target, constant(it.name()), 0);
            }
            case Syntax.Parenthesized it -> to(it.inner(), target);
            case Syntax.Index it -> {
                int before = free;
                int object = operand(it.object(), target);
                int key = operand(it.key());
                line = it.line();
                note(emit(Op.GET_TABLE, target, object, key), describe(it.object()));
                free = before;
            }
            case Syntax.Invocation it -> {
                int before = free;
                if (target == free - 1 && target >= locals) {
                    free = target;
                }
                int result = call(it, 1, false);
                if (result != target) {
                    emit(Op.MOVE, target, result, 0);
                }
                free = before;
            }
            case Syntax.Unary it -> unary(it, target);
            case Syntax.Binary it -> binary(it, target);
            case Syntax.TableConstructor it -> table(it, target);
        }
    }

    private void function(Body inner, int target) {
        int here = line;
        children.add(new Compiler(chunk, inner).compile());
        line = here;
        emit(Op.CLOSURE, target, children.size() - 1, 0);
    }

    private void unary(Syntax.Unary it, int target) {
        int before = free;
        int operand = register(it.operand());
        line = it.line();
        int op = switch (it.operator()) {
            case NEGATE -> Op.NEGATE;
            case NOT -> Op.NOT;
            default -> Op.LENGTH;
        };
        note(emit(op, target, operand, 0), describe(it.operand()));
        free = before;
    }

    private void binary(Syntax.Binary it, int target) {
        int before = free;
        switch (it.operator()) {
            case AND, OR -> {
                Label end = new Label();
                to(it.left(), target);
                jump(it.operator() == Operator.AND ? Op.IF_NOT : Op.IF, end, target, 0);
                to(it.right(), target);
                place(end);
            }
            case EQ, NE, LT, LE, GT, GE -> {
                Label yes = new Label();
                Label end = new Label();
                branch(it, true, yes);
                emit(Op.BOOL, target, 0, 0);
                jump(Op.JUMP, end, 0, 0);
                place(yes);
                emit(Op.BOOL, target, 1, 0);
                place(end);
            }
            case CONCAT -> concat(it, target);
            default -> {
                int left = operand(it.left(), target);
                int right = operand(it.right());
                line = it.line();
                int op = switch (it.operator()) {
                    case ADD -> Op.ADD;
                    case SUB -> Op.SUB;
                    case MUL -> Op.MUL;
                    case DIV -> Op.DIV;
                    case MOD -> Op.MOD;
                    default -> Op.POW;
                };
                note(emit(op, target, left, right), describe(it.left()), describe(it.right()));
            }
        }
        free = before;
    }

    /** A whole chain of concatenations is one instruction. */
    private void concat(Syntax.Binary it, int target) {
        List<String> names = new ArrayList<>();
        int first = free;
        Expression rest = it;
        int at = it.line();
        while (rest instanceof Syntax.Binary binary && binary.operator() == Operator.CONCAT) {
            to(binary.left(), reserve(1));
            names.add(describe(binary.left()));
            rest = binary.right();
        }
        to(rest, reserve(1));
        names.add(describe(rest));
        line = at;
        note(emit(Op.CONCAT, target, first, free - 1), names.toArray(String[]::new));
    }

    private void table(Syntax.TableConstructor it, int target) {
        int before = free;
        int elements = (int) it.keys().stream().filter(key -> key == null).count();
        int fields = it.keys().size() - elements;
        boolean open = !it.values().isEmpty()
                && it.keys().getLast() == null
                && isOpen(it.values().getLast());
        int table = target == free - 1 ? target : reserve(1);
        line = it.line();
        emit(Op.NEW_TABLE, table, open ? elements - 1 : elements, fields);
        int stored = 0;
        int pending = 0;
        for (int i = 0; i < it.values().size(); i++) {
            Expression key = it.keys().get(i);
            Expression value = it.values().get(i);
            if (key != null) {
                int above = free;
                int keyOperand = operand(key);
                int valueOperand = operand(value);
                emit(Op.SET_TABLE, table, keyOperand, valueOperand);
                free = above;
            } else if (open && i == it.values().size() - 1) {
                open(value, Op.OPEN);
                emit(Op.SET_LIST, table, Op.OPEN, stored);
                free = table + 1;
                pending = 0;
            } else {
                to(value, reserve(1));
                pending++;
                if (pending == LIST_PART) {
                    emit(Op.SET_LIST, table, pending, stored);
                    stored += pending;
                    pending = 0;
                    free = table + 1;
                }
            }
        }
        if (pending > 0) {
            emit(Op.SET_LIST, table, pending, stored);
        }
        if (table != target) {
            emit(Op.MOVE, target, table, 0);
        }
        free = before;
    }

    /** Jumps if the expression is true, or if it is false; else goes on. */
    private void branch(Expression expression, boolean when, Label label) {
        int before = free;
        switch (expression) {
            case Syntax.Parenthesized it -> branch(it.inner(), when, label);
            case Syntax.Unary it when it.operator() == Operator.NOT -> branch(it.operand(), !when, label);
            case Syntax.Binary it
            when it.operator() == Operator.AND || it.operator() == Operator.OR -> {
                boolean decidedBy = it.operator() == Operator.OR;
                if (decidedBy == when) {
                    branch(it.left(), when, label);
                    branch(it.right(), when, label);
                } else {
                    Label otherwise = new Label();
                    branch(it.left(), !when, otherwise);
                    branch(it.right(), when, label);
                    place(otherwise);
                }
            }
            case Syntax.Binary it
            when isComparison(it.operator()) -> {
                int left = operand(it.left());
                int right = operand(it.right());
                line = it.line();
                switch (it.operator()) {
                    case EQ -> jump(when ? Op.IF_EQ : Op.IF_NE, label, left, right);
                    case NE -> jump(when ? Op.IF_NE : Op.IF_EQ, label, left, right);
                    case LT -> jump(when ? Op.IF_LT : Op.IF_NOT_LT, label, left, right);
                    case LE -> jump(when ? Op.IF_LE : Op.IF_NOT_LE, label, left, right);
                    case GT -> jump(when ? Op.IF_LT : Op.IF_NOT_LT, label, right, left);
                    default -> jump(when ? Op.IF_LE : Op.IF_NOT_LE, label, right, left);
                }
            }
            case Syntax.True it -> {
                if (when) {
                    jump(Op.JUMP, label, 0, 0);
                }
            }
            default -> jump(when ? Op.IF : Op.IF_NOT, label, register(expression), 0);
        }
        free = before;
    }

    private static boolean isComparison(Operator operator) {
        return switch (operator) {
            case EQ, NE, LT, LE, GT, GE -> true;
            default -> false;
        };
    }

    /** What messages call the value of an expression, or null. */
    private static @Nullable String describe(Expression expression) {
        return switch (expression) {
            case Syntax.Local it -> "local '" + it.variable().name + "'";
            case Syntax.Upvalue it -> "upvalue '" + it.name() + "'";
            case Syntax.Global it -> "global '" + it.name() + "'";
            case Syntax.Index it when it.key() instanceof Syntax.Constant(LuaString name) -> "field '" + name + "'";
            case Syntax.Parenthesized it -> describe(it.inner());
            default -> null;
        };
    }
}
