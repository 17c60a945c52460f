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
            "coroutine.wrap(function() while true do end end)()"
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
}
