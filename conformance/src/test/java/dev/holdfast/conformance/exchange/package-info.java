/** Data that moves between us and a real server, by files and by payloads. */
@NullMarked
package dev.holdfast.conformance.exchange;

import org.jspecify.annotations.NullMarked;
