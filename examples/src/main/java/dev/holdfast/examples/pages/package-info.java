/** A web application that caches its pages. */
@NullMarked
package dev.holdfast.examples.pages;

import org.jspecify.annotations.NullMarked;
