/** The way in to the toolkit: {@link dev.holdfast.toolkit.Toolkit}. */
@NullMarked
package dev.holdfast.toolkit;

import org.jspecify.annotations.NullMarked;
