package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.HeapRoom;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds the answer as objects, for callers in the same JVM: {@code Long}, {@code byte[]}, {@code String} for simple strings,
 * {@code Double}, {@code Boolean}, null, {@code List} and {@code Map} of these, and {@link ReplyError}. As in RESP3, maps are
 * told from lists. The keys of a map are read as UTF-8 and are strings; sets come as lists, since byte arrays do not know
 * whether they are equal.
 */
public final class ObjectReply extends TreeReply {
    private static final long MANY_ELEMENTS = 1 << 20;

    /** About what a small element takes, with its place in the list. */
    private static final int ELEMENT_BYTES = 40;

    /** An error inside a larger answer. */
    public record ReplyError(String message) {}

    @Override
    public boolean resp3() {
        return true;
    }

    @Override
    protected Object aggregate(Shape shape, List<@Nullable Object> elements) {
        if (shape != Shape.MAP) {
            return elements;
        }
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i + 1 < elements.size(); i += 2) {
            map.put(mapKey(elements.get(i)), elements.get(i + 1));
        }
        return map;
    }

    private static @Nullable Object mapKey(@Nullable Object key) {
        return key instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : key;
    }

    @Override
    protected void expect(long length) {
        if (length > MANY_ELEMENTS && (length > Integer.MAX_VALUE || !HeapRoom.has(length * ELEMENT_BYTES))) {
            throw new ReplyTooLongException();
        }
    }

    @Override
    public void simple(String text) {
        add(text);
    }

    @Override
    public void error(String message) {
        add(new ReplyError(message));
    }

    @Override
    public void cutOff() {
        error("ERR the reply is too long");
    }

    @Override
    public void integer(long value) {
        add(value);
    }

    @Override
    public void bulk(byte[] array, int offset, int length) {
        add(Arrays.copyOfRange(array, offset, offset + length));
    }

    @Override
    public void nil() {
        add(null);
    }

    @Override
    public void nilArray() {
        add(null);
    }

    @Override
    public void real(double value) {
        add(value);
    }

    @Override
    public void bool(boolean value) {
        add(value);
    }

    @Override
    public void verbatim(String format, byte[] text) {
        add(new String(text, StandardCharsets.UTF_8));
    }

    @Override
    public void bigNumber(String decimal) {
        add(new java.math.BigInteger(decimal));
    }
}
