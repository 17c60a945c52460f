/** A store that others follow, or that follows another: the stream of changes between servers. */
@NullMarked
package dev.holdfast.engine.replication;

import org.jspecify.annotations.NullMarked;
