/** Reports that are made of parts: jobs with children, results that are awaited, a schedule. */
@NullMarked
package dev.holdfast.examples.reports;

import org.jspecify.annotations.NullMarked;
