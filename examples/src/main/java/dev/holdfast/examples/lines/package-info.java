/** Each pattern in ten lines. */
@NullMarked
package dev.holdfast.examples.lines;

import org.jspecify.annotations.NullMarked;
