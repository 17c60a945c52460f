package dev.holdfast.engine.scripting;

import dev.holdfast.engine.lua.Arguments;
import dev.holdfast.engine.lua.Lua;
import dev.holdfast.engine.lua.LuaError;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.lua.Values;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code redis.log}, which writes to the store's own log, and its levels. */
final class LuaLog {
    private static final Logger LOG = LoggerFactory.getLogger("dev.holdfast.script");
    private static final String[] LEVELS = {"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"};

    private LuaLog() {}

    static void define(LuaTable api) {
        Lua.define(api, "log", LuaLog::log);
        for (int i = 0; i < LEVELS.length; i++) {
            api.set(LEVELS[i], LuaNumbers.box(i));
        }
    }

    private static Object log(Arguments args) {
        if (args.count() < 2) {
            throw error(args, "ERR server.log() requires two arguments or more.");
        }
        Double level = LuaNumbers.of(args.get(1));
        if (level == null) {
            throw error(args, "ERR First argument must be a number (log level).");
        }
        if (level.intValue() < 0 || level.intValue() >= LEVELS.length) {
            throw error(args, "ERR Invalid log level.");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 2; i <= args.count(); i++) {
            if (args.get(i) instanceof LuaString || args.get(i) instanceof Double) {
                text.append(i > 2 ? " " : "").append(args.string(i));
            }
        }
        switch (level.intValue()) {
            case 0 -> LOG.debug("{}", text);
            case 3 -> LOG.warn("{}", text);
            default -> LOG.info("{}", text);
        }
        return Values.NONE;
    }

    private static LuaError error(Arguments args, String message) {
        LuaTable table = args.lua().newTable();
        table.set(LuaReply.ERR, LuaString.of(message));
        return new LuaError(table);
    }
}
