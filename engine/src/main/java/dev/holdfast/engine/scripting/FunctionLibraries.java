package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The libraries of functions that have been loaded. */
public final class FunctionLibraries {
    /** How long a library's code may take to register its functions. */
    private static final long LOAD_TIMEOUT_MILLIS = 500;

    /** A function and the library that it belongs to. */
    record Function(Library library, ScriptEngine.Registered registered) {}

    /**
     * A library.
     *
     * @param code all of its source, the first line too
     */
    public record Library(String name, Slice code, Map<String, ScriptEngine.Registered> functions) {}

    private final ScriptEngine engine;
    private Map<String, Library> libraries = new LinkedHashMap<>();

    /** By name in lower case: functions are called in any. */
    private Map<String, Function> functions = new LinkedHashMap<>();

    private volatile int libraryCount;
    private volatile int functionCount;
    private volatile long sizeBytes;

    FunctionLibraries(ScriptEngine engine) {
        this.engine = engine;
    }

    @Nullable
    Function find(String name) {
        return functions.get(name.toLowerCase(Locale.ROOT));
    }

    /** All of them. The caller holds a shard: libraries change only while all are locked. */
    public Collection<Library> list() {
        return libraries.values();
    }

    public int libraryCount() {
        return libraryCount;
    }

    public int functionCount() {
        return functionCount;
    }

    /** The bytes of the libraries' sources and of what finds their functions. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Loads a library.
     *
     * @param replaces whether it may take the place of one of the same name
     * @param unhurried whether its code may take as long as it likes, since it has been accepted before
     * @return its name
     */
    public String load(byte[] code, boolean replaces, boolean unhurried) {
        Shebang shebang = Shebang.parse(code, "ERR Invalid library metadata", "ERR Invalid library metadata");
        if (shebang == null) {
            throw new CommandException("ERR Missing library metadata");
        }
        String name = shebang.libraryName();
        if (!isName(name)) {
            throw new CommandException(
                    "ERR Library names can only contain letters, numbers, or underscores(_) and must be"
                            + " at least one character long");
        }
        if (!shebang.engine().equalsIgnoreCase(engine.name())) {
            throw new CommandException("ERR Engine '" + shebang.engine() + "' not found");
        }
        Library old = libraries.get(name);
        if (old != null && !replaces) {
            throw new CommandException("ERR Library '" + name + "' already exists");
        }
        Library library = new Library(name, new Slice(code.clone()), register(code, shebang.length(), unhurried));
        for (String function : library.functions().keySet()) {
            Function present = functions.get(function.toLowerCase(Locale.ROOT));
            if (present != null && !present.library().name().equals(name)) {
                throw new CommandException("ERR Function " + function + " already exists");
            }
        }
        if (old != null) {
            unlink(old);
        }
        link(library);
        return name;
    }

    private Map<String, ScriptEngine.Registered> register(byte[] code, int from, boolean unhurried) {
        List<ScriptEngine.Registered> registered =
                engine.load(Arrays.copyOfRange(code, from, code.length), unhurried ? 0 : LOAD_TIMEOUT_MILLIS);
        Map<String, ScriptEngine.Registered> byName = new LinkedHashMap<>();
        for (ScriptEngine.Registered function : registered) {
            if (!isName(function.name())) {
                throw new CommandException("ERR Function names can only contain letters, numbers, or underscores(_) and"
                        + " must be at least one character long");
            }
            if (byName.put(function.name(), function) != null) {
                throw new CommandException("ERR Function already exists in the library");
            }
        }
        if (byName.isEmpty()) {
            throw new CommandException("ERR No functions registered");
        }
        return byName;
    }

    private static boolean isName(String name) {
        return !name.isEmpty()
                && name.chars()
                        .allMatch(
                                c -> c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_');
    }

    private void link(Library library) {
        libraries.put(library.name(), library);
        library.functions()
                .forEach((name, registered) ->
                        functions.put(name.toLowerCase(Locale.ROOT), new Function(library, registered)));
        count();
    }

    private void unlink(Library library) {
        libraries.remove(library.name());
        library.functions().keySet().forEach(name -> functions.remove(name.toLowerCase(Locale.ROOT)));
        count();
    }

    private void count() {
        libraryCount = libraries.size();
        functionCount = functions.size();
        sizeBytes = libraries.values().stream()
                .mapToLong(library -> library.code().length()
                        + 200L
                        + 200L * library.functions().size())
                .sum();
    }

    public void delete(String name) {
        Library library = libraries.get(name);
        if (library == null) {
            throw new CommandException("ERR Library not found");
        }
        unlink(library);
    }

    void clear() {
        libraries.clear();
        functions.clear();
        count();
    }

    /** What becomes of the libraries that are there when others are restored. */
    public enum Policy {
        FLUSH,
        APPEND,
        REPLACE
    }

    /** Takes over the libraries of a dump: all of them, or none and an error. */
    public void restore(List<byte[]> codes, Policy policy) {
        FunctionLibraries restored = new FunctionLibraries(engine);
        for (byte[] code : codes) {
            restored.load(code, false, true);
        }
        Map<String, Library> merged = policy == Policy.FLUSH ? new LinkedHashMap<>() : new LinkedHashMap<>(libraries);
        for (Library library : restored.list()) {
            if (policy == Policy.APPEND && merged.containsKey(library.name())) {
                throw new CommandException("ERR Library " + library.name() + " already exists");
            }
            merged.remove(library.name());
        }
        Set<String> taken = new TreeSet<>();
        merged.values()
                .forEach(library ->
                        library.functions().keySet().forEach(function -> taken.add(function.toLowerCase(Locale.ROOT))));
        for (Library library : restored.list()) {
            for (String function : library.functions().keySet()) {
                if (!taken.add(function.toLowerCase(Locale.ROOT))) {
                    throw new CommandException("ERR Function " + function + " already exists");
                }
            }
            merged.put(library.name(), library);
        }
        libraries = new LinkedHashMap<>();
        functions = new LinkedHashMap<>();
        merged.values().forEach(this::link);
        count();
    }
}
