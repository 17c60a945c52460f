/** The dictionary of CPE names over HTTP. */
@NullMarked
package dev.holdfast.relay.cpe;

import org.jspecify.annotations.NullMarked;
