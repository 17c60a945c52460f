/** Rate limits: how often something may happen, decided in one atomic step by the store's clock. */
@NullMarked
package dev.holdfast.toolkit.limit;

import org.jspecify.annotations.NullMarked;
