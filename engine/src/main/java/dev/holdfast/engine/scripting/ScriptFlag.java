package dev.holdfast.engine.scripting;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a script says of itself, in its first line or when a function is registered. In the order in which they are listed. */
public enum ScriptFlag {
    NO_WRITES,
    ALLOW_OOM,
    ALLOW_STALE,
    NO_CLUSTER,
    ALLOW_CROSS_SLOT_KEYS;

    public String shown() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The flag of this name, or null. */
    static @Nullable ScriptFlag named(String name) {
        for (ScriptFlag flag : values()) {
            if (flag.shown().equals(name)) {
                return flag;
            }
        }
        return null;
    }
}
