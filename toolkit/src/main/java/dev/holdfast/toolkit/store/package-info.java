/**
 * The port that every pattern is written against, {@link dev.holdfast.toolkit.store.Store}, and its two adapters: the engine in
 * this JVM, and a server that is reached through Lettuce.
 */
@NullMarked
package dev.holdfast.toolkit.store;

import org.jspecify.annotations.NullMarked;
