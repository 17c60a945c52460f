/** TLS: what the configuration says, made into what the JDK understands. Knows nothing of connections. */
@NullMarked
package dev.holdfast.server.tls;

import org.jspecify.annotations.NullMarked;
