/**
 * Caches of two levels: one in this process, bounded and fast, and one in the store, which all processes share.
 * {@link dev.holdfast.toolkit.cache.Cache} is the way in.
 */
@NullMarked
package dev.holdfast.toolkit.cache;

import org.jspecify.annotations.NullMarked;
