package dev.holdfast.engine.scripting;

import dev.holdfast.engine.lua.Arguments;
import dev.holdfast.engine.lua.LuaFunction;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a library gives to {@code register_function}: a name and a function, or a table with these and more. */
final class LuaRegistration {
    private final LuaCommands commands;
    private final Arguments args;
    private @Nullable String name;
    private @Nullable String description;
    private @Nullable LuaFunction callback;
    private Set<ScriptFlag> flags = EnumSet.noneOf(ScriptFlag.class);

    LuaRegistration(LuaCommands commands, Arguments args) {
        this.commands = commands;
        this.args = args;
    }

    void read(LuaState.Registry registry) {
        switch (args.count()) {
            case 1 -> readNamed();
            case 2 -> readPositional();
            default -> throw commands.raise("ERR wrong number of arguments to server.register_function");
        }
        if (name != null && callback != null) {
            registry.add(name, description, flags, callback);
        }
    }

    private void readPositional() {
        name = text(args.get(1));
        if (name == null) {
            throw commands.raise("ERR first argument to server.register_function must be a string");
        }
        if (!(args.get(2) instanceof LuaFunction function)) {
            throw commands.raise("ERR second argument to server.register_function must be a function");
        }
        callback = function;
    }

    private void readNamed() {
        if (!(args.get(1) instanceof LuaTable table)) {
            throw commands.raise("ERR calling server.register_function with a single argument is only applicable to Lua"
                    + " table (representing named arguments).");
        }
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            String key = text(table.key(place));
            if (key == null) {
                throw commands.raise("ERR named argument key given to server.register_function is not a string");
            }
            readNamed(key.toLowerCase(Locale.ROOT), table.value(place));
        }
        if (name == null) {
            throw commands.raise("ERR server.register_function must get a function name argument");
        }
        if (callback == null) {
            throw commands.raise("ERR server.register_function must get a callback argument");
        }
    }

    private void readNamed(String key, @Nullable Object value) {
        switch (key) {
            case "function_name" -> {
                name = text(value);
                if (name == null) {
                    throw commands.raise(
                            "ERR function_name argument given to server.register_function must be a string");
                }
            }
            case "description" -> {
                description = text(value);
                if (description == null) {
                    throw commands.raise("ERR description argument given to server.register_function must be a string");
                }
            }
            case "callback" -> {
                if (!(value instanceof LuaFunction function)) {
                    throw commands.raise("ERR callback argument given to server.register_function must be a function");
                }
                callback = function;
            }
            case "flags" -> {
                if (!(value instanceof LuaTable table)) {
                    throw commands.raise("ERR flags argument to server.register_function must be a table representing"
                            + " function flags");
                }
                readFlags(table);
            }
            default -> throw commands.raise("ERR unknown argument given to server.register_function");
        }
    }

    private void readFlags(LuaTable table) {
        for (int i = 1; table.get(i) != null; i++) {
            String text = text(table.get(i));
            ScriptFlag flag = text == null ? null : ScriptFlag.named(text.toLowerCase(Locale.ROOT));
            if (flag == null) {
                throw commands.raise("ERR unknown flag given");
            }
            flags.add(flag);
        }
    }

    private static @Nullable String text(@Nullable Object value) {
        return value instanceof LuaString || value instanceof Double ? LuaState.text(value) : null;
    }
}
