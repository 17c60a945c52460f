/** Several servers, and what clients see while they exchange roles. */
@NullMarked
package dev.holdfast.conformance.replication;

import org.jspecify.annotations.NullMarked;
