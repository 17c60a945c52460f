/** Queues over lists, from which nothing is lost when a worker dies. */
@NullMarked
package dev.holdfast.toolkit.queue;

import org.jspecify.annotations.NullMarked;
