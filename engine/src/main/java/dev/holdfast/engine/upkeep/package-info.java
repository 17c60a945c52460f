/** What the store removes by itself: expired and evicted keys. */
@NullMarked
package dev.holdfast.engine.upkeep;

import org.jspecify.annotations.NullMarked;
