/** Random commands, run on a Holdfast and on a real server side by side. */
@NullMarked
package dev.holdfast.conformance.random;

import org.jspecify.annotations.NullMarked;
