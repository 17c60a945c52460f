/** A service with queues by priority, limits, rankings, events and a lock. */
@NullMarked
package dev.holdfast.examples.orders;

import org.jspecify.annotations.NullMarked;
