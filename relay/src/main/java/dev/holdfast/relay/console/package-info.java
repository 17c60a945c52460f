/** The console: a page for people, and the requests that it makes. */
@NullMarked
package dev.holdfast.relay.console;

import org.jspecify.annotations.NullMarked;
