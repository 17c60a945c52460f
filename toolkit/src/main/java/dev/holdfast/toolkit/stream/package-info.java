/** Stream tasks: work that several share through a stream and its consumer group. */
@NullMarked
package dev.holdfast.toolkit.stream;

import org.jspecify.annotations.NullMarked;
