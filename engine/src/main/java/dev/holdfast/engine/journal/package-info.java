/** What changed, in order: the log of changes and those who read it. */
@NullMarked
package dev.holdfast.engine.journal;

import org.jspecify.annotations.NullMarked;
