/** The program's log: SLF4J's calls in, one line for each in Valkey's own layout out. */
@NullMarked
package dev.holdfast.app.log;

import org.jspecify.annotations.NullMarked;
