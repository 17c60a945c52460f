package dev.holdfast.toolkit.codec;

import dev.holdfast.toolkit.store.Artifact;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * The codecs that come with the toolkit: bytes as they are, text as UTF-8, numbers in decimal, and JSON for everything else, so
 * that every language reads what is stored.
 */
public final class Codecs {
    private static final Codec<byte[]> BYTES = of(bytes -> bytes, bytes -> bytes);
    private static final Codec<String> TEXT = of(Codecs::utf8, Codecs::text);
    private static final Codec<Long> LONG =
            of(number -> utf8(Long.toString(number)), bytes -> Long.parseLong(text(bytes)));
    private static final Codec<Integer> INTEGER =
            of(number -> utf8(Integer.toString(number)), bytes -> Integer.parseInt(text(bytes)));
    private static final Codec<Double> DOUBLE =
            of(number -> utf8(Double.toString(number)), bytes -> Double.parseDouble(text(bytes)));

    private volatile @Nullable ObjectMapper mapper;

    /** Codecs whose JSON is written and read by {@code mapper}. */
    public Codecs(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    /** Codecs whose JSON is Jackson's by default, which is needed for that alone. */
    public Codecs() {}

    /** Is loaded when JSON is first written or read, and Jackson with it. */
    private static final class Json {
        private static final ObjectMapper MAPPER = JsonMapper.builder().build();

        private Json() {}
    }

    /** The codec for a type: see the class. Records are JSON objects of their components. */
    @SuppressWarnings("unchecked")
    public <T> Codec<T> of(Class<T> type) {
        Codec<?> codec = type == byte[].class
                ? BYTES
                : type == String.class
                        ? TEXT
                        : type == Long.class
                                ? LONG
                                : type == Integer.class ? INTEGER : type == Double.class ? DOUBLE : null;
        return codec != null ? (Codec<T>) codec : json(mapper().constructType(type));
    }

    /** JSON of a type with parameters: {@code new TypeReference<List<User>>() {}}. */
    public <T> Codec<T> json(TypeReference<T> type) {
        return json(mapper().constructType(type.getType()));
    }

    private <T> Codec<T> json(JavaType type) {
        ObjectMapper mapper = mapper();
        return new Codec<>() {
            @Override
            public byte[] encode(T value) {
                try {
                    return mapper.writeValueAsBytes(value);
                } catch (JacksonException e) {
                    throw new CodecException("cannot write a " + type, e);
                }
            }

            @Override
            public T decode(byte[] bytes) {
                try {
                    return mapper.readValue(bytes, type);
                } catch (JacksonException e) {
                    throw new CodecException("cannot read a " + type, e);
                }
            }
        };
    }

    /**
     * What writes and reads JSON.
     *
     * @throws IllegalStateException if Jackson is not there
     */
    public ObjectMapper mapper() {
        ObjectMapper present = mapper;
        if (present == null) {
            Artifact.JACKSON.require("JSON");
            present = Json.MAPPER;
            mapper = present;
        }
        return present;
    }

    public static Codec<byte[]> bytes() {
        return BYTES;
    }

    public static Codec<String> text() {
        return TEXT;
    }

    /** A codec of two functions. What the second throws is thrown as a {@link CodecException}. */
    public static <T> Codec<T> of(Function<T, byte[]> encode, Function<byte[], T> decode) {
        return new Codec<>() {
            @Override
            public byte[] encode(T value) {
                return encode.apply(value);
            }

            @Override
            public T decode(byte[] bytes) {
                try {
                    return decode.apply(bytes);
                } catch (RuntimeException e) {
                    throw new CodecException("cannot read the value", e);
                }
            }
        };
    }

    /**
     * A codec that keeps to its contract whatever the given one does: values are never null, and what throws while it reads, or reads
     * null, throws a {@link CodecException}.
     */
    public static <T> Codec<T> guarded(Codec<T> codec) {
        return new Codec<>() {
            @Override
            public byte[] encode(T value) {
                return Objects.requireNonNull(
                        codec.encode(Objects.requireNonNull(value, "there is no value to write")),
                        "a codec has written nothing");
            }

            @Override
            @SuppressWarnings("ConstantValue") // A codec of the application's may return null all the same.
            public T decode(byte[] bytes) {
                T value;
                try {
                    value = codec.decode(bytes);
                } catch (CodecException e) {
                    throw e;
                } catch (Throwable e) {
                    if (e instanceof VirtualMachineError error && !(e instanceof StackOverflowError)) {
                        // That there is no memory says nothing about the value.
                        throw error;
                    }
                    throw new CodecException("cannot read the value", e);
                }
                if (value == null) {
                    throw new CodecException("the value is null", new NullPointerException());
                }
                return value;
            }
        };
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
