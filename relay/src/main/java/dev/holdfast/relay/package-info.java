/** The store over HTTP: the way in. */
@NullMarked
package dev.holdfast.relay;

import org.jspecify.annotations.NullMarked;
