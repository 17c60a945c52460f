/** Rankings: boards of members by their scores. */
@NullMarked
package dev.holdfast.toolkit.ranking;

import org.jspecify.annotations.NullMarked;
