package dev.holdfast.engine.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A table: an array for the keys 1 to n and a hash part for all others, laid out as Lua 5.1 does it.
 *
 * <p>The hash part is a chained scatter table with Brent's variation: a key stands at its main position unless another key
 * whose main position that is stands there; then it takes the last free place and is chained. When no place is free, both parts
 * are sized anew, the array so that more than half of it is in use. All this is as in the original because it shows: it is
 * the order of {@code next}, and the border that {@code #} finds where there are holes.
 *
 * <p>Setting a value to nil leaves its key in place, so that a traversal may clear what it visits.
 */
public final class LuaTable {
    private static final int OBJECT_BYTES = 64;
    private static final int ARRAY_SLOT_BYTES = 8;
    private static final int NODE_BYTES = 24;
    private static final int MAX_ARRAY_BITS = 26;
    private static final Object[] NOTHING = new Object[0];
    private static final int[] NO_LINKS = new int[0];

    private final Memory memory;

    private @Nullable Object[] array = NOTHING;
    private @Nullable Object[] keys = NOTHING;
    private @Nullable Object[] values = NOTHING;

    /** For each node the index of the next in its chain, or -1. */
    private int[] links = NO_LINKS;

    private int lastFree;
    private @Nullable LuaTable metatable;
    private boolean readOnly;

    /** The number of the last measurement that has counted this table; see {@link Memory}. */
    int measured;

    public LuaTable(Memory memory) {
        this(memory, 0, 0);
    }

    public LuaTable(Memory memory, int arraySize, int hashSize) {
        this.memory = memory;
        memory.charge(OBJECT_BYTES + (long) arraySize * ARRAY_SLOT_BYTES);
        if (arraySize > 0) {
            array = new Object[arraySize];
        }
        if (hashSize > 0) {
            allocateNodes(hashSize);
        }
    }

    public Memory memory() {
        return memory;
    }

    public @Nullable LuaTable metatable() {
        return metatable;
    }

    public void setMetatable(@Nullable LuaTable metatable) {
        this.metatable = metatable;
    }

    public boolean isReadOnly() {
        return readOnly;
    }

    /** Forbids scripts to change the table. {@link #set} is not affected. */
    public void setReadOnly(boolean readOnly) {
        this.readOnly = readOnly;
    }

    long sizeBytes() {
        return OBJECT_BYTES + (long) array.length * ARRAY_SLOT_BYTES + (long) keys.length * NODE_BYTES;
    }

    // ---- reading ----

    public @Nullable Object get(@Nullable Object key) {
        if (key instanceof LuaString string) {
            return get(string);
        }
        if (key instanceof Double number) {
            double value = number;
            int index = (int) value;
            return index == value ? get(index) : valueAt(findNumber(value));
        }
        return key == null ? null : valueAt(find(key));
    }

    public @Nullable Object get(LuaString key) {
        int i = keys.length;
        if (i == 0) {
            return null;
        }
        i = key.hash() & i - 1;
        do {
            Object candidate = keys[i];
            if (candidate == key || candidate instanceof LuaString other && key.sameAs(other)) {
                return values[i];
            }
            i = links[i];
        } while (i >= 0);
        return null;
    }

    public @Nullable Object get(int key) {
        return key > 0 && key <= array.length ? array[key - 1] : valueAt(findNumber(key));
    }

    private @Nullable Object valueAt(int node) {
        return node < 0 ? null : values[node];
    }

    private int findNumber(double key) {
        if (keys.length == 0) {
            return -1;
        }
        int i = mainPosition(key);
        do {
            if (keys[i] instanceof Double other && other == key) {
                return i;
            }
            i = links[i];
        } while (i >= 0);
        return -1;
    }

    /** The node of a key, or -1. */
    private int find(Object key) {
        if (keys.length == 0) {
            return -1;
        }
        int i = mainPosition(key);
        do {
            if (sameKey(keys[i], key)) {
                return i;
            }
            i = links[i];
        } while (i >= 0);
        return -1;
    }

    private static boolean sameKey(@Nullable Object one, Object other) {
        if (one == other) {
            return true;
        }
        return switch (other) {
            case LuaString string -> one instanceof LuaString that && string.sameAs(that);
            case Double number -> one instanceof Double that && that.doubleValue() == number;
            case Boolean bool -> bool.equals(one);
            default -> false;
        };
    }

    private int mainPosition(Object key) {
        return switch (key) {
            case LuaString string -> string.hash() & keys.length - 1;
            case Double number -> mainPosition(number.doubleValue());
            case Boolean bool -> (bool ? 1 : 0) & keys.length - 1;
            default -> Integer.remainderUnsigned(System.identityHashCode(key), keys.length - 1 | 1);
        };
    }

    private int mainPosition(double key) {
        if (key == 0) {
            return 0;
        }
        long bits = Double.doubleToRawLongBits(key);
        return Integer.remainderUnsigned((int) bits + (int) (bits >>> 32), keys.length - 1 | 1);
    }

    /** A border: an index with a value after which there is none, or 0. */
    public int length() {
        int j = array.length;
        if (j > 0 && array[j - 1] == null) {
            int i = 0;
            while (j - i > 1) {
                int middle = (i + j) >>> 1;
                if (array[middle - 1] == null) {
                    j = middle;
                } else {
                    i = middle;
                }
            }
            return i;
        }
        return keys.length == 0 ? j : lengthBeyond(j);
    }

    private int lengthBeyond(int present) {
        int i = present;
        long next = present + 1L;
        while (get((int) next) != null) {
            i = (int) next;
            next *= 2;
            if (next > Integer.MAX_VALUE) {
                int at = 1;
                while (get(at) != null) {
                    at++;
                }
                return at - 1;
            }
        }
        int j = (int) next;
        while (j - i > 1) {
            int middle = (i + j) >>> 1;
            if (get(middle) == null) {
                j = middle;
            } else {
                i = middle;
            }
        }
        return i;
    }

    // ---- changing ----

    /**
     * Gives a key a value, or removes it where that is null. The key is neither null nor not-a-number: code that lets scripts
     * choose it has checked that.
     */
    public void set(Object key, @Nullable Object value) {
        if (key instanceof Double number) {
            double numeric = number;
            int index = (int) numeric;
            if (index == numeric) {
                set(index, value);
                return;
            }
        }
        int node = find(key);
        if (node >= 0) {
            values[node] = value;
        } else if (value != null) {
            insert(key, value);
        }
    }

    public void set(int key, @Nullable Object value) {
        if (key > 0 && key <= array.length) {
            array[key - 1] = value;
            return;
        }
        int node = findNumber(key);
        if (node >= 0) {
            values[node] = value;
        } else if (value != null) {
            insert(LuaNumbers.box(key), value);
        }
    }

    public void set(String key, @Nullable Object value) {
        set(LuaString.of(key), value);
    }

    private void insert(Object key, Object value) {
        int main = keys.length == 0 ? -1 : mainPosition(key);
        if (main < 0 || values[main] != null) {
            int free = freePlace();
            if (free < 0) {
                rehash(key);
                set(key, value);
                return;
            }
            int other = mainPosition(keyAt(main));
            if (other != main) {
                // What stands here is out of its main position. It makes room.
                while (links[other] != main) {
                    other = links[other];
                }
                links[other] = free;
                keys[free] = keys[main];
                values[free] = values[main];
                links[free] = links[main];
                links[main] = -1;
                values[main] = null;
            } else {
                links[free] = links[main];
                links[main] = free;
                main = free;
            }
        }
        keys[main] = key;
        values[main] = value;
    }

    private Object keyAt(int node) {
        Object key = keys[node];
        if (key == null) {
            throw new IllegalStateException("a value without a key");
        }
        return key;
    }

    private int freePlace() {
        while (lastFree > 0) {
            lastFree--;
            if (keys[lastFree] == null) {
                return lastFree;
            }
        }
        return -1;
    }

    /** Sizes both parts for what they hold and one more key. */
    private void rehash(Object extra) {
        int[] counts = new int[MAX_ARRAY_BITS + 1];
        int integers = countArray(counts);
        int total = integers;
        for (int i = 0; i < keys.length; i++) {
            if (values[i] != null) {
                integers += countKey(keys[i], counts);
                total++;
            }
        }
        integers += countKey(extra, counts);
        total++;
        int arraySize = 0;
        int inArray = 0;
        int below = 0;
        for (int bits = 0; bits <= MAX_ARRAY_BITS && 1 << bits >> 1 < integers; bits++) {
            below += counts[bits];
            if (counts[bits] > 0 && below > 1 << bits >> 1) {
                arraySize = 1 << bits;
                inArray = below;
            }
            if (below == integers) {
                break;
            }
        }
        resize(arraySize, total - inArray);
    }

    /** Counts the array's values by the power of two at or above their key. */
    private int countArray(int[] counts) {
        int used = 0;
        int i = 1;
        for (int bits = 0; bits <= MAX_ARRAY_BITS && i <= array.length; bits++) {
            int limit = Math.min(1 << bits, array.length);
            int here = 0;
            for (; i <= limit; i++) {
                if (array[i - 1] != null) {
                    here++;
                }
            }
            counts[bits] += here;
            used += here;
        }
        return used;
    }

    private static int countKey(@Nullable Object key, int[] counts) {
        if (key instanceof Double number) {
            double value = number;
            int index = (int) value;
            if (index == value && index > 0 && index <= 1 << MAX_ARRAY_BITS) {
                counts[32 - Integer.numberOfLeadingZeros(index - 1)]++;
                return 1;
            }
        }
        return 0;
    }

    private void resize(int arraySize, int hashSize) {
        int nodes = hashSize == 0 ? 0 : 1 << 32 - Integer.numberOfLeadingZeros(hashSize - 1);
        long grown = (long) (arraySize - array.length) * ARRAY_SLOT_BYTES + (long) (nodes - keys.length) * NODE_BYTES;
        memory.charge(Math.max(0, grown));
        Object[] oldArray = array;
        Object[] oldKeys = keys;
        Object[] oldValues = values;
        if (arraySize != oldArray.length) {
            array = Arrays.copyOf(oldArray, arraySize);
        }
        allocateNodes(nodes);
        for (int i = arraySize; i < oldArray.length; i++) {
            Object value = oldArray[i];
            if (value != null) {
                set(i + 1, value);
            }
        }
        for (int i = oldKeys.length - 1; i >= 0; i--) {
            Object value = oldValues[i];
            Object key = oldKeys[i];
            if (value != null && key != null) {
                set(key, value);
            }
        }
    }

    private void allocateNodes(int wanted) {
        int size = wanted == 0 ? 0 : 1 << 32 - Integer.numberOfLeadingZeros(wanted - 1);
        keys = size == 0 ? NOTHING : new Object[size];
        values = size == 0 ? NOTHING : new Object[size];
        links = size == 0 ? NO_LINKS : new int[size];
        Arrays.fill(links, -1);
        lastFree = size;
    }

    // ---- going through all of it ----

    /**
     * The place after another at which a value stands, or -1 at the end. The first call is given -1. Values may be changed and
     * removed meanwhile, but none added.
     */
    public int next(int place) {
        int i = place + 1;
        for (; i < array.length; i++) {
            if (array[i] != null) {
                return i;
            }
        }
        int end = array.length + keys.length;
        for (; i < end; i++) {
            if (values[i - array.length] != null) {
                return i;
            }
        }
        return -1;
    }

    /** The key at a place that {@link #next(int)} has named. */
    public Object key(int place) {
        return place < array.length ? LuaNumbers.box(place + 1) : keyAt(place - array.length);
    }

    public @Nullable Object value(int place) {
        return place < array.length ? array[place] : values[place - array.length];
    }

    /** The place of a key, -1 for null, or -2 if there is no such key. */
    int place(@Nullable Object key) {
        if (key == null) {
            return -1;
        }
        if (key instanceof Double number) {
            double value = number;
            int index = (int) value;
            if (index == value && index > 0 && index <= array.length) {
                return index - 1;
            }
        }
        int node = find(key);
        return node < 0 ? -2 : node + array.length;
    }
}
