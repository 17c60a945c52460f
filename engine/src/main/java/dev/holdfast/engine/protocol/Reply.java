package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;

/**
 * Where a command writes its answer. One implementation writes RESP2 or RESP3 bytes, another builds objects for callers in
 * the same JVM; a handler cannot tell them apart, except by {@link #resp3()} where Valkey's answers differ in more than
 * their form.
 *
 * <p>Aggregates announce how many elements follow and are then filled by as many calls. Where the number is not known
 * beforehand, {@link #beginArray} and {@link #endArray} enclose them.
 */
public abstract class Reply {
    /** Whether the client speaks RESP3, which has maps, sets, doubles, booleans and pushes of their own. */
    public abstract boolean resp3();

    /** Changes the protocol from here on, where there is one. */
    public void setResp3(boolean resp3) {}

    /** A simple string: printable ASCII without line ends. */
    public abstract void simple(String text);

    /** An error: a code in capitals, a space and a sentence; line ends become spaces. */
    public abstract void error(String message);

    public abstract void integer(long value);

    public abstract void bulk(byte[] array, int offset, int length);

    /** Whether a value of this length is not copied if it is given as {@link SharedBytes}. */
    public boolean shares(int length) {
        return false;
    }

    /** A bulk string that may be sent from where it is. */
    public void bulk(SharedBytes value) {
        bulk(value.array(), 0, value.length());
    }

    /** No value: a null bulk string in RESP2. */
    public abstract void nil();

    /** No aggregate: a null array in RESP2. */
    public abstract void nilArray();

    public abstract void array(long length);

    /** A map of {@code pairs} keys, each followed by its value; a flat array in RESP2. */
    public abstract void map(long pairs);

    /** A set; an array in RESP2. */
    public abstract void set(long length);

    /** A push, which is outside the order of requests and replies; an array in RESP2. */
    public abstract void push(long length);

    /** A floating-point number; a bulk string in RESP2. */
    public abstract void real(double value);

    /** A floating-point number with these digits, where they are not the shortest; a bulk string in RESP2. */
    public void real(double value, String digits) {
        real(value);
    }

    /** A truth value; 1 or 0 in RESP2. */
    public abstract void bool(boolean value);

    /** Text with a three-letter format such as {@code txt}; a bulk string in RESP2. */
    public abstract void verbatim(String format, byte[] text);

    /** An integer of any size, in decimal; a bulk string in RESP2. */
    public abstract void bigNumber(String decimal);

    /** Attributes of the value that follows: {@code pairs} keys and values. RESP3 only. */
    public abstract void attribute(long pairs);

    /** Begins an array whose length is given when it ends. Returns what {@link #endArray} wants to know. */
    public abstract int beginArray();

    public abstract void endArray(int mark, long length);

    /** As {@link #endArray}, but the aggregate turns out to be a map of {@code pairs}. */
    public abstract void endMap(int mark, long pairs);

    /** As {@link #endArray}, but the aggregate turns out to be a set. */
    public abstract void endSet(int mark, long length);

    /** The present end of the answer, for {@link #truncate}. */
    public abstract int mark();

    /** How many bytes the answer takes so far, if it is made of bytes. */
    public long length() {
        return mark();
    }

    /** Takes back everything written since {@code mark}. */
    public abstract void truncate(int mark);

    /** Says in the place of an answer that it was too long; a connection is closed instead. */
    public void cutOff() {}

    public void ok() {
        simple("OK");
    }

    public final void bulk(Slice slice) {
        bulk(slice.array(), slice.offset(), slice.length());
    }

    public final void bulk(byte[] bytes) {
        bulk(bytes, 0, bytes.length);
    }

    public final void bulk(String text) {
        bulk(Slice.of(text).array());
    }

    /** An integer as a bulk string. */
    public void bulk(long value) {
        bulk(Numbers.toBytes(value));
    }

    /** Two integers as one bulk string, with a sign between them. */
    public void bulk(long first, char between, long second) {
        byte[] text = new byte[2 * Numbers.MAX_DIGITS + 1];
        int at = Numbers.write(first, text, 0);
        text[at++] = (byte) between;
        bulk(text, 0, Numbers.write(second, text, at));
    }

    public final void integer(boolean value) {
        integer(value ? 1 : 0);
    }

    public final void emptyArray() {
        array(0);
    }
}
