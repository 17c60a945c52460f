package dev.holdfast.engine.protocol;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a command to Java code. A single value is kept as what it is, so that reading a string makes nothing but one array;
 * for aggregates there is an {@link ObjectReply} behind.
 */
public abstract class ValueReply extends Reply {
    /** What has been answered. */
    protected enum Kind {
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
    public void clear() {
        if (kind == Kind.AGGREGATE) {
            aggregate.clear();
        }
        kind = Kind.NOTHING;
    }

    protected final Kind kind() {
        return kind;
    }

    protected final long integer() {
        return integer;
    }

    /** The string that was answered. It is handed out once. */
    protected final byte[] takeBulk() {
        byte[] bytes = bulk;
        bulk = NO_BYTES;
        return bytes;
    }

    /** The message of an error that is all of the answer, or null. */
    protected final @Nullable String errorMessage() {
        if (kind == Kind.ERROR) {
            return (String) object;
        }
        return kind == Kind.AGGREGATE && aggregate.result() instanceof ObjectReply.ReplyError error
                ? error.message()
                : null;
    }

    /** The answer as {@link ObjectReply} gives it; the message of an error as text. */
    protected final @Nullable Object value() {
        return switch (kind) {
            case NOTHING, NIL -> null;
            case INTEGER -> integer;
            case BULK -> bulk;
            case OBJECT, ERROR -> object;
            case AGGREGATE -> aggregate.result();
        };
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
