/** The store on the network: RESP over TCP and Unix sockets, configuration, clients' connections. */
@NullMarked
package dev.holdfast.server;

import org.jspecify.annotations.NullMarked;
