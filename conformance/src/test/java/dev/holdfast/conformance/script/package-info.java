/** Conformance tests written as scripts, and what runs them. */
@NullMarked
package dev.holdfast.conformance.script;

import org.jspecify.annotations.NullMarked;
