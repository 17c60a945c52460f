package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A script that is known by its hash. */
public final class Script {
    private final Slice hash;
    private final String name;
    private final Slice body;
    private final @Nullable Set<ScriptFlag> flags;
    private final boolean confined;
    private final ScriptEngine.Program program;

    /** Whether it may be forgotten when there are too many: it has come with EVAL and not with SCRIPT LOAD. */
    boolean evictable;

    Script(
            Slice hash,
            Slice body,
            @Nullable Set<ScriptFlag> flags,
            boolean confined,
            ScriptEngine.Program program,
            boolean evictable) {
        this.hash = hash;
        this.name = hash.toString();
        this.body = body;
        this.flags = flags;
        this.confined = confined;
        this.program = program;
        this.evictable = evictable;
    }

    /** Forty hexadecimal digits. */
    public Slice hash() {
        return hash;
    }

    /** The same as text. */
    String name() {
        return name;
    }

    public Slice body() {
        return body;
    }

    /** What its first line says, or null if it has no such line and is treated as before there were any. */
    @Nullable
    Set<ScriptFlag> flags() {
        return flags;
    }

    /** Whether it promises to use no keys but those of its call, and others of their hash tags. */
    boolean isConfined() {
        return confined;
    }

    ScriptEngine.Program program() {
        return program;
    }

    long sizeBytes() {
        return body.length() + 40L + 200;
    }
}
