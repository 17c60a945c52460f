/** Configuration parameters. */
@NullMarked
package dev.holdfast.engine.config;

import org.jspecify.annotations.NullMarked;
