/** What is counted: commands, errors, latencies, rates. */
@NullMarked
package dev.holdfast.engine.metrics;

import org.jspecify.annotations.NullMarked;
