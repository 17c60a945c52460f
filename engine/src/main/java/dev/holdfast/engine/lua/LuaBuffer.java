package dev.holdfast.engine.lua;

import java.util.Arrays;

/** A string being put together. Its growth is charged to the account before it happens. */
public final class LuaBuffer {
    private static final int FIRST = 64;

    private final Lua lua;
    private byte[] bytes = new byte[FIRST];
    private int length;

    public LuaBuffer(Lua lua) {
        this.lua = lua;
    }

    private void room(int more) {
        long needed = (long) length + more;
        if (needed > bytes.length) {
            if (needed > Integer.MAX_VALUE - 16) {
                throw new LuaError(LuaString.of("not enough memory"));
            }
            int larger = (int) Math.min(Integer.MAX_VALUE - 16, Math.max(needed, bytes.length * 2L));
            lua.memory().charge(larger - bytes.length);
            bytes = Arrays.copyOf(bytes, larger);
        }
    }

    public void add(int b) {
        room(1);
        bytes[length++] = (byte) b;
    }

    public void add(byte[] source) {
        add(source, 0, source.length);
    }

    public void add(byte[] source, int from, int to) {
        room(to - from);
        System.arraycopy(source, from, bytes, length, to - from);
        length += to - from;
    }

    /** Adds text of ASCII characters. */
    public void add(String text) {
        room(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[length++] = (byte) text.charAt(i);
        }
    }

    /** Adds the lowest bytes of a number, the highest of them first. */
    public void addBigEndian(long value, int count) {
        room(count);
        for (int i = count - 1; i >= 0; i--) {
            bytes[length++] = (byte) (value >>> i * 8);
        }
    }

    public int length() {
        return length;
    }

    public LuaString toLuaString() {
        lua.spend(length);
        return new LuaString(bytes, 0, length);
    }
}
