/** What all patterns stand on: the store, the codecs, metrics, health, threads. */
@NullMarked
package dev.holdfast.toolkit.pattern;

import org.jspecify.annotations.NullMarked;
