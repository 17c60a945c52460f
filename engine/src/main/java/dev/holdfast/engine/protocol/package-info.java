/** RESP: reading commands and writing replies. */
@NullMarked
package dev.holdfast.engine.protocol;

import org.jspecify.annotations.NullMarked;
