/** Contract tests: each pattern's, written once and run on every kind of store. */
@NullMarked
package dev.holdfast.toolkit.contract;

import org.jspecify.annotations.NullMarked;
