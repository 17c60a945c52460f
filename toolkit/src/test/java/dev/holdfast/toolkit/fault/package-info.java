/**
 * What the toolkit keeps when things break: processes that are killed or stopped, connections that are cut, stores that are restarted
 * or emptied, clocks that are moved. The properties {@code holdfast.faults.*} of {@link dev.holdfast.toolkit.fault.Scale} choose how
 * much.
 */
@NullMarked
package dev.holdfast.toolkit.fault;

import org.jspecify.annotations.NullMarked;
