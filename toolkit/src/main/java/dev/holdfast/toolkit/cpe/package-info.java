/** A dictionary of CPE names: import, inverted index, ranked guesses. */
@NullMarked
package dev.holdfast.toolkit.cpe;

import org.jspecify.annotations.NullMarked;
