package dev.holdfast.toolkit.cpe;

/**
 * A product that a name may mean.
 *
 * @param score how well it fits, from 0 to 100; comparable between the guesses for one name, and roughly between names
 * @param cpe {@code cpe:2.3:a:vendor:product}
 */
public record Guess(double score, String cpe) {}
