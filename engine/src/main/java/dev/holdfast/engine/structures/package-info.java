/** The data structures under the keyspace and the types: tables, packed lists, ordered trees. Guarded by their user. */
@NullMarked
package dev.holdfast.engine.structures;

import org.jspecify.annotations.NullMarked;
