/**
 * Scripts and functions: which are known, how one is run, and what it can do. The language is behind {@link
 * dev.holdfast.engine.scripting.ScriptEngine}.
 */
@NullMarked
package dev.holdfast.engine.scripting;

import org.jspecify.annotations.NullMarked;
