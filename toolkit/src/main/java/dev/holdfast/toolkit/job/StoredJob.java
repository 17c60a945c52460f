package dev.holdfast.toolkit.job;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the store knows of a job. Numbers are {@code Long}, text is of one character for each byte. */
final class StoredJob {
    private static final JobField[] FIELDS = JobField.values();

    private final @Nullable Object[] values = new @Nullable Object[FIELDS.length];

    @Nullable
    Object get(JobField field) {
        return values[field.ordinal()];
    }

    boolean has(JobField field) {
        return values[field.ordinal()] != null;
    }

    /** Whether it is in a state. */
    boolean is(String state) {
        return state.equals(get(JobField.STATE));
    }

    void put(JobField field, Object value) {
        values[field.ordinal()] = Objects.requireNonNull(value);
    }

    void remove(JobField field) {
        values[field.ordinal()] = null;
    }

    /** A number, or 0. */
    long number(JobField field) {
        return switch (get(field)) {
            case Long number -> number;
            case Double number -> number.longValue();
            case null, default -> 0;
        };
    }

    String text(JobField field) {
        return String.valueOf(get(field));
    }

    /** Text, or none. */
    String textOrEmpty(JobField field) {
        return has(field) ? text(field) : "";
    }

    /** As {@code cmsgpack} packs it. */
    byte[] pack() {
        int count = 0;
        for (Object value : values) {
            count += value == null ? 0 : 1;
        }
        MessagePack.Writer out = new MessagePack.Writer();
        out.beginMap(count);
        for (JobField field : FIELDS) {
            Object value = get(field);
            if (value != null) {
                out.raw(field.packed());
                out.value(value);
            }
        }
        return out.toBytes();
    }

    /** The job that was packed, or null where it cannot be read. */
    static @Nullable StoredJob unpack(byte @Nullable [] packed) {
        if (packed == null || packed.length == 0) {
            return null;
        }
        try {
            StoredJob job = new StoredJob();
            MessagePack.Reader in = new MessagePack.Reader(packed);
            int count = in.beginMap();
            if (count < 0) {
                // An empty table is a list.
                return MessagePack.unpack(packed) instanceof List<?> ? job : null;
            }
            for (int i = 0; i < count; i++) {
                int letter = in.letter();
                JobField field = letter >= 0
                        ? JobField.of(letter)
                        : in.value(1) instanceof String name ? JobField.of(name) : null;
                Object value = in.value(1);
                if (field != null && value != null) {
                    job.put(field, value);
                }
            }
            in.end();
            return job;
        } catch (MessagePack.FormatException e) {
            return null;
        }
    }
}
