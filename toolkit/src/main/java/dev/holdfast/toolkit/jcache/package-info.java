/**
 * JCache (JSR-107) over a store: {@link dev.holdfast.toolkit.jcache.HoldfastCachingProvider} is found by
 * {@code javax.cache.Caching}.
 */
@NullMarked
package dev.holdfast.toolkit.jcache;

import org.jspecify.annotations.NullMarked;
