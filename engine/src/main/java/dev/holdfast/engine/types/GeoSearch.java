package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.Geohash;
import dev.holdfast.engine.structures.Geohash.Area;
import dev.holdfast.engine.structures.Geohash.Point;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Finds the members of a sorted set whose scores are places inside a shape.
 *
 * <p>Cells of a size are chosen such that the one of the shape's center and its eight neighbours cover the shape. Each cell
 * is a range of scores; what is in the range is looked at one by one. A neighbour that the shape does not reach is left out.
 */
public final class GeoSearch {
    /** Half the earth's circumference on the map, in meters. */
    private static final double MAP_METERS = 20037726.37;

    /** The neighbours of a cell in the order in which they are searched: so many cells to the east, and to the north. */
    private static final int[][] NEIGHBORS = {
        {0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}
    };

    /** A member that was found, and how far it is from the shape's center. */
    public record Found(Slice member, double score, Point point, double distanceMeters) {
        /** The order of distances. */
        public static final Comparator<Found> NEAREST_FIRST = Comparator.comparingDouble(Found::distanceMeters);
    }

    private GeoSearch() {}

    /**
     * The members inside a shape.
     *
     * @param limit how many at most, or 0 for all
     */
    public static List<Found> search(SortedSetValue set, GeoShape shape, long limit) {
        List<Found> found = new ArrayList<>();
        Geohash previous = null;
        for (Geohash cell : cells(shape)) {
            // Where cells are as large as the map, neighbours are the same.
            if (cell.equals(previous)) {
                continue;
            }
            if (limit > 0 && found.size() >= limit) {
                break;
            }
            searchCell(set, cell, shape, limit, found);
            previous = cell;
        }
        return found;
    }

    private static void searchCell(SortedSetValue set, Geohash cell, GeoShape shape, long limit, List<Found> found) {
        ScoreRange range = new ScoreRange(cell.score(), false, cell.nextScore(), true);
        SortedSetValue.Walk walk = set.walk(set.scores(range));
        while (walk.next()) {
            Point point = Geohash.ofScore(walk.score()).center();
            double distance = shape.distance(point);
            if (!(distance < 0)) {
                found.add(new Found(new Slice(walk.member().toBytes()), walk.score(), point, distance));
            }
            if (limit > 0 && found.size() >= limit) {
                break;
            }
        }
    }

    /** The cells that cover a shape. */
    static List<Geohash> cells(GeoShape shape) {
        Area bounds = shape.bounds();
        Point center = shape.center();
        int steps = steps(shape.radiusMeters(), center.latitude());
        Geohash middle = Geohash.of(center, steps);
        if (steps > 1 && !covers(middle, bounds)) {
            steps--;
            middle = Geohash.of(center, steps);
        }
        Area area = middle.area();
        List<Geohash> cells = new ArrayList<>();
        for (int[] neighbor : NEIGHBORS) {
            int east = neighbor[0];
            int north = neighbor[1];
            boolean reached = steps < 2
                    || !(north < 0 && area.minLatitude() < bounds.minLatitude()
                            || north > 0 && area.maxLatitude() > bounds.maxLatitude()
                            || east < 0 && area.minLongitude() < bounds.minLongitude()
                            || east > 0 && area.maxLongitude() > bounds.maxLongitude());
            if (reached) {
                cells.add(middle.neighbor(east, north));
            }
        }
        return cells;
    }

    /** How often the map is to be halved so that a cell is about as large as a circle. */
    private static int steps(double radiusMeters, double latitude) {
        if (radiusMeters == 0) {
            return Geohash.MAX_STEPS;
        }
        int steps = -1;
        for (double meters = radiusMeters; meters < MAP_METERS; meters *= 2) {
            steps++;
        }
        // Towards the poles a degree of longitude is shorter.
        double distance = Math.abs(latitude);
        steps -= distance > 80 ? 2 : distance > 66 ? 1 : 0;
        return Math.max(1, Math.min(Geohash.MAX_STEPS, steps));
    }

    /** Whether a cell and its neighbours reach as far as a part of the map. */
    private static boolean covers(Geohash middle, Area bounds) {
        return !(middle.neighbor(0, 1).area().maxLatitude() < bounds.maxLatitude()
                || middle.neighbor(0, -1).area().minLatitude() > bounds.minLatitude()
                || middle.neighbor(1, 0).area().maxLongitude() < bounds.maxLongitude()
                || middle.neighbor(-1, 0).area().minLongitude() > bounds.minLongitude());
    }
}
