/** The commands for people at a terminal: a prompt, and what is in a store. They work on any Valkey. */
@NullMarked
package dev.holdfast.app.cli;

import org.jspecify.annotations.NullMarked;
