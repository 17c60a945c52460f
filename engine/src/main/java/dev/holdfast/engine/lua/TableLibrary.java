package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** {@code table}. */
public final class TableLibrary {
    /** How many bytes are copied in about the time in which an element is read. */
    private static final int ELEMENT_BYTES = 16;

    private TableLibrary() {}

    public static void open(Lua lua) {
        LuaTable library = lua.newTable();
        lua.globals().set("table", library);
        Lua.define(library, "concat", TableLibrary::concat);
        Lua.define(library, "foreach", TableLibrary::forEach);
        Lua.define(library, "foreachi", TableLibrary::forEachIndex);
        Lua.define(library, "getn", args -> LuaNumbers.box(args.table(1).length()));
        Lua.define(library, "insert", TableLibrary::insert);
        Lua.define(library, "maxn", TableLibrary::maximum);
        Lua.define(library, "remove", TableLibrary::remove);
        Lua.define(library, "setn", args -> {
            args.table(1);
            throw args.error("'setn' is obsolete");
        });
        Lua.define(library, "sort", TableLibrary::sort);
    }

    private static void checkWritable(LuaTable table) {
        if (table.isReadOnly()) {
            // As in the original, the position is that of the native function: none.
            throw new LuaError(LuaString.of("Attempt to modify a readonly table"));
        }
    }

    private static Object concat(Arguments args) {
        LuaTable table = args.table(1);
        byte[] separator = args.string(2, LuaString.EMPTY).bytes();
        int from = args.whole(3, 1);
        int to = args.get(4) == null ? table.length() : args.whole(4);
        LuaBuffer result = new LuaBuffer(args.lua());
        for (long i = from; i <= to; i++) {
            Object value = table.get((int) i);
            if (value instanceof LuaString text) {
                result.add(text.bytes());
            } else if (value instanceof Double number) {
                result.add(LuaNumbers.toBytes(number));
            } else {
                throw args.error("invalid value (" + Lua.typeOf(value) + ") at index " + i + " in table for 'concat'");
            }
            if (i < to) {
                result.add(separator);
            }
        }
        spend(args, Math.max(0, (long) to - from));
        return result.toLuaString();
    }

    /** Takes note of having gone through so many elements. */
    private static void spend(Arguments args, long elements) {
        args.lua().spend(elements * ELEMENT_BYTES);
    }

    private static @Nullable Object forEach(Arguments args) {
        LuaTable table = args.table(1);
        LuaFunction function = args.function(2);
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            Object result = args.callForOne(function, table.key(place), table.value(place));
            if (result != null) {
                return result;
            }
        }
        return Values.NONE;
    }

    private static @Nullable Object forEachIndex(Arguments args) {
        LuaTable table = args.table(1);
        LuaFunction function = args.function(2);
        int length = table.length();
        for (int i = 1; i <= length; i++) {
            Object result = args.callForOne(function, LuaNumbers.box(i), table.get(i));
            if (result != null) {
                return result;
            }
        }
        return Values.NONE;
    }

    private static Object insert(Arguments args) {
        LuaTable table = args.table(1);
        int end = table.length() + 1;
        checkWritable(table);
        switch (args.count()) {
            case 2 -> table.set(end, args.get(2));
            case 3 -> {
                int position = args.whole(2);
                spend(args, Math.max(0, (long) end - position));
                for (int i = Math.max(end, position); i > position; i--) {
                    table.set(i, table.get(i - 1));
                }
                table.set(position, args.get(3));
            }
            default -> throw args.error("wrong number of arguments to 'insert'");
        }
        return Values.NONE;
    }

    private static @Nullable Object remove(Arguments args) {
        LuaTable table = args.table(1);
        int length = table.length();
        int position = args.whole(2, length);
        if (position < 1 || position > length) {
            return Values.NONE;
        }
        checkWritable(table);
        Object removed = table.get(position);
        spend(args, length - position);
        for (int i = position; i < length; i++) {
            table.set(i, table.get(i + 1));
        }
        table.set(length, null);
        return removed;
    }

    private static Object maximum(Arguments args) {
        LuaTable table = args.table(1);
        double largest = 0;
        spend(args, table.sizeBytes() / ELEMENT_BYTES);
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            if (table.key(place) instanceof Double key && key > largest) {
                largest = key;
            }
        }
        return LuaNumbers.box(largest);
    }

    private static Object sort(Arguments args) {
        LuaTable table = args.table(1);
        int length = table.length();
        LuaFunction order = args.get(2) == null ? null : args.function(2);
        checkWritable(table);
        new Sort(args, table, order).sort(1, length);
        spend(args, order == null ? (long) length * Integer.SIZE : 0);
        return Values.NONE;
    }

    /** Lua's own quicksort: where the order function is inconsistent, the outcome and the error are the same, too. */
    private record Sort(
            Arguments args, LuaTable table, @Nullable LuaFunction order) {
        private boolean less(@Nullable Object left, @Nullable Object right) {
            return order == null
                    ? Operations.lessThan(args.thread(), left, right)
                    : Lua.isTrue(args.callForOne(order, left, right));
        }

        private void swap(int i, int j, @Nullable Object atI, @Nullable Object atJ) {
            table.set(i, atJ);
            table.set(j, atI);
        }

        void sort(int from, int to) {
            int low = from;
            int high = to;
            while (low < high) {
                orderEnds(low, high);
                if (high - low == 1) {
                    return;
                }
                int middle = (low + high) >>> 1;
                if (!orderEnds(low, middle)) {
                    orderEnds(middle, high);
                }
                if (high - low == 2) {
                    return;
                }
                Object pivot = table.get(middle);
                swap(middle, high - 1, pivot, table.get(high - 1));
                int i = partition(low, high, pivot);
                swap(high - 1, i, table.get(high - 1), table.get(i));
                if (i - low < high - i) {
                    sort(low, i - 1);
                    low = i + 1;
                } else {
                    sort(i + 1, high);
                    high = i - 1;
                }
            }
        }

        /** Exchanges two elements if they are in the wrong order. Returns whether they were. */
        private boolean orderEnds(int low, int high) {
            Object first = table.get(low);
            Object last = table.get(high);
            boolean wrong = less(last, first);
            if (wrong) {
                swap(low, high, first, last);
            }
            return wrong;
        }

        private int partition(int low, int high, @Nullable Object pivot) {
            int i = low;
            int j = high - 1;
            while (true) {
                Object left = table.get(++i);
                while (less(left, pivot)) {
                    if (i > high) {
                        throw args.error("invalid order function for sorting");
                    }
                    left = table.get(++i);
                }
                Object right = table.get(--j);
                while (less(pivot, right)) {
                    if (j < low) {
                        throw args.error("invalid order function for sorting");
                    }
                    right = table.get(--j);
                }
                if (j < i) {
                    return i;
                }
                swap(i, j, left, right);
            }
        }
    }
}
