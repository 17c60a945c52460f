package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** What the operators do where it is not simply arithmetic: conversions, metamethods and errors. */
final class Operations {
    private static final int MAX_CHAIN = 100;

    static final LuaString INDEX = LuaString.of("__index");
    static final LuaString NEW_INDEX = LuaString.of("__newindex");
    static final LuaString CALL = LuaString.of("__call");
    static final LuaString EQ = LuaString.of("__eq");
    static final LuaString LT = LuaString.of("__lt");
    static final LuaString LE = LuaString.of("__le");
    static final LuaString CONCAT = LuaString.of("__concat");
    static final LuaString UNM = LuaString.of("__unm");
    static final LuaString LEN = LuaString.of("__len");
    static final LuaString METATABLE = LuaString.of("__metatable");
    static final LuaString TO_STRING = LuaString.of("__tostring");
    static final LuaString ERR = LuaString.of("err");

    /** By the number of the instruction from {@link Op#ADD} on. */
    private static final LuaString[] ARITHMETIC = {
        LuaString.of("__add"),
        LuaString.of("__sub"),
        LuaString.of("__mul"),
        LuaString.of("__div"),
        LuaString.of("__mod"),
        LuaString.of("__pow")
    };

    private Operations() {}

    static @Nullable Object metamethod(Lua lua, @Nullable Object value, LuaString name) {
        LuaTable metatable = metatable(lua, value);
        return metatable == null ? null : metatable.get(name);
    }

    static @Nullable LuaTable metatable(Lua lua, @Nullable Object value) {
        return value instanceof LuaTable table
                ? table.metatable()
                : value instanceof LuaString ? lua.stringMetatable() : null;
    }

    static LuaError typeError(LuaThread thread, String operation, @Nullable Object value, int operand) {
        String name = thread.note(operand);
        String type = Lua.typeOf(value);
        return thread.errorAt(
                1,
                name == null
                        ? "attempt to " + operation + " a " + type + " value"
                        : "attempt to " + operation + " " + name + " (a " + type + " value)");
    }

    static @Nullable Object index(LuaThread thread, @Nullable Object start, @Nullable Object key) {
        Object object = start;
        for (int i = 0; i < MAX_CHAIN; i++) {
            Object handler;
            if (object instanceof LuaTable table) {
                Object value = table.get(key);
                LuaTable metatable = table.metatable();
                if (value != null || metatable == null) {
                    return value;
                }
                handler = metatable.get(INDEX);
                if (handler == null) {
                    return null;
                }
            } else {
                handler = metamethod(thread.lua, object, INDEX);
                if (handler == null) {
                    throw typeError(thread, "index", object, 0);
                }
            }
            if (handler instanceof LuaFunction function) {
                return thread.callForOne(function, object, key);
            }
            object = handler;
        }
        throw thread.errorAt(1, "loop in gettable");
    }

    static void setIndex(LuaThread thread, @Nullable Object start, @Nullable Object key, @Nullable Object value) {
        Object object = start;
        for (int i = 0; i < MAX_CHAIN; i++) {
            Object handler;
            if (object instanceof LuaTable table) {
                if (table.isReadOnly()) {
                    throw thread.errorAt(1, "Attempt to modify a readonly table");
                }
                LuaTable metatable = table.metatable();
                handler = metatable == null ? null : metatable.get(NEW_INDEX);
                if (handler == null || table.get(key) != null) {
                    table.set(checkedKey(thread, key), value);
                    return;
                }
            } else {
                handler = metamethod(thread.lua, object, NEW_INDEX);
                if (handler == null) {
                    throw typeError(thread, "index", object, 0);
                }
            }
            if (handler instanceof LuaFunction function) {
                thread.call(function, object, key, value);
                return;
            }
            object = handler;
        }
        throw thread.errorAt(1, "loop in settable");
    }

    /** A key that a table can have. */
    static Object checkedKey(LuaThread thread, @Nullable Object key) {
        if (key == null) {
            throw thread.errorAt(1, "table index is nil");
        }
        if (key instanceof Double number && number.isNaN()) {
            throw thread.errorAt(1, "table index is NaN");
        }
        return key;
    }

    static double arithmetic(int op, double left, double right) {
        return switch (op) {
            case Op.ADD -> left + right;
            case Op.SUB -> left - right;
            case Op.MUL -> left * right;
            case Op.DIV -> left / right;
            case Op.MOD -> left - Math.floor(left / right) * right;
            default -> Math.pow(left, right);
        };
    }

    static @Nullable Object arithmetic(LuaThread thread, int op, @Nullable Object left, @Nullable Object right) {
        Double x = LuaNumbers.of(left);
        Double y = LuaNumbers.of(right);
        if (x != null && y != null) {
            return LuaNumbers.box(arithmetic(op, x, y));
        }
        LuaString name = ARITHMETIC[op - Op.ADD];
        Object handler = metamethod(thread.lua, left, name);
        if (handler == null) {
            handler = metamethod(thread.lua, right, name);
        }
        if (handler == null) {
            throw x == null
                    ? typeError(thread, "perform arithmetic on", left, 0)
                    : typeError(thread, "perform arithmetic on", right, 1);
        }
        return thread.callForOne(handler, left, right);
    }

    static @Nullable Object negate(LuaThread thread, @Nullable Object value) {
        Double number = LuaNumbers.of(value);
        if (number != null) {
            return LuaNumbers.box(-number);
        }
        Object handler = metamethod(thread.lua, value, UNM);
        if (handler == null) {
            throw typeError(thread, "perform arithmetic on", value, 0);
        }
        return thread.callForOne(handler, value, value);
    }

    static @Nullable Object length(LuaThread thread, @Nullable Object value) {
        if (value instanceof LuaTable table) {
            return LuaNumbers.box(table.length());
        }
        if (value instanceof LuaString string) {
            return LuaNumbers.box(string.length());
        }
        Object handler = metamethod(thread.lua, value, LEN);
        if (handler == null) {
            throw typeError(thread, "get length of", value, 0);
        }
        return thread.callForOne(handler, value);
    }

    static boolean rawEquals(@Nullable Object left, @Nullable Object right) {
        if (left instanceof Double x) {
            return right instanceof Double y && x.doubleValue() == y.doubleValue();
        }
        return left == right || left != null && left.equals(right);
    }

    static boolean equals(LuaThread thread, @Nullable Object left, @Nullable Object right) {
        if (rawEquals(left, right)) {
            return true;
        }
        if (!(left instanceof LuaTable x) || !(right instanceof LuaTable y)) {
            return false;
        }
        Object handler = metamethod(thread.lua, x, EQ);
        return handler != null
                && rawEquals(handler, metamethod(thread.lua, y, EQ))
                && Lua.isTrue(thread.callForOne(handler, left, right));
    }

    static boolean lessThan(LuaThread thread, @Nullable Object left, @Nullable Object right) {
        if (left instanceof Double x && right instanceof Double y) {
            return x < y;
        }
        if (left instanceof LuaString x && right instanceof LuaString y) {
            return x.compareTo(y) < 0;
        }
        return Lua.isTrue(thread.callForOne(orderHandler(thread, left, right, LT), left, right));
    }

    static boolean lessOrEqual(LuaThread thread, @Nullable Object left, @Nullable Object right) {
        if (left instanceof Double x && right instanceof Double y) {
            return x <= y;
        }
        if (left instanceof LuaString x && right instanceof LuaString y) {
            return x.compareTo(y) <= 0;
        }
        Object handler = commonHandler(thread, left, right, LE);
        if (handler != null) {
            return Lua.isTrue(thread.callForOne(handler, left, right));
        }
        return !Lua.isTrue(thread.callForOne(orderHandler(thread, left, right, LT), right, left));
    }

    private static @Nullable Object commonHandler(
            LuaThread thread, @Nullable Object left, @Nullable Object right, LuaString name) {
        Object handler = metamethod(thread.lua, left, name);
        return handler != null && rawEquals(handler, metamethod(thread.lua, right, name)) ? handler : null;
    }

    private static Object orderHandler(
            LuaThread thread, @Nullable Object left, @Nullable Object right, LuaString name) {
        String leftType = Lua.typeOf(left);
        String rightType = Lua.typeOf(right);
        Object handler = leftType.equals(rightType) ? commonHandler(thread, left, right, name) : null;
        if (handler != null) {
            return handler;
        }
        throw thread.errorAt(
                1,
                leftType.equals(rightType)
                        ? "attempt to compare two " + leftType + " values"
                        : "attempt to compare " + leftType + " with " + rightType);
    }

    // ---- concatenation ----

    /** All values between two places on the stack, inclusive, as one string; from the right, as metamethods would notice. */
    static @Nullable Object concat(LuaThread thread, int from, int to) {
        Object result = thread.stack[to];
        int at = to - 1;
        while (at >= from) {
            Object left = thread.stack[at];
            if (isText(left) && isText(result)) {
                int first = at;
                while (first > from && isText(thread.stack[first - 1])) {
                    first--;
                }
                result = join(thread, first, at, result);
                at = first - 1;
            } else {
                Object handler = metamethod(thread.lua, left, CONCAT);
                if (handler == null) {
                    handler = metamethod(thread.lua, result, CONCAT);
                }
                if (handler == null) {
                    throw isText(left)
                            ? typeError(thread, "concatenate", result, at + 1 - from)
                            : typeError(thread, "concatenate", left, at - from);
                }
                result = thread.callForOne(handler, left, result);
                at--;
            }
        }
        return result;
    }

    static boolean isText(@Nullable Object value) {
        return value instanceof LuaString || value instanceof Double;
    }

    private static LuaString join(LuaThread thread, int from, int to, @Nullable Object last) {
        byte[][] parts = new byte[to - from + 2][];
        long total = 0;
        for (int i = 0; i < parts.length; i++) {
            Object part = i == parts.length - 1 ? last : thread.stack[from + i];
            parts[i] = BaseLibrary.text(part).bytes();
            total += parts[i].length;
        }
        byte[] bytes = newBytes(thread.lua, total);
        int position = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, bytes, position, part.length);
            position += part.length;
        }
        return new LuaString(bytes);
    }

    /** Room for a string, charged to the account. */
    static byte[] newBytes(Lua lua, long length) {
        lua.memory().charge(LuaString.OBJECT_BYTES + length);
        lua.spend(length);
        if (length > Integer.MAX_VALUE - 16) {
            throw lua.running.errorAt(1, "string length overflow");
        }
        return new byte[(int) length];
    }
}
