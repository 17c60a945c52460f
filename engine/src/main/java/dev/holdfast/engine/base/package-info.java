/** What everything else stands on: runs of bytes, the seeded hash, numbers as text, glob patterns, the clock. */
@NullMarked
package dev.holdfast.engine.base;

import org.jspecify.annotations.NullMarked;
