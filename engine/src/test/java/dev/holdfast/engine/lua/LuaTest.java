package dev.holdfast.engine.lua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LuaTest {
    private final Lua lua = open();

    private static Lua open() {
        Lua lua = new Lua(new MemoryBudget(32 << 20));
        BaseLibrary.open(lua);
        StringLibrary.open(lua);
        TableLibrary.open(lua);
        MathLibrary.open(lua);
        JsonLibrary.open(lua);
        MessagePackLibrary.open(lua);
        StructLibrary.open(lua);
        BitLibrary.open(lua);
        return lua;
    }

    private String run(String source) {
        lua.start(lua.load(source.getBytes(StandardCharsets.UTF_8), "@test"));
        return BaseLibrary.text(lua.result()).toString();
    }

    private String error(String source) {
        return assertThrows(LuaError.class, () -> run(source)).getMessage();
    }

    /** Each with the value that PUC-Rio's interpreter gives, as {@code tostring} shows it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            return 1e15 .. ' ' .. 123456789012345 .. ' ' .. 0.1 .. ' ' .. 100        | 1e+15 1.2345678901234e+14 0.1 100
            local t = {1,2,3,nil,5} return #t                                        | 5
            local t = {n=1,[1]=2,3} return t[1] .. t.n                               | 31
            return (function(...) return select('#', ...) end)(nil, nil)             | 2
            local a, b = (function() return 1, 2 end)() return a + b                 | 3
            local function f(n) if n == 0 then return 'end' end return f(n - 1) end return f(100000) | end
            local function f(a, b, c, d, e) if a == 0 then return b .. c .. d .. e end return f(a - 1, e, b, c, d) end return f(5, 1, 2, 3, 4) | 4123
            local r = {} for i = 1, 3 do r[i] = function() i = i + 1 return i end end return r[1]() .. r[1]() .. r[3]() | 234
            local x = 1 x = x and {x} or 2 return x[1]                               | 1
            local i = 1 local t = {} i, t[i] = i + 1, 20 return t[1]                 | 20
            local s = 0 for i = 10, 1, -3 do s = s + i end return s                  | 22
            local s = '' for w in ('one two'):gmatch('%a+') do s = s .. w:upper() end return s | ONETWO
            return ('hello world'):gsub('o', '0')                                    | hell0 w0rld
            return ('  x '):match('^%s*(.-)%s*$') .. '!'                             | x!
            return string.format('%5.2f,%-4d,%x', 3.14159, 7, 255)                   | ` 3.14,7   ,ff`
            return tostring(1 < 2) .. tostring('a' < 'b') .. tostring(nil == false)  | truetruefalse
            return 7 % -3 .. ' ' .. -7 % 3 .. ' ' .. 2 ^ 10                          | -2 2 1024
            local t = setmetatable({}, {__index = function(_, k) return k .. '!' end}) return t.a | a!
            local t = setmetatable({}, {__call = function(_, a) return a * 2 end}) return t(21) | 42
            local ok, e = pcall(error, {code = 5}) return e.code                     | 5
            return select(2, pcall(function() error('x', 0) end))                    | x
            local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return co(1) .. co(10) | 220
            local t = {5, 2, 8, 1} table.sort(t, function(a, b) return a > b end) return table.concat(t, ',') | 8,5,2,1
            return cjson.encode({1, 'a', {b = true}, cjson.null})                    | `[1,"a",{"b":true},null]`
            return cjson.decode('{"a":[1,{"b":"\\\\u00e9"}]}').a[2].b                | é
            return select(3, cmsgpack.unpack(cmsgpack.pack(1, 'x', {5})))[1]         | 5
            return (struct.unpack('>I2', struct.pack('>I2', 513)))                   | 513
            return bit.band(0xff, 0x0f) .. bit.tohex(255, 4)                         | 1500ff
            return table.concat({('key = value'):find('(%w+)%s*=%s*(%w+)')}, ',')    | 1,11,key,value
            return ('THE (quick) fox'):gsub('%((%a-)%)', '<%1>')                     | THE <quick> fox
            return ('THE (quick) fox'):find('%f[%a]%a+%f[%A]', 5)                    | 6
            return ('f(a(b)c)d'):match('%b()')                                       | (a(b)c)
            return ('abcabc'):match('^(a?b?c?)%1$')                                  | abc
            return ('aaab'):match('a-b') .. ('aaab'):match('a*(.-)b$') .. '!'        | aaab!
            return ('xabcabcy'):match('x(a?)(b*)(c+)(.-)y')                          | a
            return select('#', ('aXb'):match('()X()')) .. ('aXb'):match('()X')       | 22
            return ('a,b,,c'):gsub(',*', '-')                                        | -a--b--c-
            return ('hello'):gsub('', '.')                                           | .h.e.l.l.o.
            return ('aaa'):gsub('^a', 'b')                                           | baa
            return ('abc'):gsub('%w', '%0%0', 2)                                     | aabbc
            local s = '' for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do s = s .. v .. k end return s | 1a2b
            return ('(x)' .. ('y'):rep(300)):match('^%((.)%)' .. ('y?'):rep(300) .. '$') | x
            return tostring(pcall(pcall)) .. select(2, pcall())                      | trueattempt to call a boolean value
            return select(2, pcall(nil))                                             | attempt to call a nil value
            return select(2, pcall(error, 'x', 2))                                   | test:1: x
            return select(2, xpcall(function() error('x') end, nil))                 | error in error handling
            return select(2, xpcall(function() error('x') end, {}))                  | error in error handling
            return select(2, pcall(coroutine.yield))                                 | attempt to yield across metamethod/C-call boundary
            local co co = coroutine.create(function() return coroutine.resume(co) end) return select(3, coroutine.resume(co)) | cannot resume running coroutine
            """)
    void computes(String source, String expected) {
        assertEquals(expected, run(source));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            local a return a.b          | test:1: attempt to index local 'a' (a nil value)
            return a.b.c                | test:1: attempt to index global 'a' (a nil value)
            local t = {} t.x.y = 1      | test:1: attempt to index field 'x' (a nil value)
            nofunction()                | test:1: attempt to call global 'nofunction' (a nil value)
            local t = {} t:m()          | test:1: attempt to call method 'm' (a nil value)
            return 1 + {}               | test:1: attempt to perform arithmetic on a table value
            local s = {} return 'x'..s  | test:1: attempt to concatenate local 's' (a table value)
            return 1 < 'x'              | test:1: attempt to compare number with string
            return {} < {}              | test:1: attempt to compare two table values
            return #5                   | test:1: attempt to get length of a number value
            for i = 'x', 2 do end       | test:1: 'for' initial value must be a number
            return ('x'):rep({})        | test:1: bad argument #1 to 'rep' (number expected, got table)
            return string.rep()         | test:1: bad argument #1 to 'rep' (string expected, got no value)
            local t = {} t[nil] = 1     | test:1: table index is nil
            return ('a'):find('[a')     | test:1: malformed pattern (missing ']')
            x = = 1                     | test:1: unexpected symbol near '='
            for                         | test:1: <name> expected near '<eof>'
            return 'abc                 | test:1: unfinished string near '<eof>'
            """)
    void says(String source, String expected) {
        assertEquals(expected.replace("<name> expected", "'<name>' expected"), error(source));
    }

    @Test
    void visitsTablesInTheOrderOfTheOriginal() {
        assertEquals(
                "{\"four\":{},\"two\":2,\"five\":1.5,\"one\":1,\"three\":[1,2,3],\"six\":\"a\"}",
                run("return cjson.encode({one=1,two=2,three={1,2,3},four={},five=1.5,six='a'})"));
    }

    @Test
    void recursionHasAnEnd() {
        assertTrue(error("local function f() return 1 + f() end f()").endsWith("stack overflow"));
        assertTrue(
                error("local function f(x) return (x:gsub('x', f)) end f('x')").endsWith("C stack overflow"));
        assertTrue(error("return " + "(".repeat(500) + "1" + ")".repeat(500)).contains("too many syntax levels"));
        assertTrue(error("return unpack({}, 0, 2147483647)").endsWith("too many results to unpack"));
        assertEquals("1", run("return 1"), "the interpreter goes on");
    }

    /** How deep values may be, and how long patterns and chains, is as in the original, on however small a stack. */
    @Test
    void depthIsThatOfTheOriginal() {
        String nested = "local function nest(n, v) local t = v for i = 1, n do t = {t} end return t end ";
        assertEquals("2000", run(nested + "return #cjson.encode(nest(1000))"));
        assertTrue(error(nested + "cjson.encode(nest(1001))").endsWith("excessive nesting (1001)"));
        run("cjson.encode_max_depth(1e6) cjson.decode_max_depth(1e6)");
        assertEquals("15992", run(nested + "return #cjson.encode(nest(7996))"));
        assertTrue(error(nested + "cjson.encode(nest(9000))").endsWith("excessive nesting (7998)"));
        assertTrue(error("local t for i = 1, 5000 do t = {a = t or 1} end cjson.encode(t)")
                .endsWith("excessive nesting (4000)"));
        assertEquals("table", run("return type(cjson.decode(('['):rep(7998) .. (']'):rep(7998)))"));
        assertTrue(error("cjson.decode(('['):rep(8000))")
                .endsWith("Found too many nested data structures (7999) at character 7999"));
        assertTrue(error("cjson.decode(('{\"a\":'):rep(5000))")
                .endsWith("Found too many nested data structures (4000) at character 19996"));
        assertEquals("table", run("return type(cmsgpack.unpack(('\\145'):rep(3999) .. '\\1'))"));
        assertTrue(error("cmsgpack.unpack(('\\145'):rep(4000))")
                .endsWith("stack overflow (in function mp_decode_to_lua_array)"));
        assertTrue(error("cmsgpack.unpack(('\\129\\1'):rep(4000) .. '\\1')").contains("too many return values"));
        assertEquals("7999", run("return select('#', cmsgpack.unpack(('\\1'):rep(7999)))"));
        assertTrue(error("cmsgpack.unpack(('\\1'):rep(8000))").contains("too many return values"));
        assertEquals("99999", run("return (select(2, ('a'):rep(99999):find(('a?'):rep(99999))))"));
        assertEquals("600", run("local a = 1 return a" + " + a".repeat(599)));
        assertEquals("nil", run("local t = {} t.a = t return t" + ".a".repeat(600) + ".b"));
    }

    @Test
    void memoryHasAnEnd() {
        assertEquals("not enough memory", error("local s = 'x' while true do s = s .. s end"));
        assertEquals("not enough memory", error("return string.rep('x', 2 ^ 30)"));
        assertEquals("not enough memory", error("local t = {} for i = 1, 1e9 do t[i] = {i} end"));
        assertEquals("not enough memory", error("local s = ('x'):rep(1000) return (s:gsub('x', s:rep(1000)))"));
        assertEquals(
                "done", run("for i = 1, 2000000 do local t = {i, tostring(i)} end return 'done'"), "garbage is free");
    }

    @Test
    void timeHasAnEnd() {
        int[] looks = new int[1];
        lua.setWatch(maySuspend -> {
            if (++looks[0] > 3) {
                throw LuaError.end(LuaString.of("enough"));
            }
            return false;
        });
        for (String endless : new String[] {
            "while true do end",
            "repeat until false",
            "for i = 1, 1e18 do end",
            "while true do pcall(error) end",
            "local function f() return f() end f()",
            "return ('a'):rep(40):find(('a*'):rep(30) .. 'b')",
            "table.sort({3, 2, 1}, function() while true do end end)",
            "coroutine.wrap(function() while true do end end)()",
            "local t = {} for i = 1, 1e6 do t[i] = 'x' end for i = 1, 5000 do table.concat(t) end",
            "local s = ('x'):rep(1e6) for i = 1, 5000 do s:find('y', 1, true) end",
            "local s = ('('):rep(1e5) s:find('%b()')",
            "local t = {} for i = 1, 1e5 do t[i] = i end for i = 1, 5000 do table.insert(t, 1, i) end",
            "local s = ('x'):rep(1e6) for i = 1, 5000 do s = s:reverse() end"
        }) {
            looks[0] = 0;
            assertEquals("enough", error(endless), endless);
        }
    }

    @Test
    void goesOnAfterBeingSuspended() {
        lua.setWatch(maySuspend -> maySuspend);
        LuaFunction program = lua.load(
                "local s = 0 for i = 1, 100000 do s = s + (pcall(function() return i end) and 1 or 0) end return s"
                        .getBytes(StandardCharsets.UTF_8),
                "@test");
        boolean finished = lua.start(program);
        assertFalse(finished);
        int times = 1;
        while (!lua.proceed()) {
            times++;
        }
        assertTrue(times > 3, "suspended " + times + " times");
        assertEquals(100000.0, lua.result());
    }

    /** A search that takes long does not end the program where it can be suspended. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            return tostring(s:find(('a*'):rep(4) .. 'b'))                          | nil
            return tostring(s:match(('a*'):rep(4) .. 'b'))                         | nil
            return (s:gsub(('a*'):rep(4) .. 'b', 'x')) == s and 'same'             | same
            for x in (s .. 'b'):gmatch(('a*'):rep(4) .. 'b') do return #x end      | 41
            for x in s:gmatch(('a*'):rep(4) .. 'b') do return 'some' end return 'none' | none
            return select(2, pcall(function() (s .. 'bc'):find(('a*'):rep(4) .. 'c(') end)) | test:1: unfinished capture
            """)
    void goesOnInTheMiddleOfASearch(String source, String expected) {
        lua.setWatch(maySuspend -> maySuspend);
        LuaFunction program = lua.load(("local s = ('a'):rep(40) " + source).getBytes(StandardCharsets.UTF_8), "@test");
        boolean finished = lua.start(program);
        int times = 0;
        while (!finished) {
            times++;
            finished = lua.proceed();
        }
        assertEquals(expected, BaseLibrary.text(lua.result()).toString());
        assertTrue(times > 0 || source.contains("'b')"), "suspended " + times + " times");
    }
}
