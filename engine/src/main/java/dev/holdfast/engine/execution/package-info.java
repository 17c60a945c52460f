/** How commands are declared and run: clients, locking, transactions, blocking, publishing. */
@NullMarked
package dev.holdfast.engine.execution;

import org.jspecify.annotations.NullMarked;
