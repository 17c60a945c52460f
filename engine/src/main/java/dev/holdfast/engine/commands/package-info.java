/** The families of commands. */
@NullMarked
package dev.holdfast.engine.commands;

import org.jspecify.annotations.NullMarked;
