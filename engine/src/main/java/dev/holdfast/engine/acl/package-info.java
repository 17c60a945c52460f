/** Which users there are and what each may do. Knows no client. */
@NullMarked
package dev.holdfast.engine.acl;

import org.jspecify.annotations.NullMarked;
