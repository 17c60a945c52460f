/** Processes that are killed under load, and what their files hold afterwards. */
@NullMarked
package dev.holdfast.conformance.durability;

import org.jspecify.annotations.NullMarked;
