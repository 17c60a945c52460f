package dev.holdfast.app;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.NoLink;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import dev.holdfast.engine.protocol.RespReply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a command of every kind on a store of its own, beside the start of the real one. What is used for the first time has its classes
 * loaded, linked and initialised, and is then interpreted; a client who comes first would wait for that, and everybody with it. The
 * start-up cache holds what is loaded here, since its training starts the program as a user does.
 */
final class WarmUp {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    /** On a machine that has other things to do, the start does not wait longer than this. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final List<String> COMMANDS = List.of(
            "HELLO 3",
            "CLIENT SETNAME a",
            "CLIENT SETINFO LIB-NAME a",
            "CLIENT LIST",
            "CLIENT INFO",
            "CLIENT TRACKING ON",
            "CLIENT TRACKING OFF",
            "INFO everything",
            "COMMAND INFO get",
            // Long answers, which are encoded when they are asked for first, in each protocol.
            "COMMAND",
            "COMMAND DOCS",
            "HELLO 2",
            "COMMAND",
            "COMMAND DOCS",
            "HELLO 3",
            "CONFIG GET *",
            "ACL LIST",
            "ACL SETUSER a on >a ~* &* +@all",
            "AUTH a b",
            "ACL DELUSER a",
            "SLOWLOG GET",
            "LATENCY HISTOGRAM",
            "MEMORY STATS",
            "OBJECT HELP",
            "NO-SUCH-COMMAND",
            "SET string 1 EX 100",
            "SET string 2 GET",
            "GETEX string",
            "INCRBYFLOAT string 1.5",
            "APPEND string x",
            "SETRANGE string 1 x",
            "MSET a 1 b 2",
            "MGET a b",
            "LCS a b",
            "BITFIELD bits SET u8 0 1",
            "BITOP AND to bits bits",
            "PFADD hll a",
            "PFCOUNT hll",
            "LPUSH list 3 1 2",
            "SORT list",
            "SORT list BY w* GET # GET w*",
            "LRANGE list 0 -1",
            "BLPOP list 1",
            "LMPOP 1 list LEFT",
            "SADD set a b 1",
            "SINTERCARD 1 set",
            "SUNIONSTORE to set",
            "SPOP set",
            "HSET hash f v g w",
            "HEXPIRE hash 100 FIELDS 1 f",
            "HGETALL hash",
            "HSCAN hash 0",
            "ZADD sorted 1 a 2 b",
            "ZRANGE sorted 0 -1 WITHSCORES",
            "ZRANGEBYSCORE sorted -inf +inf",
            "ZUNIONSTORE to 1 sorted",
            "BZPOPMIN sorted 1",
            "GEOADD geo 13.3 38.1 a",
            "GEOSEARCH geo FROMMEMBER a BYRADIUS 100 km",
            "XADD stream * f v",
            "XGROUP CREATE stream g 0",
            "XREADGROUP GROUP g c COUNT 1 STREAMS stream >",
            "XPENDING stream g",
            "XAUTOCLAIM stream g c 0 0",
            "XRANGE stream - +",
            "XINFO STREAM stream FULL",
            "EXPIRE a 100",
            "TTL a",
            "OBJECT ENCODING a",
            "MEMORY USAGE hash",
            "DUMP hash",
            "SCAN 0 TYPE string",
            "KEYS *",
            "RANDOMKEY",
            "RENAME a b",
            "COPY b a",
            "WATCH a",
            "MULTI",
            "INCR counter",
            "EXEC",
            "SCRIPT LOAD \"return 1\"",
            "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
            "EVAL \"if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end\" 1 a b",
            "EVAL \"local t = {} for i, v in ipairs(ARGV) do t[#t + 1] = tonumber(v) + i end table.sort(t)"
                    + " return {cjson.encode(t), cjson.decode('[1]')[1], #cmsgpack.pack(t), string.format('%d', t[1]),"
                    + " string.match('ab', '(a)'), math.floor(1.5), redis.sha1hex('')}\" 0 1 2 3",
            "FUNCTION LOAD \"#!lua name=l\\nserver.register_function('f', function(k, a) return redis.call('get', k[1]) end)\"",
            "FCALL f 1 string",
            "FUNCTION LIST",
            "SUBSCRIBE channel",
            "PSUBSCRIBE c*",
            "PUBLISH channel message",
            "UNSUBSCRIBE",
            "PUNSUBSCRIBE",
            "WAIT 0 0",
            "DBSIZE");

    /** Every construct of the language and the functions of its libraries: each has code of its own that is linked when it is first run. */
    private static final String LANGUAGE = """
            local a, b, s = 7, 2.5, 'text'
            local function sum(first, ...)
              local total = first
              for i = 1, select('#', ...) do total = total + (select(i, ...)) end
              return total
            end
            local t = {1, 2, 3, n = 1, ['k'] = 'v', [10] = true, sum(1, 2)}
            for i = 3, 1, -1 do t[i] = t[i] * 2 - 1 end
            for k, v in pairs(t) do if k == 'n' then t.n = v + 1 elseif v == nil then break else b = b / 1 end end
            while a > 1 do a = a % 4 - 1 if a <= 0 then break end end
            repeat a = a + 1 until a >= 3
            do local c = -a ^ 2 a, b = b, a t.k, t.m = t.m, #s end
            local logic = not (a < b and a ~= b or nil) and s .. 1 .. 'x' or s
            local counter = (function() local n = 0 return function() n = n + 1 return n end end)()
            counter()
            local object = setmetatable({x = 1}, {__index = function(_, k) return k end, __call = function(_, v) return v end})
            function object:get(k) return self[k] end
            function object.set(k, v) object[k] = v end
            object.set('y', object:get('x') + object(2))
            local ok, err = pcall(function() error({code = 1}) end)
            local failed, message = pcall(error, 'text')
            redis.pcall('INCR', KEYS[1], 'x')
            redis.call('SET', KEYS[1], 1)
            redis.call('INCR', KEYS[1])
            redis.call('HSET', 'h', 'f', 1.5, 'g', 2)
            local all = redis.call('HGETALL', 'h')
            redis.call('ZADD', 'z', 1, 'm')
            redis.call('ZRANGE', 'z', 0, -1, 'WITHSCORES')
            redis.call('RPUSH', 'l', 1, 2)
            redis.call('LRANGE', 'l', 0, -1)
            redis.call('TIME')
            redis.setresp(3)
            redis.call('HGETALL', 'h')
            redis.setresp(2)
            redis.log(redis.LOG_DEBUG, 'text')
            table.insert(t, 4) table.insert(t, 1, 0) table.remove(t) table.sort(t, function(x, y) return tostring(x) < tostring(y) end)
            local words = table.concat({'a', 'b', 1}, ',')
            for word in string.gmatch(words, '[^,]+') do s = s:upper():lower():rep(1):sub(1, -1):reverse() .. word end
            s = s:gsub('%a', '%0') local found = s:find('a', 1, true) or s:find('(%w+)') or s:byte(1)
            s = string.format('%s %5.1f %d %x %q', string.char(65), 1.5, 3, 255, 'q') .. #s
            local number = tonumber('10') + (tonumber('ff', 16) or 0) + math.max(1, 2) + math.abs(-1) + math.ceil(1.5) % math.huge
            number = number + bit.band(7, 3) + bit.bor(1, 2) + bit.lshift(1, 2) + bit.tobit(1)
            local packed = struct.pack('>I2s', 1, 'a') struct.unpack('>I2s', packed)
            local decoded = cjson.decode(cjson.encode({list = {1, 2.5, 'x', true}, map = {k = 'v'}})).list
            decoded = cmsgpack.unpack(cmsgpack.pack({1, 'a', {k = 1.5}}))
            return {type(err), message, logic, number, unpack(all), {true, false, {1.9, s}}, redis.status_reply('OK'), {ok = 'OK'}}
            """;

    private final Thread thread =
            Thread.ofPlatform().daemon().name("holdfast-warm-up").unstarted(WarmUp::run);

    /** Begins. */
    static WarmUp start() {
        WarmUp warmUp = new WarmUp();
        warmUp.thread.start();
        return warmUp;
    }

    /** Waits until it is done, within limits. */
    void await() {
        try {
            if (!thread.join(PATIENCE)) {
                LOG.debug("The warm-up takes longer than {}", PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void run() {
        try (Engine engine = AllCommands.engine(new Config(), Clock.SYSTEM)) {
            run(engine);
        } catch (RuntimeException | LinkageError e) {
            LOG.debug("The warm-up failed; what is slow the first time is slow for a client", e);
        }
    }

    /** Runs them all; gives what was answered. */
    static byte[] run(Engine engine) {
        Client client = engine.connect(NoLink.INSTANCE, engine.statistics().newLane());
        RespReply reply = new RespReply(1024);
        for (String command : COMMANDS) {
            Args words = new Args();
            if (!InlineWords.split(command.getBytes(StandardCharsets.UTF_8), words)) {
                throw new IllegalStateException("quotes are not closed: " + command);
            }
            run(engine, client, words, reply);
        }
        run(engine, client, Args.of("EVAL", LANGUAGE, "1", "number"), reply);
        run(engine, client, Args.of("FLUSHALL"), reply);
        engine.disconnect(client);
        return reply.toBytes();
    }

    private static void run(Engine engine, Client client, Args words, RespReply reply) {
        reply.setResp3(client.resp3());
        engine.execute(client, words, reply);
    }
}
