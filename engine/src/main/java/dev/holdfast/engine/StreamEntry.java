package dev.holdfast.engine;

import java.util.Map;
import java.util.Objects;

/**
 * An entry of a stream.
 *
 * @param id its place in the stream, such as {@code 1700000000000-0}
 * @param fields its fields in their order, text read as UTF-8; none if the entry, which a group still has, was deleted
 */
public record StreamEntry(String id, Map<String, String> fields) {
    public StreamEntry {
        Objects.requireNonNull(id);
        Objects.requireNonNull(fields);
    }
}
