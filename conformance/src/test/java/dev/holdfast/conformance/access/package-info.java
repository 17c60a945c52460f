/** The ways into a store, ours or a real server, and the answers that come back. */
@NullMarked
package dev.holdfast.conformance.access;

import org.jspecify.annotations.NullMarked;
