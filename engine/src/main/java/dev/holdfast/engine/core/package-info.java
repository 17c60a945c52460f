/** How a command runs: the engine, its locks, transactions, blocking, pauses. */
@NullMarked
package dev.holdfast.engine.core;

import org.jspecify.annotations.NullMarked;
