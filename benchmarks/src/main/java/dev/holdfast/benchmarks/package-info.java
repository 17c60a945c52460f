/** What the store costs: time in process, memory per item, comparisons side by side. */
@NullMarked
package dev.holdfast.benchmarks;

import org.jspecify.annotations.NullMarked;
