package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The scripts that are known, by hash.
 *
 * <p>Those that came with EVAL are often put together anew for each call, and there is no end to them. So only the 500 that were
 * used last stay; those of SCRIPT LOAD stay for good.
 *
 * <p>Any number of threads may look scripts up; one at a time changes what is known.
 */
public final class ScriptCache {
    private static final int MAX_EVICTABLE = 500;
    private static final int HASH_LENGTH = 40;

    private final ScriptEngine engine;
    private final MessageDigest digest;
    private final Map<Slice, Script> byHash = new ConcurrentHashMap<>();
    private final Map<Slice, Script> byBody = new ConcurrentHashMap<>();

    /** What runs in place of scripts, known or not. */
    private final Map<Slice, ScriptEngine.Program> replacements = new ConcurrentHashMap<>();

    /** Those that came with EVAL, the one used last at the end. */
    private final Set<Script> evictable = new LinkedHashSet<>();

    private volatile @Nullable Script lastUsed;
    private final LongAdder evicted = new LongAdder();
    private final LongAdder sourceBytes = new LongAdder();
    private volatile int count;

    ScriptCache(ScriptEngine engine) {
        this.engine = engine;
        try {
            this.digest = MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The script of this hash, in either case, or null. */
    public @Nullable Script find(Slice hash) {
        Script script = byHash.get(hash);
        if (script != null || hash.length() != HASH_LENGTH) {
            return script;
        }
        byte[] lower = hash.toBytes();
        for (int i = 0; i < lower.length; i++) {
            lower[i] |= (byte) (lower[i] >= 'A' && lower[i] <= 'Z' ? 0x20 : 0);
        }
        return byHash.get(new Slice(lower));
    }

    boolean isConfined(Slice hash) {
        Script script = find(hash);
        return script != null && script.isConfined();
    }

    /** Whether the script of this source, known or not, promises to keep to its keys. */
    boolean isConfinedSource(Slice body) {
        Script script = byBody.get(body);
        if (script != null) {
            return script.isConfined();
        }
        try {
            byte[] code = body.toBytes();
            Shebang shebang = shebang(code);
            return Promises.of(code, shebang == null ? 0 : shebang.length()).declaredKeys();
        } catch (CommandException e) {
            return false;
        }
    }

    /** The script of this source for EVAL; compiled if it is not known. */
    Script forEval(Slice body) {
        Script known = byBody.get(body);
        return known != null ? known : add(body, true);
    }

    /** The script of this source, which from now on stays. */
    public synchronized Script load(Slice body) {
        Script known = byBody.get(body);
        if (known == null) {
            return add(body, false);
        }
        if (known.evictable) {
            known.evictable = false;
            evictable.remove(known);
        }
        return known;
    }

    /** What a script's first line says of it, or null if it has none. */
    static @Nullable Set<ScriptFlag> flags(Slice source) {
        Shebang shebang = shebang(source.toBytes());
        return shebang == null ? null : shebang.scriptFlags();
    }

    private static @Nullable Shebang shebang(byte[] body) {
        return Shebang.parse(body, "ERR Invalid script shebang", "ERR Invalid engine in script shebang");
    }

    private synchronized Script add(Slice source, boolean mayBeEvicted) {
        Script known = byBody.get(source);
        if (known != null) {
            return known;
        }
        Slice body = new Slice(source.toBytes());
        Shebang shebang = shebang(body.array());
        Set<ScriptFlag> flags = shebang == null ? null : shebang.scriptFlags();
        if (shebang != null && !shebang.engine().equalsIgnoreCase(engine.name())) {
            throw new CommandException("ERR Could not find scripting engine '" + shebang.engine() + "'");
        }
        int from = shebang == null ? 0 : shebang.length();
        boolean confined = Promises.of(body.array(), from).declaredKeys();
        Slice hash = Slice.of(HexFormat.of().formatHex(digest.digest(body.array())));
        ScriptEngine.Program replacement = replacements.get(hash);
        ScriptEngine.Program program = replacement == null
                ? engine.compile(Arrays.copyOfRange(body.array(), from, body.length()))
                : replacement;
        Script script = new Script(hash, body, flags, confined, program, mayBeEvicted);
        if (mayBeEvicted) {
            while (evictable.size() >= MAX_EVICTABLE) {
                forget(evictable.iterator().next());
                evicted.increment();
            }
            evictable.add(script);
        }
        byHash.put(hash, script);
        byBody.put(body, script);
        account(script.sizeBytes());
        return script;
    }

    /** Has the script of a hash run as another program from now on. It may become unknown by that. */
    synchronized void replace(Slice hash, ScriptEngine.Program program) {
        replacements.put(hash, program);
        Script known = byHash.get(hash);
        if (known != null) {
            forget(known);
        }
    }

    private void forget(Script script) {
        evictable.remove(script);
        byHash.remove(script.hash());
        byBody.remove(script.body());
        account(-script.sizeBytes());
    }

    private void account(long change) {
        sourceBytes.add(change);
        count = byHash.size();
    }

    /** Takes note that a script has been used. */
    void used(Script script) {
        if (script != lastUsed && script.evictable) {
            moveToEnd(script);
        }
    }

    private synchronized void moveToEnd(Script script) {
        if (evictable.remove(script)) {
            evictable.add(script);
            lastUsed = script;
        }
    }

    synchronized void clear() {
        byHash.clear();
        byBody.clear();
        evictable.clear();
        lastUsed = null;
        sourceBytes.reset();
        count = 0;
    }

    /** How many scripts are known. */
    public int count() {
        return count;
    }

    /** The bytes of their sources and of what finds them. */
    public long sizeBytes() {
        return sourceBytes.sum();
    }

    /** How many have been forgotten because there were too many. */
    public long evicted() {
        return evicted.sum();
    }
}
