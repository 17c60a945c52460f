package dev.holdfast.toolkit.pattern;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.store.Reply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** Turns values into the fields of a stream's entries, and back. */
public interface EntryCodec<T> {
    /** Names and values of the fields in turn, at least one of each. */
    List<Object> fields(T value);

    /**
     * Reads the fields of an entry, as XRANGE and XREAD answer them.
     *
     * @throws CodecException if they cannot be read
     */
    T value(Reply fields);

    /** The whole value in one field. */
    static <T> EntryCodec<T> in(String field, Codec<T> given) {
        Codec<T> codec = Codecs.guarded(given);
        return new EntryCodec<>() {
            @Override
            public List<Object> fields(T value) {
                return List.of(field, codec.encode(value));
            }

            @Override
            public T value(Reply fields) {
                List<Reply> flat = fields.list();
                for (int i = 0; i + 1 < flat.size(); i += 2) {
                    if (flat.get(i).text().equals(field)) {
                        return codec.decode(flat.get(i + 1).bytes());
                    }
                }
                throw new CodecException("an entry has no field " + field, new NoSuchElementException(field));
            }
        };
    }

    /** The fields as they are, as programs write them that have no codec. */
    static EntryCodec<Map<String, String>> plain() {
        return new EntryCodec<>() {
            @Override
            public List<Object> fields(Map<String, String> value) {
                List<Object> words = new ArrayList<>();
                value.forEach((name, text) -> {
                    words.add(name);
                    words.add(text);
                });
                return words;
            }

            @Override
            public Map<String, String> value(Reply fields) {
                Map<String, String> map = new LinkedHashMap<>();
                List<Reply> flat = fields.list();
                for (int i = 0; i + 1 < flat.size(); i += 2) {
                    map.put(flat.get(i).text(), flat.get(i + 1).text());
                }
                return map;
            }
        };
    }
}
