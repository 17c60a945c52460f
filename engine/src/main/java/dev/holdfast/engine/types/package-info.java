/** The values of keys: lists, sets, hashes and sorted sets. They know no client, reply, file or lock. */
@NullMarked
package dev.holdfast.engine.types;

import org.jspecify.annotations.NullMarked;
