/** The way in for programs: a store in this JVM. */
@NullMarked
package dev.holdfast.engine;

import org.jspecify.annotations.NullMarked;
