package dev.holdfast.toolkit.jcache;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.nio.charset.StandardCharsets;
import javax.cache.CacheException;

/**
 * Objects as bytes: {@code s} and UTF-8 for text, {@code l} and digits for a {@code Long}, else {@code o} and Java's serialization,
 * whose classes are those of the manager's class loader. A client that can write to the store can have any of these classes read:
 * a store for serialized objects should have no other clients.
 */
final class ObjectBytes {
    private final ClassLoader loader;

    ObjectBytes(ClassLoader loader) {
        this.loader = loader;
    }

    byte[] write(Object object) {
        if (object instanceof String text) {
            return ("s" + text).getBytes(StandardCharsets.UTF_8);
        }
        if (object instanceof Long number) {
            return ("l" + number).getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write('o');
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        } catch (IOException e) {
            throw new CacheException("a " + object.getClass().getName() + " cannot be written", e);
        }
        return bytes.toByteArray();
    }

    Object read(byte[] bytes, int offset) {
        return switch (bytes[offset]) {
            case 's' -> text(bytes, offset + 1);
            case 'l' -> Long.parseLong(text(bytes, offset + 1));
            default -> object(bytes, offset + 1);
        };
    }

    private static String text(byte[] bytes, int offset) {
        return new String(bytes, offset, bytes.length - offset, StandardCharsets.UTF_8);
    }

    private Object object(byte[] bytes, int offset) {
        InputStream in = new ByteArrayInputStream(bytes, offset, bytes.length - offset);
        try (ObjectInputStream objects = new LoadingStream(in)) {
            return objects.readObject();
        } catch (IOException | ClassNotFoundException e) {
            throw new CacheException("an entry cannot be read", e);
        }
    }

    private final class LoadingStream extends ObjectInputStream {
        LoadingStream(InputStream in) throws IOException {
            super(in);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            try {
                return Class.forName(description.getName(), false, loader);
            } catch (ClassNotFoundException e) {
                return super.resolveClass(description);
            }
        }
    }
}
