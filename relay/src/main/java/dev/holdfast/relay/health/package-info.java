/** Whether the store is alive, and whether it can be worked with. */
@NullMarked
package dev.holdfast.relay.health;

import org.jspecify.annotations.NullMarked;
