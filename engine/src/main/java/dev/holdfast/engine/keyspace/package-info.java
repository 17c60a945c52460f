/** Keys, their records, tables, shards and databases. */
@NullMarked
package dev.holdfast.engine.keyspace;

import org.jspecify.annotations.NullMarked;
