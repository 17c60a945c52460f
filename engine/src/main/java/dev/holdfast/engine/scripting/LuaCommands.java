package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.journal.ChangeUnit.Target;
import dev.holdfast.engine.lua.Arguments;
import dev.holdfast.engine.lua.Lua;
import dev.holdfast.engine.lua.LuaError;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.lua.Values;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** What scripts call: {@code redis.call} and its kin. */
final class LuaCommands {
    private static final int PROPAGATE_LOG = 1;
    private static final int PROPAGATE_REPLICAS = 2;
    private static final int PROPAGATE_ALL = PROPAGATE_LOG | PROPAGATE_REPLICAS;

    /** How many bytes are copied while one is digested. */
    private static final int SHA1_COSTS = 16;

    /** How many bytes are copied in a nanosecond. */
    private static final int BYTES_PER_NANO = 4;

    private static final int MAX_KEPT_WORDS = 1024;

    private final LuaState state;
    private final LuaReply answer;
    private Args words = new Args();
    private @Nullable Call call;
    private @Nullable ScriptRun run;

    LuaCommands(LuaState state) {
        this.state = state;
        this.answer = new LuaReply(state.lua());
    }

    void define(LuaTable api) {
        Lua.define(api, "call", args -> command(args, true));
        Lua.define(api, "pcall", args -> command(args, false));
        Lua.define(api, "setresp", this::setResp);
        Lua.define(api, "sha1hex", this::sha1);
        Lua.define(api, "error_reply", this::errorReply);
        Lua.define(api, "status_reply", this::statusReply);
        Lua.define(api, "set_repl", this::setPropagation);
        api.set("REPL_NONE", LuaNumbers.box(0));
        api.set("REPL_AOF", LuaNumbers.box(PROPAGATE_LOG));
        api.set("REPL_SLAVE", LuaNumbers.box(PROPAGATE_REPLICAS));
        api.set("REPL_REPLICA", LuaNumbers.box(PROPAGATE_REPLICAS));
        api.set("REPL_ALL", LuaNumbers.box(PROPAGATE_ALL));
        Lua.define(api, "acl_check_cmd", this::mayRun);
    }

    void begin(Call scriptCall, ScriptRun scriptRun) {
        call = scriptCall;
        run = scriptRun;
        answer.setResp3(false);
    }

    void end() {
        call = null;
        run = null;
        answer.clear();
        if (words.count() > MAX_KEPT_WORDS) {
            words = new Args();
        }
    }

    boolean isResp3() {
        return answer.resp3();
    }

    private Call call() {
        Call present = call;
        if (present == null) {
            throw raise("ERR no script is running");
        }
        return present;
    }

    private ScriptRun run() {
        ScriptRun present = run;
        if (present == null) {
            throw raise("ERR no script is running");
        }
        return present;
    }

    LuaError raise(String message) {
        return new LuaError(state.error(message));
    }

    // ---- commands ----

    private @Nullable Object command(Arguments args, boolean raises) {
        boolean refused = false;
        try {
            readWords(args);
            answer.clear();
            refused = true;
            execute();
        } catch (CommandException e) {
            LuaTable error = state.error(e.getMessage());
            if (refused) {
                error.set(LuaReply.COUNTED, true);
            }
            if (raises) {
                throw new LuaError(error);
            }
            return error;
        }
        if (raises && answer.hasFailed()) {
            throw new LuaError(answer.result());
        }
        return answer.result();
    }

    private void readWords(Arguments args) {
        int count = args.count();
        if (count == 0) {
            throw new CommandException("ERR Please specify at least one argument for this call");
        }
        words.clear();
        for (int i = 1; i <= count; i++) {
            Object value = args.get(i);
            if (value instanceof LuaString string) {
                words.add(string.bytes());
            } else if (value instanceof Double number) {
                words.add(digits(number));
            } else {
                throw new CommandException("ERR Command arguments must be strings or integers");
            }
        }
    }

    /** A number as a word of a command: with all digits that it needs, where Lua's own conversion would round. */
    private static byte[] digits(double number) {
        long whole = (long) number;
        boolean plain = whole == number && Math.abs(number) <= 0x1p62;
        return plain ? Numbers.toBytes(whole) : Doubles.toBytes(number);
    }

    private void execute() {
        ScriptRun present = run();
        CommandSpec spec = resolve(present);
        ThreadStatistics lane = present.client().lane();
        long before = lane.nanosOf(spec.id());
        present.execute(spec, words, answer);
        state.lua().spend((lane.nanosOf(spec.id()) - before) * BYTES_PER_NANO);
    }

    private CommandSpec resolve(ScriptRun present) {
        try {
            return present.resolve(words);
        } catch (CommandException e) {
            String message = e.getMessage();
            if (message.startsWith("ERR unknown command '")) {
                throw present.refuse("ERR Unknown command called from script");
            }
            if (message.startsWith("ERR wrong number of arguments for ")) {
                throw present.refuse("ERR Wrong number of args calling command from script");
            }
            throw present.refuse(message);
        }
    }

    private Object mayRun(Arguments args) {
        try {
            readWords(args);
        } catch (CommandException e) {
            throw raise(e.getMessage());
        }
        CommandSpec spec;
        try {
            spec = run().resolve(words);
        } catch (CommandException e) {
            throw raise("ERR Invalid command passed to server.acl_check_cmd()");
        }
        return call().engine().permissions().mayRun(call().client(), spec, words);
    }

    // ---- the rest ----

    private Object setResp(Arguments args) {
        if (args.count() != 1) {
            throw raise("ERR server.setresp() requires one argument.");
        }
        Double version = LuaNumbers.of(args.get(1));
        if (version == null || version.intValue() != 2 && version.intValue() != 3) {
            throw raise("ERR RESP version must be 2 or 3.");
        }
        answer.setResp3(version.intValue() == 3);
        return Values.NONE;
    }

    private Object sha1(Arguments args) {
        if (args.count() != 1) {
            throw raise("ERR wrong number of arguments");
        }
        Object value = args.get(1);
        byte[] bytes = value instanceof LuaString || value instanceof Double
                ? args.string(1).bytes()
                : new byte[0];
        args.lua().spend((long) bytes.length * SHA1_COSTS);
        try {
            return LuaString.of(
                    HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Object errorReply(Arguments args) {
        if (args.count() != 1 || !(args.get(1) instanceof LuaString text)) {
            return state.error("ERR wrong number or type of arguments");
        }
        String message = new String(text.bytes(), StandardCharsets.ISO_8859_1);
        String body = message.startsWith("-") ? message.substring(1) : message;
        int space = body.indexOf(' ');
        String whole = space < 0 ? "ERR " + body : body.substring(0, space) + " " + trim(body.substring(space + 1));
        LuaTable error = state.lua().newTable();
        error.set(LuaReply.ERR, new LuaString(whole.getBytes(StandardCharsets.ISO_8859_1)));
        return error;
    }

    private static String trim(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && (text.charAt(from) == '\r' || text.charAt(from) == '\n')) {
            from++;
        }
        while (to > from && (text.charAt(to - 1) == '\r' || text.charAt(to - 1) == '\n')) {
            to--;
        }
        return text.substring(from, to);
    }

    private Object statusReply(Arguments args) {
        if (args.count() != 1 || !(args.get(1) instanceof LuaString)) {
            return state.error("ERR wrong number or type of arguments");
        }
        LuaTable status = state.lua().newTable();
        status.set(LuaReply.OK, args.get(1));
        return status;
    }

    private Object setPropagation(Arguments args) {
        if (args.count() != 1) {
            throw raise("ERR server.set_repl() requires one argument.");
        }
        Double flags = LuaNumbers.of(args.get(1));
        int wanted = flags == null ? 0 : flags.intValue();
        if ((wanted & ~PROPAGATE_ALL) != 0) {
            throw raise("ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
        }
        run().setTarget(Target.of((wanted & PROPAGATE_LOG) != 0, (wanted & PROPAGATE_REPLICAS) != 0));
        return Values.NONE;
    }
}
