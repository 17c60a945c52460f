/** Clients: connection state, queued and blocked commands, what clients are shown and may do. */
@NullMarked
package dev.holdfast.engine.client;

import org.jspecify.annotations.NullMarked;
