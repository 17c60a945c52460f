/** Black-box tests, rerun over every way into the store. */
@NullMarked
package dev.holdfast.conformance;

import org.jspecify.annotations.NullMarked;
