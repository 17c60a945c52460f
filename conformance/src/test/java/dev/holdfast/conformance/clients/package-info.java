/** Clients that others have written. */
@NullMarked
package dev.holdfast.conformance.clients;

import org.jspecify.annotations.NullMarked;
