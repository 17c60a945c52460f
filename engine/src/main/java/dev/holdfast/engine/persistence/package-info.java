/** The files in which a store outlives its process: RDB snapshots and the append-only file, in Valkey's own formats. */
@NullMarked
package dev.holdfast.engine.persistence;

import org.jspecify.annotations.NullMarked;
