package dev.holdfast.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.structures.Geohash;
import dev.holdfast.engine.structures.Geohash.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Looking into a few cells finds what looking at everything finds. */
class GeoSearchTest {
    private static final long SEED = 11;
    private static final int PLACES = 3_000;
    private static final int SEARCHES = 400;

    private final Random random = new Random(SEED);

    /** Away from the poles and the edge of the map, beyond which no cell looks. */
    private Point place() {
        return new Point(random.nextDouble(-120, 120), random.nextDouble(-60, 60));
    }

    private GeoShape shape() {
        double meters = Math.pow(10, random.nextDouble(3, 6.2));
        return switch (random.nextInt(3)) {
            case 0 -> new GeoShape.Circle(place(), meters);
            case 1 -> new GeoShape.Box(place(), meters / 1000, random.nextDouble() * meters / 1000, 1000);
            default -> {
                Point around = place();
                double size = meters / 200_000;
                List<Point> corners = new ArrayList<>();
                for (int i = 3 + random.nextInt(5); i > 0; i--) {
                    corners.add(new Point(
                            around.longitude() + random.nextDouble(-size, size),
                            around.latitude() + random.nextDouble(-size, size)));
                }
                yield GeoShape.Polygon.of(corners);
            }
        };
    }

    @Test
    void cellsCoverTheShape() {
        SortedSetValue set = new SortedSetValue(Call.newRecord(ValueType.ZSET, Slice.of("places")));
        for (int i = 0; i < PLACES; i++) {
            set.add(Slice.of("p" + i), Geohash.of(place(), Geohash.MAX_STEPS).score(), 0, 128, 64);
        }
        int found = 0;
        for (int i = 0; i < SEARCHES; i++) {
            GeoShape shape = shape();
            Set<String> expected = new TreeSet<>();
            SortedSetValue.Walk walk = set.walk();
            while (walk.next()) {
                if (shape.distance(Geohash.ofScore(walk.score()).center()) >= 0) {
                    expected.add(walk.member().toString());
                }
            }
            Set<String> actual = new TreeSet<>();
            List<GeoSearch.Found> places = GeoSearch.search(set, shape, 0);
            places.forEach(place -> actual.add(place.member().toString()));
            assertEquals(expected, actual, shape + " of seed " + SEED);
            assertEquals(expected.size(), places.size(), "nothing is found twice");
            assertEquals(
                    Math.min(2, expected.size()),
                    GeoSearch.search(set, shape, 2).size());
            found += places.size();
        }
        assertTrue(found > SEARCHES, found + " places were found");
    }

    @Test
    void theCenterOfACellIsNear() {
        for (int i = 0; i < SEARCHES; i++) {
            Point place = place();
            Geohash hash = Geohash.of(place, Geohash.MAX_STEPS);
            assertEquals(hash, Geohash.ofScore(hash.score()));
            assertEquals(place.longitude(), hash.center().longitude(), 6e-6);
            assertEquals(place.latitude(), hash.center().latitude(), 3e-6);
            assertEquals(hash, hash.neighbor(1, -1).neighbor(-1, 1));
        }
        assertEquals(
                "u4pruydqqv0",
                Geohash.of(new Point(10.40744, 57.64911), Geohash.MAX_STEPS).text());
    }
}
