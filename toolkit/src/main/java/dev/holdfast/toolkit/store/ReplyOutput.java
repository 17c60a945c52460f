package dev.holdfast.toolkit.store;

import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.CommandOutput;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads an answer from the connection into the objects that the engine's {@code ObjectReply} makes of the same answer. */
final class ReplyOutput extends CommandOutput<byte[], byte[], Reply> {
    /** An aggregate whose elements are still coming; {@code depth} is that of its end, as Lettuce counts. */
    private record Open(boolean map, List<@Nullable Object> elements) {}

    private final List<Open> open = new ArrayList<>();
    private @Nullable Object result;

    ReplyOutput() {
        super(ByteArrayCodec.INSTANCE, Reply.of(null));
    }

    @Override
    public Reply get() {
        return Reply.of(result);
    }

    private void add(@Nullable Object value) {
        if (open.isEmpty()) {
            result = value;
        } else {
            open.getLast().elements.add(value);
        }
    }

    private static byte[] copy(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    @Override
    @SuppressWarnings("NullAway") // Lettuce passes null for a null string.
    public void set(ByteBuffer bytes) {
        add(bytes == null ? null : copy(bytes));
    }

    @Override
    @SuppressWarnings("NullAway")
    public void setSingle(ByteBuffer bytes) {
        add(bytes == null ? null : new String(copy(bytes), StandardCharsets.UTF_8));
    }

    @Override
    public void setBigNumber(ByteBuffer bytes) {
        add(new BigInteger(new String(copy(bytes), StandardCharsets.ISO_8859_1)));
    }

    @Override
    public void set(long integer) {
        add(integer);
    }

    @Override
    public void set(double number) {
        add(number);
    }

    @Override
    public void set(boolean value) {
        add(value);
    }

    @Override
    public void setError(ByteBuffer bytes) {
        if (open.isEmpty()) {
            super.setError(bytes);
        } else {
            add(new ReplyError(new String(copy(bytes), StandardCharsets.UTF_8)));
        }
    }

    @Override
    public void multi(int count) {
        open.add(new Open(false, new ArrayList<>(Math.clamp(count, 0, 1024))));
    }

    @Override
    public void multiArray(int count) {
        multi(count);
    }

    @Override
    public void multiPush(int count) {
        multi(count);
    }

    @Override
    public void multiSet(int count) {
        multi(count);
    }

    @Override
    public void multiMap(int count) {
        open.add(new Open(true, new ArrayList<>(Math.clamp(count * 2L, 0, 1024))));
    }

    /** The aggregate at {@code depth} is complete; Lettuce also calls this after single values, at greater depths. */
    @Override
    public void complete(int depth) {
        if (depth < open.size()) {
            Open done = open.removeLast();
            add(done.map ? map(done.elements) : done.elements);
        }
    }

    private static Map<@Nullable Object, @Nullable Object> map(List<@Nullable Object> elements) {
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i + 1 < elements.size(); i += 2) {
            Object key = elements.get(i);
            map.put(key instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : key, elements.get(i + 1));
        }
        return map;
    }
}
