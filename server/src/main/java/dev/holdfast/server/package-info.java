/** RESP over TCP and Unix sockets. */
@NullMarked
package dev.holdfast.server;

import org.jspecify.annotations.NullMarked;
