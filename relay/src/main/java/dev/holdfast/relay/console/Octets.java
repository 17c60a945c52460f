package dev.holdfast.relay.console;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** Bytes in JSON: {@code text} where they are UTF-8, else {@code base64}, with their number if they were cut. */
final class Octets {
    /** How many bytes of an element are shown. */
    static final int SHOWN = 4096;

    private Octets() {}

    static Map<String, Object> of(byte[] bytes) {
        return of(bytes, Integer.MAX_VALUE);
    }

    static Map<String, Object> of(byte[] bytes, int shown) {
        Map<String, Object> map = new LinkedHashMap<>();
        byte[] part = bytes.length > shown ? Arrays.copyOf(bytes, whole(bytes, shown)) : bytes;
        try {
            map.put(
                    "text",
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(part))
                            .toString());
        } catch (CharacterCodingException e) {
            map.put("base64", Base64.getEncoder().encodeToString(part));
        }
        if (part.length < bytes.length) {
            map.put("bytes", bytes.length);
        }
        return map;
    }

    /** Where to cut so that no character of UTF-8 is cut in two. */
    private static int whole(byte[] bytes, int most) {
        int end = most;
        while (end > most - 4 && end > 0 && (bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return end;
    }

    /**
     * A key that a request names: {@code key}, or {@code key64} in base64 for one that is no text.
     *
     * @throws HttpError 422 if it names none
     */
    static byte[] key(Request request) {
        String text = request.query("key");
        if (text != null) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        String coded = request.query("key64");
        try {
            if (coded != null) {
                return Base64.getDecoder().decode(coded.replace('-', '+').replace('_', '/'));
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new HttpError(422, "name the key by key, or by key64 in base64");
    }
}
