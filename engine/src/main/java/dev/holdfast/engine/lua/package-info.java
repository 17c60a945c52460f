/**
 * Lua 5.1: a compiler and an interpreter that know nothing of a store. Time, memory and recursion of what runs are bounded,
 * and a program can be suspended and resumed; see {@link dev.holdfast.engine.lua.LuaThread}.
 */
@NullMarked
package dev.holdfast.engine.lua;

import org.jspecify.annotations.NullMarked;
