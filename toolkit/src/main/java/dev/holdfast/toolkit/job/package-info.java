/** Background jobs: queues with priorities, delays, retries, dead letters, schedules, and leases that outlive no worker. */
@NullMarked
package dev.holdfast.toolkit.job;

import org.jspecify.annotations.NullMarked;
