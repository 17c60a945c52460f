/** The runnable program: its command line and its log. */
@NullMarked
package dev.holdfast.app;

import org.jspecify.annotations.NullMarked;
