/** Who calls, and what they may do: users, passwords, tokens. */
@NullMarked
package dev.holdfast.relay.auth;

import org.jspecify.annotations.NullMarked;
