package dev.holdfast.toolkit.store;

import dev.holdfast.engine.scripting.Step;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A Lua script. It is sent by its digest, and with its source where a server does not know it. */
public final class Script {
    /** Lets a store of Holdfast run a script beside others; to any other server it is a comment. */
    private static final String PROMISE = "--!holdfast flags=declared-keys\n";

    private final String name;
    private final String source;
    private final String sha1;
    private final byte[] sha1Word;
    private final @Nullable Step step;

    private Script(String name, String source, @Nullable Step step) {
        this.name = name;
        this.source = source;
        this.sha1 = digest(source);
        this.sha1Word = sha1.getBytes(StandardCharsets.US_ASCII);
        this.step = step;
    }

    public static Script of(String name, String source) {
        return new Script(name, source, null);
    }

    /**
     * The script in the file {@code name}.lua beside a class. It promises to use no keys but those that it is called with and others
     * of their hash tags, as on a cluster it may not.
     */
    public static Script of(Class<?> owner, String name) {
        try (InputStream in = owner.getResourceAsStream(name + ".lua")) {
            if (in == null) {
                throw new IllegalArgumentException("there is no " + name + ".lua beside " + owner.getName());
            }
            return new Script(name, PROMISE + new String(in.readAllBytes(), StandardCharsets.UTF_8), null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same script, in whose place a store in this JVM runs a step in Java that does the same; for the toolkit's own patterns. */
    @SuppressWarnings("exports")
    public Script or(Step inJava) {
        return new Script(name, source, inJava);
    }

    /** What a store in this JVM runs in its place, or null. */
    @Nullable
    Step step() {
        return step;
    }

    private static String digest(String source) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            return HexFormat.of().formatHex(digest.digest(source.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    public String name() {
        return name;
    }

    public String source() {
        return source;
    }

    /** The digest by which servers know the script: 40 hexadecimal digits. */
    public String sha1() {
        return sha1;
    }

    /** The digest as a word of a command. */
    byte[] sha1Word() {
        return sha1Word;
    }

    @Override
    public String toString() {
        return name;
    }
}
