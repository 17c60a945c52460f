package dev.holdfast.engine.lua;

import dev.holdfast.engine.lua.Lexer.Token;
import dev.holdfast.engine.lua.Syntax.Body;
import dev.holdfast.engine.lua.Syntax.Expression;
import dev.holdfast.engine.lua.Syntax.Operator;
import dev.holdfast.engine.lua.Syntax.Statement;
import dev.holdfast.engine.lua.Syntax.Variable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a program by recursive descent, and finds for each name which variable it is. */
final class Parser {
    private static final int MAX_LEVELS = 200;
    private static final int MAX_LOCALS = 200;
    private static final int MAX_UPVALUES = 60;

    /** A function that is being read: which local variables are known, innermost last. */
    private static final class Scope {
        final Body body;
        final @Nullable Scope outer;
        final List<Variable> visible = new ArrayList<>();
        int loops;

        Scope(Body body, @Nullable Scope outer) {
            this.body = body;
            this.outer = outer;
        }
    }

    private final Lexer lexer;
    private Scope scope;
    private int levels;

    private Parser(byte[] source, String chunk) {
        this.lexer = new Lexer(source, chunk);
        this.scope = new Scope(new Body(), null);
    }

    /** Reads a whole program as the body of a function with any number of arguments. */
    static Body parse(byte[] source, String chunk) {
        Parser parser = new Parser(source, chunk);
        Body body = parser.scope.body;
        body.variadic = true;
        body.statements = parser.block();
        body.lastLine = parser.lexer.line;
        if (parser.lexer.token != Token.EOF) {
            throw parser.expected(Token.EOF.text);
        }
        return body;
    }

    // ---- tokens ----

    private LuaError expected(String what) {
        return lexer.syntaxError("'" + what + "' expected");
    }

    private boolean accept(Token token) {
        if (lexer.token == token) {
            lexer.advance();
            return true;
        }
        return false;
    }

    private boolean accept(int symbol) {
        if (lexer.is(symbol)) {
            lexer.advance();
            return true;
        }
        return false;
    }

    private void expect(Token token) {
        if (!accept(token)) {
            throw expected(token.text);
        }
    }

    private void expect(int symbol) {
        if (!accept(symbol)) {
            throw expected(String.valueOf((char) symbol));
        }
    }

    /** Expects what ends a construct that began on some line. */
    private void expectEnd(Token token, String opener, int line) {
        if (!accept(token)) {
            throw unclosed(token.text, opener, line);
        }
    }

    private void expectEnd(int symbol, String opener, int line) {
        if (!accept(symbol)) {
            throw unclosed(String.valueOf((char) symbol), opener, line);
        }
    }

    private LuaError unclosed(String what, String opener, int line) {
        return line == lexer.line
                ? expected(what)
                : lexer.syntaxError("'" + what + "' expected (to close '" + opener + "' at line " + line + ")");
    }

    private LuaString name() {
        if (lexer.token != Token.NAME) {
            throw expected(Token.NAME.text);
        }
        LuaString name = (LuaString) lexer.value();
        lexer.advance();
        return name;
    }

    private void enter() {
        if (++levels > MAX_LEVELS) {
            throw lexer.limitError("chunk has too many syntax levels");
        }
    }

    // ---- names ----

    private Variable declare(String name) {
        if (scope.visible.size() >= MAX_LOCALS) {
            throw tooMany("local variables", MAX_LOCALS);
        }
        Variable variable = new Variable(name);
        scope.visible.add(variable);
        return variable;
    }

    private LuaError tooMany(String what, int limit) {
        String where = scope.outer == null ? "main function" : "function at line " + scope.body.line;
        return lexer.limitError(where + " has more than " + limit + " " + what);
    }

    private Expression resolve(LuaString name, int line) {
        String text = name.toString();
        Variable local = local(scope, text);
        if (local != null) {
            return new Syntax.Local(local);
        }
        int index = capture(scope, text);
        return index < 0 ? new Syntax.Global(name, line) : new Syntax.Upvalue(index, text);
    }

    private static @Nullable Variable local(Scope scope, String name) {
        for (int i = scope.visible.size() - 1; i >= 0; i--) {
            Variable variable = scope.visible.get(i);
            if (variable.name.equals(name)) {
                return variable;
            }
        }
        return null;
    }

    /** The index of an outer variable among those that a function uses, or -1 if the name is a global one. */
    private int capture(Scope inner, String name) {
        Scope outer = inner.outer;
        if (outer == null) {
            return -1;
        }
        Object source = local(outer, name);
        if (source instanceof Variable variable) {
            variable.captured = true;
        } else {
            int index = capture(outer, name);
            if (index < 0) {
                return -1;
            }
            source = index;
        }
        List<Object> captures = inner.body.captures;
        int known = captures.indexOf(source);
        if (known >= 0) {
            return known;
        }
        if (captures.size() >= MAX_UPVALUES) {
            throw lexer.limitError(
                    "function at line " + inner.body.line + " has more than " + MAX_UPVALUES + " upvalues");
        }
        captures.add(source);
        inner.body.captureNames.add(name);
        return captures.size() - 1;
    }

    // ---- statements ----

    /** A list of statements with a scope of its own. */
    private List<Statement> block() {
        int known = scope.visible.size();
        List<Statement> statements = statements();
        forget(known);
        return statements;
    }

    private void forget(int known) {
        scope.visible.subList(known, scope.visible.size()).clear();
    }

    private boolean isBlockEnd() {
        return switch (lexer.token) {
            case ELSE, ELSEIF, END, EOF, UNTIL -> true;
            default -> false;
        };
    }

    private List<Statement> statements() {
        List<Statement> statements = new ArrayList<>();
        enter();
        boolean last = false;
        while (!last && !isBlockEnd()) {
            last = lexer.token == Token.RETURN || lexer.token == Token.BREAK;
            statements.add(statement());
            accept(';');
        }
        levels--;
        return statements;
    }

    private Statement statement() {
        int line = lexer.line;
        return switch (lexer.token) {
            case IF -> ifStatement();
            case WHILE -> {
                lexer.advance();
                Expression condition = expression();
                expect(Token.DO);
                List<Statement> body = loopBody();
                int lastLine = lexer.line;
                expectEnd(Token.END, "while", line);
                yield new Syntax.While(condition, body, line, lastLine);
            }
            case DO -> {
                lexer.advance();
                List<Statement> body = block();
                expectEnd(Token.END, "do", line);
                yield new Syntax.Block(body);
            }
            case FOR -> forStatement(line);
            case REPEAT -> repeatStatement(line);
            case FUNCTION -> functionStatement(line);
            case LOCAL -> {
                lexer.advance();
                yield accept(Token.FUNCTION) ? localFunction(line) : localDeclaration(line);
            }
            case RETURN -> {
                lexer.advance();
                List<Expression> values = isBlockEnd() || lexer.is(';') ? List.of() : expressions();
                yield new Syntax.Return(values, line);
            }
            case BREAK -> {
                lexer.advance();
                if (scope.loops == 0) {
                    throw lexer.syntaxError("no loop to break");
                }
                yield new Syntax.Break(line);
            }
            default -> expressionStatement(line);
        };
    }

    private List<Statement> loopBody() {
        scope.loops++;
        List<Statement> body = block();
        scope.loops--;
        return body;
    }

    private Statement ifStatement() {
        int line = lexer.line;
        List<Expression> conditions = new ArrayList<>();
        List<List<Statement>> branches = new ArrayList<>();
        List<Integer> lines = new ArrayList<>();
        do {
            lines.add(lexer.line);
            lexer.advance();
            conditions.add(expression());
            expect(Token.THEN);
            branches.add(block());
        } while (lexer.token == Token.ELSEIF);
        if (accept(Token.ELSE)) {
            branches.add(block());
        }
        expectEnd(Token.END, "if", line);
        return new Syntax.If(conditions, branches, lines);
    }

    private Statement repeatStatement(int line) {
        lexer.advance();
        int known = scope.visible.size();
        scope.loops++;
        List<Statement> body = statements();
        scope.loops--;
        expectEnd(Token.UNTIL, "repeat", line);
        Expression condition = expression();
        forget(known);
        return new Syntax.Repeat(body, condition, line);
    }

    private Statement forStatement(int line) {
        lexer.advance();
        LuaString first = name();
        int known = scope.visible.size();
        Statement loop;
        if (accept('=')) {
            Expression start = expression();
            expect(',');
            Expression limit = expression();
            Expression step = accept(',') ? expression() : null;
            expect(Token.DO);
            Variable variable = declare(first.toString());
            loop = new Syntax.NumericFor(variable, start, limit, step, loopBody(), line);
        } else if (lexer.is(',') || lexer.token == Token.IN) {
            List<LuaString> names = new ArrayList<>(List.of(first));
            while (accept(',')) {
                names.add(name());
            }
            expect(Token.IN);
            List<Expression> values = expressions();
            expect(Token.DO);
            List<Variable> variables =
                    names.stream().map(name -> declare(name.toString())).toList();
            loop = new Syntax.GenericFor(variables, values, loopBody(), line);
        } else {
            throw lexer.syntaxError("'=' or 'in' expected");
        }
        expectEnd(Token.END, "for", line);
        forget(known);
        return loop;
    }

    private Statement functionStatement(int line) {
        lexer.advance();
        Expression target = resolve(name(), line);
        boolean method = false;
        while (!method && (lexer.is('.') || lexer.is(':'))) {
            method = lexer.is(':');
            lexer.advance();
            target = new Syntax.Index(target, new Syntax.Constant(name()), line);
        }
        Expression function = new Syntax.Function(body(method, line));
        return new Syntax.Assignment(List.of(target), List.of(function), line);
    }

    private Statement localFunction(int line) {
        Variable variable = declare(name().toString());
        return new Syntax.LocalFunction(variable, body(false, line), line);
    }

    private Statement localDeclaration(int line) {
        List<LuaString> names = new ArrayList<>();
        do {
            names.add(name());
        } while (accept(','));
        List<Expression> values = accept('=') ? expressions() : List.of();
        List<Variable> variables =
                names.stream().map(name -> declare(name.toString())).toList();
        return new Syntax.LocalDeclaration(variables, values, line);
    }

    private Statement expressionStatement(int line) {
        Expression first = suffixed();
        if (first instanceof Syntax.Invocation call) {
            return new Syntax.CallStatement(call);
        }
        List<Expression> targets = new ArrayList<>();
        targets.add(first);
        while (accept(',')) {
            targets.add(suffixed());
        }
        for (Expression target : targets) {
            if (target instanceof Syntax.Invocation || target instanceof Syntax.Parenthesized) {
                throw lexer.syntaxError("syntax error");
            }
        }
        expect('=');
        return new Syntax.Assignment(targets, expressions(), line);
    }

    private Body body(boolean method, int line) {
        Body body = new Body();
        body.line = line;
        scope = new Scope(body, scope);
        if (method) {
            body.parameters.add(declare("self"));
        }
        expect('(');
        if (!lexer.is(')')) {
            do {
                if (accept(Token.DOTS)) {
                    body.variadic = true;
                } else if (lexer.token == Token.NAME) {
                    body.parameters.add(declare(name().toString()));
                } else {
                    throw lexer.syntaxError("<name> or '...' expected");
                }
            } while (!body.variadic && accept(','));
        }
        expect(')');
        body.statements = block();
        body.lastLine = lexer.line;
        expectEnd(Token.END, "function", line);
        Scope outer = scope.outer;
        scope = outer == null ? scope : outer;
        return body;
    }

    // ---- expressions ----

    private List<Expression> expressions() {
        List<Expression> list = new ArrayList<>();
        do {
            list.add(expression());
        } while (accept(','));
        return list;
    }

    private Expression expression() {
        return expression(0);
    }

    /** An expression whose operators bind more tightly than {@code limit}. */
    private Expression expression(int limit) {
        enter();
        Operator unary = unaryOperator();
        Expression left;
        if (unary != null) {
            int line = lexer.line;
            lexer.advance();
            left = fold(new Syntax.Unary(unary, expression(unary.right), line));
        } else {
            left = simple();
        }
        Operator operator = binaryOperator();
        while (operator != null && operator.left > limit) {
            int line = lexer.line;
            lexer.advance();
            left = new Syntax.Binary(operator, left, expression(operator.right), line);
            operator = binaryOperator();
        }
        levels--;
        return left;
    }

    /** A negative number is a constant. */
    private static Expression fold(Syntax.Unary unary) {
        return unary.operator() == Operator.NEGATE
                        && unary.operand() instanceof Syntax.Constant constant
                        && constant.value() instanceof Double number
                ? new Syntax.Constant(LuaNumbers.box(-number))
                : unary;
    }

    private @Nullable Operator unaryOperator() {
        if (lexer.token == Token.NOT) {
            return Operator.NOT;
        }
        return lexer.is('-') ? Operator.NEGATE : lexer.is('#') ? Operator.LENGTH : null;
    }

    private @Nullable Operator binaryOperator() {
        return switch (lexer.token) {
            case CONCAT -> Operator.CONCAT;
            case NE -> Operator.NE;
            case EQ -> Operator.EQ;
            case LE -> Operator.LE;
            case GE -> Operator.GE;
            case AND -> Operator.AND;
            case OR -> Operator.OR;
            case SYMBOL ->
                switch (lexer.symbol) {
                    case '+' -> Operator.ADD;
                    case '-' -> Operator.SUB;
                    case '*' -> Operator.MUL;
                    case '/' -> Operator.DIV;
                    case '%' -> Operator.MOD;
                    case '^' -> Operator.POW;
                    case '<' -> Operator.LT;
                    case '>' -> Operator.GT;
                    default -> null;
                };
            default -> null;
        };
    }

    private Expression simple() {
        Expression result = switch (lexer.token) {
            case NUMBER, STRING -> new Syntax.Constant(lexer.value());
            case NIL -> new Syntax.Nil();
            case TRUE -> new Syntax.True();
            case FALSE -> new Syntax.False();
            case DOTS -> {
                if (!scope.body.variadic) {
                    throw lexer.syntaxError("cannot use '...' outside a vararg function");
                }
                yield new Syntax.Dots();
            }
            default -> null;
        };
        if (result != null) {
            lexer.advance();
            return result;
        }
        if (lexer.is('{')) {
            return table();
        }
        if (lexer.token == Token.FUNCTION) {
            int line = lexer.line;
            lexer.advance();
            return new Syntax.Function(body(false, line));
        }
        return suffixed();
    }

    /** A name or an expression in parentheses, with all fields and calls that follow. */
    private Expression suffixed() {
        int line = lexer.line;
        Expression left;
        if (accept('(')) {
            Expression inner = expression();
            expectEnd(')', "(", line);
            left = new Syntax.Parenthesized(inner);
        } else if (lexer.token == Token.NAME) {
            left = resolve(name(), line);
        } else {
            throw lexer.syntaxError("unexpected symbol");
        }
        while (true) {
            int here = lexer.line;
            if (accept('.')) {
                left = new Syntax.Index(left, new Syntax.Constant(name()), here);
            } else if (accept('[')) {
                Expression key = expression();
                expect(']');
                left = new Syntax.Index(left, key, here);
            } else if (accept(':')) {
                LuaString method = name();
                left = new Syntax.Invocation(left, method, arguments(here), here);
            } else if (lexer.is('(') || lexer.is('{') || lexer.token == Token.STRING) {
                left = new Syntax.Invocation(left, null, arguments(here), here);
            } else {
                return left;
            }
        }
    }

    private List<Expression> arguments(int line) {
        if (lexer.token == Token.STRING) {
            Expression text = new Syntax.Constant(lexer.value());
            lexer.advance();
            return List.of(text);
        }
        if (lexer.is('{')) {
            return List.of(table());
        }
        if (!lexer.is('(')) {
            throw lexer.syntaxError("function arguments expected");
        }
        if (line != lexer.previousLine) {
            throw lexer.syntaxError("ambiguous syntax (function call x new statement)");
        }
        lexer.advance();
        List<Expression> list = lexer.is(')') ? List.of() : expressions();
        expectEnd(')', "(", line);
        return list;
    }

    private Expression table() {
        int line = lexer.line;
        List<@Nullable Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        expect('{');
        while (!lexer.is('}')) {
            if (lexer.token == Token.NAME && lexer.isFollowedBy('=')) {
                keys.add(new Syntax.Constant(name()));
                expect('=');
            } else if (accept('[')) {
                keys.add(expression());
                expect(']');
                expect('=');
            } else {
                keys.add(null);
            }
            values.add(expression());
            if (!accept(',') && !accept(';')) {
                break;
            }
        }
        expectEnd('}', "{", line);
        return new Syntax.TableConstructor(keys, values, line);
    }
}
