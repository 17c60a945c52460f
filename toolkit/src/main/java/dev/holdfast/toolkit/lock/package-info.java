/** Locks over processes: leases that are renewed, fencing tokens, read and write locks, semaphores. */
@NullMarked
package dev.holdfast.toolkit.lock;

import org.jspecify.annotations.NullMarked;
