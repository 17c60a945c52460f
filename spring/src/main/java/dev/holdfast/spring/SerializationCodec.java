package dev.holdfast.spring;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.CodecException;
import java.io.IOException;
import java.io.NotSerializableException;
import org.springframework.core.serializer.DefaultDeserializer;
import org.springframework.core.serializer.DefaultSerializer;

/** Writes any serializable object as Java does, as Spring's caches and sessions expect it: reads back what was put, type and all. */
final class SerializationCodec implements Codec<Object> {
    private final DefaultSerializer serializer = new DefaultSerializer();
    private final DefaultDeserializer deserializer;

    /** @param classes where the classes of what is read are found */
    SerializationCodec(ClassLoader classes) {
        this.deserializer = new DefaultDeserializer(classes);
    }

    @Override
    public byte[] encode(Object value) {
        try {
            return serializer.serializeToByteArray(value);
        } catch (NotSerializableException e) {
            throw new CodecException("not serializable: " + e.getMessage(), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new CodecException("cannot be written: " + value.getClass().getName(), e);
        }
    }

    @Override
    public Object decode(byte[] bytes) {
        try {
            return deserializer.deserializeFromByteArray(bytes);
        } catch (IOException | RuntimeException e) {
            throw new CodecException("not what was serialized, or of a class that has changed", e);
        }
    }
}
