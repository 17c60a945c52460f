/** A scanner of software: a cache, background jobs and a stream of findings over one store. */
@NullMarked
package dev.holdfast.examples.zerotrace;

import org.jspecify.annotations.NullMarked;
