package dev.holdfast.toolkit.codec;

/** Turns values into bytes and back. Threads may share it. */
public interface Codec<T> {
    byte[] encode(T value);

    /**
     * Reads what {@link #encode} has written.
     *
     * @throws CodecException if the bytes are something else
     */
    T decode(byte[] bytes);
}
