package dev.holdfast.engine;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/** What SET takes beside the key and the value: a condition, and what becomes of the expiry. */
public final class SetOption {
    /** Keeps the expiry that the key has. Without it, a key that is set anew does not expire. */
    public static final SetOption KEEP_TTL = new SetOption("KEEPTTL");

    /** Sets the key only if it does not exist. */
    public static final SetOption IF_ABSENT = new SetOption("NX");

    /** Sets the key only if it exists. */
    public static final SetOption IF_PRESENT = new SetOption("XX");

    private final byte[][] words;

    private SetOption(String word) {
        this.words = new byte[][] {ascii(word)};
    }

    private SetOption(String word, byte[] argument) {
        this.words = new byte[][] {ascii(word), argument};
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Lets the key expire after some time, of at least a millisecond. */
    public static SetOption expireIn(Duration time) {
        return new SetOption("PX", ascii(Long.toString(Words.millis(time))));
    }

    /** Lets the key expire at a time; one in the past deletes it. */
    public static SetOption expireAt(Instant time) {
        return new SetOption("PXAT", ascii(Long.toString(time.toEpochMilli())));
    }

    /** Sets the key only if it holds this string. */
    public static SetOption ifEqual(byte[] value) {
        return new SetOption("IFEQ", value.clone());
    }

    /** As {@link #ifEqual(byte[])}, with the string's UTF-8 bytes. */
    public static SetOption ifEqual(String value) {
        return new SetOption("IFEQ", value.getBytes(StandardCharsets.UTF_8));
    }

    byte[][] words() {
        return words;
    }
}
