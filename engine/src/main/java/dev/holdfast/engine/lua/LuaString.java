package dev.holdfast.engine.lua;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Text;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A string of Lua: any bytes, never changed.
 *
 * <p>The hash is the one of Valkey's Lua, 32-bit Murmur with the length as its seed. It decides in which order {@code pairs}
 * visits a table, and so what {@code cjson.encode} makes of it, and scripts have come to rely on that.
 */
public final class LuaString implements Comparable<LuaString> {
    static final int OBJECT_BYTES = 40;
    public static final LuaString EMPTY = new LuaString(new byte[0]);

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private int hash;

    /** A string over an array that does not change any more. */
    public LuaString(byte[] bytes) {
        this.bytes = bytes;
    }

    public LuaString(byte[] source, int from, int to) {
        this(from >= to ? EMPTY.bytes : Arrays.copyOfRange(source, from, to));
    }

    /** The bytes of a {@link Text}. */
    public static LuaString of(String text) {
        return new LuaString(Text.encode(text));
    }

    public static LuaString of(Slice slice) {
        return new LuaString(slice.toBytes());
    }

    /** The bytes themselves; not to be changed. */
    public byte[] bytes() {
        return bytes;
    }

    public int length() {
        return bytes.length;
    }

    int at(int index) {
        return bytes[index] & 0xFF;
    }

    int hash() {
        int known = hash;
        if (known == 0) {
            known = murmur(bytes);
            hash = known;
        }
        return known;
    }

    private static int murmur(byte[] bytes) {
        int length = bytes.length;
        int hash = length;
        int at = 0;
        for (; at + 4 <= length; at += 4) {
            hash ^= scramble((int) INTS.get(bytes, at));
            hash = Integer.rotateLeft(hash, 13) * 5 + 0xe6546b64;
        }
        int tail = 0;
        for (int i = length - 1; i >= at; i--) {
            tail = tail << 8 | bytes[i] & 0xFF;
        }
        if (at < length) {
            hash ^= scramble(tail);
        }
        hash ^= length;
        hash ^= hash >>> 16;
        hash *= 0x85ebca6b;
        hash ^= hash >>> 13;
        hash *= 0xc2b2ae35;
        return hash ^ hash >>> 16;
    }

    private static int scramble(int word) {
        return Integer.rotateLeft(word * 0xcc9e2d51, 15) * 0x1b873593;
    }

    boolean sameAs(LuaString other) {
        return this == other || hash() == other.hash() && Arrays.equals(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LuaString string && Arrays.equals(bytes, string.bytes);
    }

    @Override
    public int hashCode() {
        return hash();
    }

    /** The order of bytes, which is that of {@code strcoll} in the C locale. */
    @Override
    public int compareTo(LuaString other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    /** The bytes as {@link Text}. */
    @Override
    public String toString() {
        return Text.decode(bytes);
    }
}
