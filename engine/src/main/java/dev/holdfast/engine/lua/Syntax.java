package dev.holdfast.engine.lua;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a program is made of: the tree that {@link Parser} builds and {@link Compiler} translates. Names are resolved already. */
final class Syntax {
    private Syntax() {}

    /** A local variable. */
    static final class Variable {
        final String name;

        /** Whether an inner function uses it, so that it lives in a {@link Cell}. */
        boolean captured;

        int register = -1;

        Variable(String name) {
            this.name = name;
        }
    }

    /** A function's body. */
    static final class Body {
        final List<Variable> parameters = new ArrayList<>();

        /** The variables of outer functions: each a {@link Variable} of the function around, or the index of its own. */
        final List<Object> captures = new ArrayList<>();

        final List<String> captureNames = new ArrayList<>();
        boolean variadic;
        int line;
        int lastLine;
        List<Statement> statements = List.of();
    }

    // ---- expressions ----

    sealed interface Expression {}

    record Nil() implements Expression {}

    record True() implements Expression {}

    record False() implements Expression {}

    /** A number or a string. */
    record Constant(Object value) implements Expression {}

    record Dots() implements Expression {}

    record Function(Body body) implements Expression {}

    record Local(Variable variable) implements Expression {}

    record Upvalue(int index, String name) implements Expression {}

    record Global(LuaString name, int line) implements Expression {}

    record Index(Expression object, Expression key, int line) implements Expression {}

    /** A call; of a method if that has a name. */
    record Invocation(Expression function, @Nullable LuaString method, List<Expression> arguments, int line)
            implements Expression {}

    /** An expression in parentheses, which has one value. */
    record Parenthesized(Expression inner) implements Expression {}

    record Unary(Operator operator, Expression operand, int line) implements Expression {}

    record Binary(Operator operator, Expression left, Expression right, int line) implements Expression {}

    /** {@code keys} has null where a value follows its predecessor. */
    record TableConstructor(List<@Nullable Expression> keys, List<Expression> values, int line) implements Expression {}

    enum Operator {
        ADD(6, 6),
        SUB(6, 6),
        MUL(7, 7),
        DIV(7, 7),
        MOD(7, 7),
        POW(10, 9),
        CONCAT(5, 4),
        NE(3, 3),
        EQ(3, 3),
        LT(3, 3),
        LE(3, 3),
        GT(3, 3),
        GE(3, 3),
        AND(2, 2),
        OR(1, 1),
        NEGATE(8, 8),
        NOT(8, 8),
        LENGTH(8, 8);

        final int left;
        final int right;

        Operator(int left, int right) {
            this.left = left;
            this.right = right;
        }
    }

    // ---- statements ----

    sealed interface Statement {}

    record LocalDeclaration(List<Variable> variables, List<Expression> values, int line) implements Statement {}

    record LocalFunction(Variable variable, Body body, int line) implements Statement {}

    record Assignment(List<Expression> targets, List<Expression> values, int line) implements Statement {}

    record CallStatement(Invocation call) implements Statement {}

    record Block(List<Statement> statements) implements Statement {}

    record While(Expression condition, List<Statement> body, int line, int lastLine) implements Statement {}

    record Repeat(List<Statement> body, Expression condition, int line) implements Statement {}

    /** One more condition than there are branches means none; a last branch without a condition is the else part. */
    record If(List<Expression> conditions, List<List<Statement>> branches, List<Integer> lines) implements Statement {}

    record NumericFor(
            Variable variable,
            Expression start,
            Expression limit,
            @Nullable Expression step,
            List<Statement> body,
            int line)
            implements Statement {}

    record GenericFor(List<Variable> variables, List<Expression> values, List<Statement> body, int line)
            implements Statement {}

    record Return(List<Expression> values, int line) implements Statement {}

    record Break(int line) implements Statement {}
}
