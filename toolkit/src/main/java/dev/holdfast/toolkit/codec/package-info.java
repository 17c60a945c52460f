/** How values become bytes and bytes values. */
@NullMarked
package dev.holdfast.toolkit.codec;

import org.jspecify.annotations.NullMarked;
