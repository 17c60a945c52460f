/** Sessions of an application's users: {@link dev.holdfast.toolkit.session.Sessions}. */
@NullMarked
package dev.holdfast.toolkit.session;

import org.jspecify.annotations.NullMarked;
