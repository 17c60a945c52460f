package dev.holdfast.toolkit.cpe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Finds the products that a name may mean. */
final class Guesser {
    /** How many products are scored at most. */
    private static final int MAX_CANDIDATES = 1_000;

    private static final Comparator<Scored> BEST_FIRST =
            Comparator.comparingDouble(Scored::score).reversed().thenComparing(scored -> scored.product.cpe);

    private final Index index;

    Guesser(Index index) {
        this.index = index;
    }

    /** A product and its score. */
    private record Scored(Index.Product product, double score, Scorer scorer) {}

    /** The products that a name may mean, best first. */
    List<Guess> guess(String name, int limit) {
        return best(name, limit).stream()
                .map(scored -> new Guess(scored.score, scored.product.cpe))
                .toList();
    }

    /** The same, with what was found of each. */
    List<Explanation> explain(String name, int limit) {
        return best(name, limit).stream()
                .map(scored -> scored.scorer.explain(scored.product, scored.score))
                .toList();
    }

    private List<Scored> best(String name, int limit) {
        Query query = Query.of(name);
        List<Scored> best = best(query, limit, false);
        Query narrower = query.narrower();
        if (best.isEmpty() && narrower != null) {
            best = best(narrower, limit, false);
        }
        return best.isEmpty() && query.isPackage() ? best(query, limit, true) : best;
    }

    private List<Scored> best(Query query, int limit, boolean lenient) {
        Hits hits = new Hits(index, query);
        Scorer scorer = new Scorer(index, query, hits, lenient);
        List<Scored> scored = new ArrayList<>();
        for (int product : candidates(query, hits)) {
            double score = scorer.score(index.products[product]);
            if (score > 0) {
                scored.add(new Scored(index.products[product], Math.round(score * 100) / 100.0, scorer));
            }
        }
        scored.sort(BEST_FIRST);
        return scored.subList(0, Math.min(limit, scored.size()));
    }

    /** The products that have one of the words, those with the rarest first. */
    private int[] candidates(Query query, Hits hits) {
        Hits.Hit[] words = hits.all();
        Arrays.sort(words, Comparator.comparingInt(hit -> index.byProduct[hit.word()].length));
        Candidates found = new Candidates();
        for (Query.Atom atom : query.atoms()) {
            if (atom.role() == Query.Role.PLAIN && atom.text().length() >= 3) {
                found.addAll(index.acronyms.getOrDefault(atom.text(), Index.NONE));
            }
        }
        for (Hits.Hit hit : words) {
            int[] products = index.byProduct[hit.word()];
            if (found.size + products.length > MAX_CANDIDATES && found.size > 0) {
                break;
            }
            found.addAll(products);
        }
        return found.toArray();
    }

    /** A set of products, in the order in which they came. */
    private static final class Candidates {
        private int[] values = new int[128];
        private int[] slots = new int[256];
        private int size;

        void addAll(int[] products) {
            for (int product : products) {
                add(product);
            }
        }

        private void add(int product) {
            int i = slot(product);
            if (slots[i] != 0) {
                return;
            }
            if (size == values.length) {
                values = Arrays.copyOf(values, size * 2);
                slots = new int[slots.length * 2];
                for (int j = 0; j < size; j++) {
                    slots[slot(values[j])] = j + 1;
                }
                i = slot(product);
            }
            values[size++] = product;
            slots[i] = size;
        }

        private int slot(int product) {
            int i = product * 0x9E3779B9 >>> 8 & slots.length - 1;
            while (slots[i] != 0 && values[slots[i] - 1] != product) {
                i = i + 1 & slots.length - 1;
            }
            return i;
        }

        int[] toArray() {
            return Arrays.copyOf(values, size);
        }
    }
}
