package dev.holdfast.engine.types;

import dev.holdfast.engine.structures.Earth;
import dev.holdfast.engine.structures.Geohash.Area;
import dev.holdfast.engine.structures.Geohash.Point;
import java.util.List;

/** An area of the earth in which places are looked for. */
public sealed interface GeoShape {
    /** The place from which distances are measured. */
    Point center();

    /** A part of the map in which the whole shape lies. */
    Area bounds();

    /** The radius of a circle around the center in which the whole shape lies, in meters. */
    double radiusMeters();

    /** How far a place is from the center, in meters, or -1 where it is outside. */
    double distance(Point point);

    /** What is no farther away from the center than so many meters. */
    record Circle(Point center, double radiusMeters) implements GeoShape {
        @Override
        public Area bounds() {
            return around(center, radiusMeters, radiusMeters);
        }

        @Override
        public double distance(Point point) {
            double distance = Earth.distance(center, point);
            return distance > radiusMeters ? -1 : distance;
        }
    }

    /** A rectangle along the meridians; sizes in meters. */
    record Box(Point center, double width, double height, double unitMeters) implements GeoShape {
        private double widthMeters() {
            return width * unitMeters;
        }

        private double heightMeters() {
            return height * unitMeters;
        }

        @Override
        public Area bounds() {
            return around(center, unitMeters * width / 2, unitMeters * height / 2);
        }

        @Override
        public double radiusMeters() {
            return Math.sqrt(width / 2 * (width / 2) + height / 2 * (height / 2)) * unitMeters;
        }

        @Override
        public double distance(Point point) {
            if (Earth.distance(point.latitude(), center.latitude()) > heightMeters() / 2) {
                return -1;
            }
            Point sameLatitude = new Point(center.longitude(), point.latitude());
            return Earth.distance(point, sameLatitude) > widthMeters() / 2 ? -1 : Earth.distance(center, point);
        }
    }

    /** What a closed line encloses on the map. Its center is that of its corners. */
    record Polygon(List<Point> corners, Point center) implements GeoShape {
        public static Polygon of(List<Point> corners) {
            double x = 0;
            double y = 0;
            double z = 0;
            for (Point corner : corners) {
                double longitude = Earth.radians(corner.longitude());
                double latitude = Earth.radians(corner.latitude());
                x += Math.cos(latitude) * Math.cos(longitude);
                y += Math.cos(latitude) * Math.sin(longitude);
                z += Math.sin(latitude);
            }
            double longitude = Math.atan2(y, x);
            double latitude = Math.atan2(z, Math.sqrt(x * x + y * y));
            return new Polygon(List.copyOf(corners), new Point(Earth.degrees(longitude), Earth.degrees(latitude)));
        }

        @Override
        public Area bounds() {
            return new Area(
                    corners.stream().mapToDouble(Point::longitude).min().orElseThrow(),
                    corners.stream().mapToDouble(Point::latitude).min().orElseThrow(),
                    corners.stream().mapToDouble(Point::longitude).max().orElseThrow(),
                    corners.stream().mapToDouble(Point::latitude).max().orElseThrow());
        }

        @Override
        public double radiusMeters() {
            Area bounds = bounds();
            double west = bounds.minLongitude();
            double east = bounds.maxLongitude();
            return Math.max(
                    Math.max(to(west, bounds.maxLatitude()), to(east, bounds.maxLatitude())),
                    Math.max(to(west, bounds.minLatitude()), to(east, bounds.minLatitude())));
        }

        private double to(double longitude, double latitude) {
            return Earth.distance(center, new Point(longitude, latitude));
        }

        /** A place is inside if a line from it to the east crosses the border an odd number of times. */
        @Override
        public double distance(Point point) {
            boolean inside = false;
            Point previous = corners.getLast();
            for (Point corner : corners) {
                boolean crossesLatitude =
                        corner.latitude() > point.latitude() != previous.latitude() > point.latitude();
                if (crossesLatitude
                        && point.longitude()
                                < (previous.longitude() - corner.longitude())
                                                * (point.latitude() - corner.latitude())
                                                / (previous.latitude() - corner.latitude())
                                        + corner.longitude()) {
                    inside = !inside;
                }
                previous = corner;
            }
            return inside ? Earth.distance(center, point) : -1;
        }
    }

    /** A part of the map that reaches so many meters from a place. It is as wide as where meridians are closest. */
    private static Area around(Point center, double eastMeters, double northMeters) {
        double north = Earth.degrees(northMeters / Earth.RADIUS_METERS);
        double angle = eastMeters / Earth.RADIUS_METERS;
        double latitude = center.latitude() < 0 ? center.latitude() - north : center.latitude() + north;
        double east = Earth.degrees(angle / Math.cos(Earth.radians(latitude)));
        return new Area(
                center.longitude() - east,
                center.latitude() - north,
                center.longitude() + east,
                center.latitude() + north);
    }
}
