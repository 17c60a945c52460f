/** A back end whose state is in front of its database. */
@NullMarked
package dev.holdfast.examples.evi;

import org.jspecify.annotations.NullMarked;
