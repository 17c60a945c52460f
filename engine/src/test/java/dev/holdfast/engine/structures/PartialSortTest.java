package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PartialSortTest {
    private static final long SEED = 5;

    @Test
    void theWindowIsAsIfAllWereSorted() {
        Random random = new Random(SEED);
        for (int round = 0; round < 3_000; round++) {
            List<Integer> list = new ArrayList<>();
            int size = 1 + random.nextInt(200);
            int range = 1 + random.nextInt(300);
            for (int i = 0; i < size; i++) {
                list.add(random.nextInt(range));
            }
            List<Integer> sorted = new ArrayList<>(list);
            sorted.sort(Comparator.naturalOrder());
            int first = random.nextInt(size);
            int last = first + random.nextInt(size - first);
            PartialSort.sort(list, Comparator.naturalOrder(), first, last);
            String message = "round " + round + " of seed " + SEED;
            assertEquals(sorted.subList(first, last + 1), list.subList(first, last + 1), message);
            list.sort(Comparator.naturalOrder());
            assertEquals(sorted, list, message + ": nothing is lost");
        }
    }
}
