package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.lua.Arguments;
import dev.holdfast.engine.lua.BaseLibrary;
import dev.holdfast.engine.lua.BitLibrary;
import dev.holdfast.engine.lua.JsonLibrary;
import dev.holdfast.engine.lua.Lua;
import dev.holdfast.engine.lua.LuaFunction;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.lua.MathLibrary;
import dev.holdfast.engine.lua.MemoryBudget;
import dev.holdfast.engine.lua.MessagePackLibrary;
import dev.holdfast.engine.lua.StringLibrary;
import dev.holdfast.engine.lua.StructLibrary;
import dev.holdfast.engine.lua.TableLibrary;
import dev.holdfast.engine.lua.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An interpreter as scripts find it: the libraries, {@code redis} under both its names, and everything of it locked. Scripts
 * cannot add global variables nor change what they share with others.
 */
final class LuaState {
    /** Receives what a library registers. */
    @FunctionalInterface
    interface Registry {
        void add(String name, @Nullable String description, Set<ScriptFlag> flags, LuaFunction callback);
    }

    private static final LuaString INDEX = LuaString.of("__index");

    private final Lua lua;
    private final Engine engine;
    private final LuaCommands commands;
    private final List<LuaFunction> kept = new ArrayList<>();

    /** What functions see as their global variables, and what a library sees while it is being loaded. */
    private final @Nullable LuaTable functionGlobals;

    private final @Nullable LuaTable loadingGlobals;
    private @Nullable Registry registry;

    LuaState(Engine engine, MemoryBudget budget, boolean ofFunctions) {
        this.engine = engine;
        this.lua = new Lua(budget);
        lua.setFurtherRoots(visitor -> kept.forEach(visitor));
        BaseLibrary.open(lua);
        StringLibrary.open(lua);
        TableLibrary.open(lua);
        MathLibrary.open(lua);
        BaseLibrary.openClock(lua, System::nanoTime);
        JsonLibrary.open(lua);
        MessagePackLibrary.open(lua);
        StructLibrary.open(lua);
        BitLibrary.open(lua);
        if (engine.config().luaEnableInsecureApi.get()) {
            BaseLibrary.openEnvironments(lua);
        }
        this.commands = new LuaCommands(this);
        LuaTable api = lua.newTable();
        commands.define(api);
        addLog(api);
        addVersion(api);
        if (!ofFunctions) {
            Lua.define(api, "breakpoint", args -> false);
            Lua.define(api, "debug", args -> Values.NONE);
            Lua.define(api, "replicate_commands", args -> true);
            Lua.define(lua.globals(), "__server__err__handler", args -> handleError(args));
            lua.globals().set("__redis__err__handler", lua.globals().get(LuaString.of("__server__err__handler")));
        }
        lua.globals().set("server", api);
        lua.globals().set("redis", api);
        failOnUnknown(lua.globals());
        lock(lua.globals());
        lua.lockStrings();
        if (ofFunctions) {
            loadingGlobals = loadingGlobals();
            functionGlobals = lua.newTable();
            LuaTable metatable = lua.newTable();
            metatable.set(INDEX, lua.globals());
            functionGlobals.setMetatable(metatable);
            lock(functionGlobals);
            lua.setEnvironment(functionGlobals);
        } else {
            loadingGlobals = null;
            functionGlobals = null;
        }
    }

    Lua lua() {
        return lua;
    }

    Engine engine() {
        return engine;
    }

    /** Keeps a function in use as long as the interpreter is. */
    void keep(LuaFunction function) {
        kept.add(function);
    }

    void begin(Call call, ScriptRun run) {
        commands.begin(call, run);
    }

    void end() {
        commands.end();
        lua.memory().settle();
    }

    boolean isResp3() {
        return commands.isResp3();
    }

    /** An error as commands give it: a table with a field. */
    LuaTable error(String message) {
        LuaTable table = lua.newTable();
        table.set(LuaReply.ERR, LuaString.of(message));
        return table;
    }

    static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "nil";
            case Double number -> LuaNumbers.toLuaString(number).toString();
            case LuaString string -> string.toString();
            case Boolean bool -> bool.toString();
            default -> Lua.typeOf(value);
        };
    }

    private static Object handleError(Arguments args) {
        Object value = args.get(1);
        if (value instanceof LuaTable table) {
            return table;
        }
        LuaTable error = args.lua().newTable();
        error.set(LuaReply.ERR, LuaString.of("ERR " + text(value)));
        return error;
    }

    // ---- what is shared is locked ----

    private static void failOnUnknown(LuaTable table) {
        LuaTable metatable = new LuaTable(table.memory());
        Lua.define(metatable, "__index", args -> {
            if (args.count() != 2) {
                throw args.error("Wrong number of arguments to luaProtectedTableError");
            }
            if (!(args.get(2) instanceof LuaString) && !(args.get(2) instanceof Double)) {
                throw args.error("Second argument to luaProtectedTableError must be a string or number");
            }
            throw args.error("Script attempted to access nonexistent global variable '" + args.string(2) + "'");
        });
        table.setMetatable(metatable);
    }

    private static void lock(LuaTable table) {
        if (table.isReadOnly()) {
            return;
        }
        table.setReadOnly(true);
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            if (table.value(place) instanceof LuaTable inner) {
                lock(inner);
            }
        }
        LuaTable metatable = table.metatable();
        if (metatable != null) {
            lock(metatable);
        }
    }

    // ---- loading a library ----

    private LuaTable loadingGlobals() {
        LuaTable api = lua.newTable();
        Lua.define(api, "register_function", this::register);
        addLog(api);
        addVersion(api);
        failOnUnknown(api);
        LuaTable globals = lua.newTable();
        globals.set("server", api);
        globals.set("redis", api);
        failOnUnknown(globals);
        lock(globals);
        return globals;
    }

    void beginLoading(Registry receiver) {
        registry = receiver;
        look(loadingGlobals);
    }

    void endLoading() {
        registry = null;
        look(lua.globals());
    }

    private void look(@Nullable LuaTable where) {
        LuaTable metatable = functionGlobals == null ? null : functionGlobals.metatable();
        if (metatable != null) {
            metatable.set(INDEX, where);
        }
    }

    private Object register(Arguments args) {
        Registry receiver = registry;
        if (receiver == null) {
            throw commands.raise("ERR server.register_function can only be called on FUNCTION LOAD command");
        }
        new LuaRegistration(commands, args).read(receiver);
        return Values.NONE;
    }

    // ---- what both tables have ----

    private static void addLog(LuaTable api) {
        LuaLog.define(api);
    }

    private static void addVersion(LuaTable api) {
        api.set("REDIS_VERSION", LuaString.of(Compatibility.REDIS_VERSION));
        api.set("REDIS_VERSION_NUM", (double) number(Compatibility.REDIS_VERSION));
        api.set("VALKEY_VERSION", LuaString.of(Compatibility.VALKEY_VERSION));
        api.set("VALKEY_VERSION_NUM", (double) number(Compatibility.VALKEY_VERSION));
        api.set("SERVER_NAME", LuaString.of(Compatibility.SERVER_NAME));
    }

    private static int number(String version) {
        int number = 0;
        for (String part : version.split("\\.")) {
            number = number << 8 | Integer.parseInt(part);
        }
        return number;
    }
}
