/** What the store counts, as Prometheus reads it. */
@NullMarked
package dev.holdfast.relay.metrics;

import org.jspecify.annotations.NullMarked;
