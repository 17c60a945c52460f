package dev.holdfast.engine;

import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import dev.holdfast.engine.protocol.Reply;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a command to a caller in this JVM. A single value is kept as what it is, so that reading a string makes
 * nothing but the caller's array; for aggregates there is an {@link ObjectReply} behind.
 */
final class Answer extends Reply {
    /** What has been answered. */
    private enum Kind {
        NOTHING,
        NIL,
        INTEGER,
        BULK,
        /** A value that is kept as an object: simple strings, real numbers and the like. */
        OBJECT,
        ERROR,
        AGGREGATE
    }

    private static final byte[] NO_BYTES = {};

    private final ObjectReply aggregate = new ObjectReply();
    private Kind kind = Kind.NOTHING;
    private long integer;
    private byte[] bulk = NO_BYTES;
    private Object object = "";

    /** Forgets everything. */
    void clear() {
        if (kind == Kind.AGGREGATE) {
            aggregate.clear();
        }
        kind = Kind.NOTHING;
    }

    // ---- what the caller reads ----

    private void check() {
        if (kind == Kind.ERROR) {
            throw new StoreException((String) object);
        }
    }

    boolean isError(String message) {
        return kind == Kind.ERROR && object.equals(message);
    }

    private IllegalStateException unexpected() {
        return new IllegalStateException("the command has answered something else: " + toObject());
    }

    /** A string, or null for none. */
    byte @Nullable [] toBytes() {
        if (kind == Kind.BULK) {
            byte[] bytes = bulk;
            bulk = NO_BYTES;
            return bytes;
        }
        check();
        if (kind == Kind.NIL) {
            return null;
        }
        throw unexpected();
    }

    long toLong() {
        if (kind == Kind.INTEGER) {
            return integer;
        }
        check();
        throw unexpected();
    }

    /** Whether the command has answered anything but null. */
    boolean isPresent() {
        check();
        return kind != Kind.NIL;
    }

    /** The answer as {@link ObjectReply} gives it, but an error is thrown. */
    @Nullable
    Object toObject() {
        check();
        return switch (kind) {
            case NOTHING, NIL -> null;
            case INTEGER -> integer;
            case BULK -> bulk;
            case OBJECT, ERROR -> object;
            case AGGREGATE -> aggregateResult();
        };
    }

    private @Nullable Object aggregateResult() {
        Object result = aggregate.result();
        if (result instanceof ReplyError error) {
            throw new StoreException(error.message());
        }
        return result;
    }

    // ---- what the command writes ----

    private boolean isInside() {
        return kind == Kind.AGGREGATE;
    }

    private void set(Object value) {
        kind = Kind.OBJECT;
        object = value;
    }

    @Override
    public boolean resp3() {
        return true;
    }

    @Override
    public void ok() {
        simple("OK");
    }

    @Override
    public void simple(String text) {
        if (isInside()) {
            aggregate.simple(text);
        } else {
            set(text);
        }
    }

    @Override
    public void error(String message) {
        if (isInside()) {
            aggregate.error(message);
        } else {
            kind = Kind.ERROR;
            object = message;
        }
    }

    @Override
    public void integer(long value) {
        if (isInside()) {
            aggregate.integer(value);
        } else {
            kind = Kind.INTEGER;
            integer = value;
        }
    }

    @Override
    public void bulk(byte[] array, int offset, int length) {
        if (isInside()) {
            aggregate.bulk(array, offset, length);
        } else {
            kind = Kind.BULK;
            bulk = Arrays.copyOfRange(array, offset, offset + length);
        }
    }

    @Override
    public void nil() {
        if (isInside()) {
            aggregate.nil();
        } else {
            kind = Kind.NIL;
        }
    }

    @Override
    public void nilArray() {
        nil();
    }

    @Override
    public void real(double value) {
        if (isInside()) {
            aggregate.real(value);
        } else {
            set(value);
        }
    }

    @Override
    public void bool(boolean value) {
        if (isInside()) {
            aggregate.bool(value);
        } else {
            set(value);
        }
    }

    @Override
    public void verbatim(String format, byte[] text) {
        if (isInside()) {
            aggregate.verbatim(format, text);
        } else {
            set(new String(text, StandardCharsets.UTF_8));
        }
    }

    @Override
    public void bigNumber(String decimal) {
        if (isInside()) {
            aggregate.bigNumber(decimal);
        } else {
            set(new BigInteger(decimal));
        }
    }

    /** The aggregate, which all that follows goes to. */
    private ObjectReply enter() {
        if (!isInside()) {
            aggregate.clear();
            kind = Kind.AGGREGATE;
        }
        return aggregate;
    }

    @Override
    public void array(long length) {
        enter().array(length);
    }

    @Override
    public void map(long pairs) {
        enter().map(pairs);
    }

    @Override
    public void set(long length) {
        enter().set(length);
    }

    @Override
    public void push(long length) {
        enter().push(length);
    }

    @Override
    public void attribute(long pairs) {
        enter().attribute(pairs);
    }

    @Override
    public int beginArray() {
        return enter().beginArray();
    }

    @Override
    public void endArray(int mark, long length) {
        aggregate.endArray(mark, length);
    }

    @Override
    public void endMap(int mark, long pairs) {
        aggregate.endMap(mark, pairs);
    }

    @Override
    public void endSet(int mark, long length) {
        aggregate.endSet(mark, length);
    }

    /** -1 at the beginning, -2 after a single value, else the aggregate's. */
    @Override
    public int mark() {
        return isInside() ? aggregate.mark() : kind == Kind.NOTHING ? -1 : -2;
    }

    @Override
    public void truncate(int mark) {
        if (mark == -1) {
            clear();
        } else if (mark >= 0) {
            aggregate.truncate(mark);
        }
    }
}
