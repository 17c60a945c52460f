package dev.holdfast.toolkit.pattern;

import java.time.Duration;

/**
 * How long what is being closed is waited for.
 *
 * @param grace how long work in hand may go on before it is interrupted
 * @param stopWithin how long it may take to end after that; then it is left behind, and its work given back
 */
public record Patience(Duration grace, Duration stopWithin) {
    /** Ten seconds, and five more. */
    public static final Patience DEFAULT = new Patience(Duration.ofSeconds(10), Duration.ofSeconds(5));

    public Patience {
        if (grace.isNegative() || stopWithin.isNegative()) {
            throw new IllegalArgumentException("a wait must not be negative: " + grace + ", " + stopWithin);
        }
    }
}
