/**
 * HTTP for those above: requests, responses, streams of events and WebSockets. Netty is known in this package alone.
 */
@NullMarked
package dev.holdfast.relay.http;

import org.jspecify.annotations.NullMarked;
