/** What a command is: its declaration, its keys, the table of all commands. */
@NullMarked
package dev.holdfast.engine.catalog;

import org.jspecify.annotations.NullMarked;
