/** The relay: topics over streams, published and consumed over HTTP. */
@NullMarked
package dev.holdfast.relay.topic;

import org.jspecify.annotations.NullMarked;
