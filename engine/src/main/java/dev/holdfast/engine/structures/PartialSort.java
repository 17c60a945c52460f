package dev.holdfast.engine.structures;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Sorts as much of a list as is wanted: afterwards the places of a window hold what they would hold if all were sorted.
 *
 * <p>This is the quicksort of Bentley and McIlroy ("Engineering a sort function", 1993), which does not go into parts that lie
 * outside the window. What is equal does not keep its order; which of several equals come into the window, and in what
 * order, depends on every detail of the algorithm. These are Valkey's (LIMIT of SORT with BY, COUNT of the geo searches), so
 * that answers are the same.
 */
public final class PartialSort {
    private static final int INSERTION_MAX = 6;
    private static final int MANY = 40;

    private PartialSort() {}

    /** Sorts the places from {@code first} to {@code last}, both included. */
    public static <T> void sort(List<T> list, Comparator<? super T> order, int first, int last) {
        List<T> part = list;
        int from = 0;
        while (part.size() > INSERTION_MAX) {
            int size = part.size();
            Collections.swap(part, 0, pivot(part, order));
            // Equals gather at both ends: | pivot, equal | less | ... | greater | equal |
            int equalLow = 1;
            int low = 1;
            int high = size - 1;
            int equalHigh = size - 1;
            T pivot = part.getFirst();
            while (true) {
                for (int sign; low <= high && (sign = order.compare(part.get(low), pivot)) <= 0; low++) {
                    if (sign == 0) {
                        Collections.swap(part, equalLow++, low);
                    }
                }
                for (int sign; low <= high && (sign = order.compare(part.get(high), pivot)) >= 0; high--) {
                    if (sign == 0) {
                        Collections.swap(part, high, equalHigh--);
                    }
                }
                if (low > high) {
                    break;
                }
                Collections.swap(part, low++, high--);
            }
            // They move to the middle.
            exchange(part, 0, low, Math.min(equalLow, low - equalLow));
            exchange(part, low, size, Math.min(equalHigh - high, size - equalHigh - 1));
            int less = low - equalLow;
            int greater = equalHigh - high;
            if (less > 1 && overlaps(from, less, first, last)) {
                sort(part.subList(0, less), order, first - from, last - from);
            }
            if (greater <= 1 || !overlaps(from + size - greater, greater, first, last)) {
                return;
            }
            part = part.subList(size - greater, size);
            from += size - greater;
        }
        insert(part, order);
    }

    private static boolean overlaps(int from, int size, int first, int last) {
        return last >= from && first < from + size;
    }

    /** Exchanges {@code count} elements from {@code start} on with those that end before {@code end}. */
    private static void exchange(List<?> part, int start, int end, int count) {
        for (int i = 0; i < count; i++) {
            Collections.swap(part, start + i, end - count + i);
        }
    }

    private static <T> int pivot(List<T> part, Comparator<? super T> order) {
        int size = part.size();
        int middle = size / 2;
        if (size <= INSERTION_MAX + 1) {
            return middle;
        }
        int low = 0;
        int high = size - 1;
        if (size > MANY) {
            int step = size / 8;
            low = median(part, order, low, low + step, low + 2 * step);
            middle = median(part, order, middle - step, middle, middle + step);
            high = median(part, order, high - 2 * step, high - step, high);
        }
        return median(part, order, low, middle, high);
    }

    private static <T> int median(List<T> part, Comparator<? super T> order, int a, int b, int c) {
        T one = part.get(a);
        T two = part.get(b);
        T three = part.get(c);
        if (order.compare(one, two) < 0) {
            return order.compare(two, three) < 0 ? b : order.compare(one, three) < 0 ? c : a;
        }
        return order.compare(two, three) > 0 ? b : order.compare(one, three) < 0 ? a : c;
    }

    private static <T> void insert(List<T> part, Comparator<? super T> order) {
        for (int i = 1; i < part.size(); i++) {
            for (int j = i; j > 0 && order.compare(part.get(j - 1), part.get(j)) > 0; j--) {
                Collections.swap(part, j, j - 1);
            }
        }
    }
}
