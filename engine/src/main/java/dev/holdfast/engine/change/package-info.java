/** What a change sets in motion: watched keys, caches of clients, keyspace events, messages. */
@NullMarked
package dev.holdfast.engine.change;

import org.jspecify.annotations.NullMarked;
