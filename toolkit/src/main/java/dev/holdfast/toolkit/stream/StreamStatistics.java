package dev.holdfast.toolkit.stream;

/**
 * How a group stands.
 *
 * @param length how many entries there are, done ones among them until they are trimmed
 * @param waiting how many have not been handed out yet
 * @param pending how many have been handed out and are not done
 * @param consumers how many consumers the group knows
 * @param dead how many entries were given up and are kept
 * @param processed how many entries this process has done
 * @param errors how many times its handler has failed
 */
public record StreamStatistics(
        long length, long waiting, long pending, long consumers, long dead, long processed, long errors) {}
