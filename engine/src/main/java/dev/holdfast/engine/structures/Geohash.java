package dev.holdfast.engine.structures;

/**
 * Places on the earth as numbers whose neighbourhood follows that of the places: longitude and latitude are each halved again
 * and again, and the bits that say which half are interleaved, latitude's being the lower of each pair. With 26 steps that
 * makes 52 bits, which a double holds exactly, so that a place can be the score of a sorted set.
 *
 * <p>A cell is what all places have in common whose numbers begin with the same bits. The poles are not covered: latitudes end
 * where the Web Mercator projection's square map does.
 *
 * @param bits the interleaved bits
 * @param steps how many pairs of them
 */
public record Geohash(long bits, int steps) {
    public static final int MAX_STEPS = 26;
    public static final double MAX_LONGITUDE = 180;
    public static final double MAX_LATITUDE = 85.05112878;

    private static final long LATITUDE_BITS = 0x5555555555555555L;
    private static final long LONGITUDE_BITS = 0xAAAAAAAAAAAAAAAAL;
    private static final double POLE = 90;
    private static final String ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
    private static final int TEXT_LENGTH = 11;

    /** A place, in degrees. */
    public record Point(double longitude, double latitude) {
        /** Whether a geohash can say where it is. */
        public boolean isValid() {
            return Math.abs(longitude) <= MAX_LONGITUDE && Math.abs(latitude) <= MAX_LATITUDE;
        }
    }

    /** A part of the map, in degrees. */
    public record Area(double minLongitude, double minLatitude, double maxLongitude, double maxLatitude) {}

    /** The cell of a place that must be {@link Point#isValid valid}. */
    public static Geohash of(Point point, int steps) {
        return of(point, steps, MAX_LATITUDE);
    }

    private static Geohash of(Point point, int steps, double maxLatitude) {
        double cells = 1L << steps;
        long latitude = (long) ((point.latitude + maxLatitude) / (2 * maxLatitude) * cells);
        long longitude = (long) ((point.longitude + MAX_LONGITUDE) / (2 * MAX_LONGITUDE) * cells);
        return of(longitude, latitude, steps);
    }

    private static Geohash of(long longitude, long latitude, int steps) {
        return new Geohash(Long.expand(latitude, LATITUDE_BITS) | Long.expand(longitude, LONGITUDE_BITS), steps);
    }

    /** The cell that the score of a sorted set stands for. Any score is one, even if no place has it. */
    public static Geohash ofScore(double score) {
        // As a conversion to an unsigned number does it: what is negative wraps around.
        long bits = score < 0x1p63 ? (long) score : score < 0x1p64 ? (long) (score - 0x1p63) ^ Long.MIN_VALUE : 0;
        return new Geohash(bits, MAX_STEPS);
    }

    /** The lowest score of the cell's places. */
    public double score() {
        return aligned(bits);
    }

    /** The lowest score beyond the cell. */
    public double nextScore() {
        return aligned(bits + 1);
    }

    private double aligned(long prefix) {
        return prefix << (2 * (MAX_STEPS - steps));
    }

    public Area area() {
        long latitude = Long.compress(bits, LATITUDE_BITS);
        long longitude = Long.compress(bits, LONGITUDE_BITS);
        return new Area(
                edge(longitude, MAX_LONGITUDE),
                edge(latitude, MAX_LATITUDE),
                edge(longitude + 1 & 0xFFFFFFFFL, MAX_LONGITUDE),
                edge(latitude + 1 & 0xFFFFFFFFL, MAX_LATITUDE));
    }

    private double edge(long index, double max) {
        return -max + index * 1.0 / (1L << steps) * (2 * max);
    }

    /** The middle of the cell. */
    public Point center() {
        Area area = area();
        return new Point(
                clamp((area.minLongitude + area.maxLongitude) / 2, MAX_LONGITUDE),
                clamp((area.minLatitude + area.maxLatitude) / 2, MAX_LATITUDE));
    }

    private static double clamp(double value, double max) {
        return Math.max(-max, Math.min(max, value));
    }

    /** The cell so many cells to the east and to the north; the map goes on at its other edge. */
    public Geohash neighbor(int east, int north) {
        long mask = (1L << steps) - 1;
        long latitude = Long.compress(bits, LATITUDE_BITS);
        long longitude = Long.compress(bits, LONGITUDE_BITS);
        return of(
                east == 0 ? longitude : longitude + east & mask,
                north == 0 ? latitude : latitude + north & mask,
                steps);
    }

    /** The geohash of the cell's middle as other programs write it: they go from pole to pole. */
    public String text() {
        long standard = of(center(), MAX_STEPS, POLE).bits;
        StringBuilder text = new StringBuilder();
        for (int i = 1; i < TEXT_LENGTH; i++) {
            text.append(ALPHABET.charAt((int) (standard >>> (2 * MAX_STEPS - 5 * i)) & 0x1F));
        }
        // There are two bits too few for the last letter.
        return text.append(ALPHABET.charAt(0)).toString();
    }
}
