package dev.holdfast.engine.structures;

import dev.holdfast.engine.structures.Geohash.Point;

/** Distances on the earth, taken for a sphere; in meters. */
public final class Earth {
    /** The quadratic mean radius of the ellipsoid WGS 84. */
    public static final double RADIUS_METERS = 6372797.560856;

    /** About six nanometers. */
    private static final double SAME_LONGITUDE = 1e-15;

    private static final double DEGREE = Math.PI / 180;

    private Earth() {}

    public static double radians(double degrees) {
        return degrees * DEGREE;
    }

    public static double degrees(double radians) {
        return radians / DEGREE;
    }

    /** The distance between two latitudes on one meridian. */
    public static double distance(double latitude, double otherLatitude) {
        return RADIUS_METERS * Math.abs(radians(otherLatitude) - radians(latitude));
    }

    /** The great-circle distance, by the haversine formula. */
    public static double distance(Point one, Point other) {
        double v = Math.sin((radians(other.longitude()) - radians(one.longitude())) / 2);
        if (Math.abs(v) <= SAME_LONGITUDE) {
            return distance(one.latitude(), other.latitude());
        }
        double latitude = radians(one.latitude());
        double otherLatitude = radians(other.latitude());
        double u = Math.sin((otherLatitude - latitude) / 2);
        double a = u * u + Math.cos(latitude) * Math.cos(otherLatitude) * v * v;
        return 2.0 * RADIUS_METERS * Math.asin(Math.sqrt(a));
    }
}
